// Looks at what a rebuild depends on: Kafka, jobs, slots, rows that only batches brought, history. Never acts.
import { kafkaTopic, type PipelineFolder } from "../../flink-sql/folders.ts";
import { writtenTables } from "../../flink-sql/statements.ts";
import { declaredTables, holdsEvents } from "../../flink-sql/tables.ts";
import type { DeclaredJob } from "../deploy/reconcile.ts";
import type { Engines } from "../engines/engines.ts";
import { fullName, tableNames } from "../lake-tables.ts";
import { countRows } from "../maintain/tables.ts";
import type { Present } from "./checks.ts";

/** Rows without a place, by table of events that the job writes. */
async function batchRows(
  { lake }: Engines,
  folder: PipelineFolder,
  job: DeclaredJob,
): Promise<Map<string, number>> {
  const known = await tableNames({ lake });
  const written = writtenTables(job.statements);
  const tables = declaredTables(folder).filter(
    (table) =>
      holdsEvents(table) && written.includes(table.name) && known.includes(`${folder.name}.${table.name}`),
  );
  const counts = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await countRows(lake, `${fullName(folder, name)} WHERE kafka_offset IS NULL`);
      return [name, rows] as const;
    }),
  );
  return new Map(counts);
}

async function firstForgotten({ store }: Engines, pipeline: string): Promise<Date | undefined> {
  const { rows } = await store.transaction((client) =>
    client.query("SELECT min(at) AS at FROM history WHERE subject = $1 AND action = 'forget-begun'", [
      pipeline,
    ]),
  );
  return rows[0]?.at ?? undefined;
}

/** What there is now of a job that is to be rebuilt. */
export async function present(engines: Engines, folder: PipelineFolder, job: DeclaredJob): Promise<Present> {
  const { flink, kafka, store } = engines;
  const known = await kafka.topics();
  const topics = Object.keys(job.groups)
    .map((topic) => kafkaTopic(job.pipeline, topic))
    .filter((topic) => known.includes(topic));
  const [places, recorded, live, slots, batches, forgottenAt] = await Promise.all([
    Promise.all(
      topics.map(async (topic) =>
        (await kafka.offsets(topic)).map(({ partition, low }) => ({ topic, partition, low })),
      ),
    ),
    store.jobs(),
    flink.liveJobs(),
    flink.slots(),
    batchRows(engines, folder, job),
    firstForgotten(engines, job.pipeline),
  ]);
  return {
    places: places.flat(),
    recorded,
    isRunning: live.some(({ name, state }) => name === job.name && state === "RUNNING"),
    freeSlots: slots.free,
    batches,
    forgottenAt,
  };
}
