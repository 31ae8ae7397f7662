// Looks at what a rewind depends on; never acts.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { declaredJobs } from "../deploy/reconcile.ts";
import type { Engines } from "../engines/engines.ts";
import { lakeTables } from "../lake-tables.ts";
import type { Present, Since } from "./checks.ts";
import type { RestorePoint } from "./points.ts";
import { savepointThere } from "./prune.ts";
import { currentSnapshot, readSnapshots } from "./snapshots.ts";

async function historySince({ store }: Engines, { pipeline, at }: RestorePoint): Promise<Since[]> {
  const { rows } = await store.transaction((client) =>
    client.query(
      "SELECT action, at, detail FROM history WHERE subject = $1 AND at > $2 ORDER BY history.id DESC",
      [pipeline, at],
    ),
  );
  return rows.map(({ action, at, detail }) => ({ action, at, detail }));
}

export async function present(
  engines: Engines,
  pipeline: PipelineFolder,
  point: RestorePoint,
): Promise<Present> {
  const { kafka, lake, store } = engines;
  const wanted = [...new Set(point.jobs.flatMap(({ offsets }) => offsets.map(({ topic }) => topic)))];
  const [recorded, known, topics, since] = await Promise.all([
    store.jobs(),
    lakeTables(engines, pipeline),
    kafka.topics(),
    historySince(engines, point),
  ]);
  const own = known.filter(({ name }) => point.tables.some((table) => table.name === name));
  const tables = await Promise.all(
    own.map(
      async ({ name, columns }) =>
        [
          name,
          {
            columns: columns.map((column) => `${column.name} ${column.type}`),
            current: await currentSnapshot(lake, pipeline, name),
            snapshots: await readSnapshots(lake, pipeline, name),
          },
        ] as const,
    ),
  );
  const ends = await Promise.all(
    wanted
      .filter((topic) => topics.includes(topic))
      .map(async (topic) => [topic, await kafka.offsets(topic)] as const),
  );
  return {
    now: new Date(),
    deduplicationMs: pipeline.deduplicationMs,
    declared: declaredJobs(pipeline).map(({ name }) => name),
    recorded,
    tables: new Map(tables),
    topics: new Map(ends),
    savepointThere,
    since,
  };
}
