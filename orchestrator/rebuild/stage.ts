// The stage of a rebuild: tables beside the live ones and the job that fills them. Made, and cleared away.
import { rmSync } from "node:fs";
import { kafkaTopic } from "../../flink-sql/folders.ts";
import { catalogStatements } from "../../flink-sql/script.ts";
import { runsOf } from "../deploy/runs.ts";
import type { Upgrade } from "../deploy/upgrades.ts";
import type { Engines } from "../engines/engines.ts";
import { savepointsOf } from "../engines/flink.ts";
import { quoted } from "../lake-tables.ts";
import { executePlan, runStatements } from "../state/compile.ts";
import { type Rebuild, rebuildSchema } from "./staged.ts";

/** Clears what an earlier rebuild left, makes the tables, each as the live one is, and starts the job that fills them. */
export async function makeStage(engines: Engines, rebuild: Rebuild): Promise<void> {
  const { connection, kafka } = engines;
  const { staged, tables } = rebuild;
  await dropStage(engines, { rebuild });
  const { pipeline, definition, plan, name, flinkJobId } = staged;
  const schema = rebuildSchema(pipeline);
  await runStatements(connection, {}, [
    ...catalogStatements(schema, connection.store),
    ...tables.map((table) => ({
      text:
        `CREATE TABLE \`${table.name}\` WITH ('format-version' = '2') ` +
        `LIKE \`lake\`.\`${pipeline}\`.\`${table.name}\``,
      source: `table ${table.name} beside the live one`,
    })),
  ]);
  // What an earlier rebuild has told Kafka says nothing of this one.
  for (const [topic, groups] of Object.entries(definition.groups)) {
    const full = kafkaTopic(pipeline, topic);
    const partitions = (await kafka.offsets(full)).map(({ partition }) => partition);
    for (const group of groups)
      await kafka.commit(
        group,
        partitions.map((partition) => ({ topic: full, partition, offset: 0 })),
      );
  }
  const { settings, statements } = definition;
  await executePlan(connection, { name, pipeline: schema, settings, statements }, plan!, {
    "$internal.pipeline.job-id": flinkJobId!,
  });
}

/**
 * Ends the job that fills the tables, and drops them; nothing where the upgrade is no rebuild. `isUsed`: the new version
 * goes on from its savepoint, which stays until nothing needs it any more.
 */
export async function dropStage(
  engines: Engines,
  { rebuild }: Pick<Upgrade, "rebuild">,
  isUsed = false,
): Promise<void> {
  if (!rebuild) return;
  const { flink, lake, store, connection } = engines;
  const { name, pipeline, flinkJobId, restorePath } = rebuild.staged;
  for (const id of await runsOf(engines, name)) await flink.cancel(id);
  await lake.query(`DROP SCHEMA IF EXISTS lake.${quoted(rebuildSchema(pipeline))} CASCADE`);
  if (isUsed) return store.addHistory("stop", name, { flinkJobId, savepoint: restorePath });
  try {
    rmSync(savepointsOf(connection.checkpoints, flinkJobId!), { recursive: true, force: true });
  } catch {
    // In containers Flink is another user: its files stay, and nothing reads them.
  }
}
