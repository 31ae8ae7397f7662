// What the overview asks the engines: ends of topics, what jobs have committed, newest snapshots. Never acts.
import { kafkaTopic, type PipelineFolder } from "../../flink-sql/folders.ts";
import { quarantineTopic } from "../../flink-sql/log.ts";
import { declaredTables, keepsLatest } from "../../flink-sql/tables.ts";
import { declaredJobs, tablesOf } from "../deploy/reconcile.ts";
import type { Engines } from "../engines/engines.ts";
import type { TableState } from "./api.ts";

/** Ends of each topic's partitions, by topic; of those that are made. */
export type Ends = Map<string, { partition: number; low: number; high: number }[]>;

/** Offset up to which a job has committed, by `committedKey`. */
export type Committed = Map<string, number>;

export const committedKey = (job: string, topic: string, partition: number) => `${job} ${topic} ${partition}`;

export async function endsOf({ kafka }: Engines, pipelines: PipelineFolder[]): Promise<Ends> {
  const there = await kafka.topics();
  const wanted = pipelines.flatMap(({ name, topics }) =>
    [...Object.keys(topics), quarantineTopic].map((topic) => kafkaTopic(name, topic)),
  );
  const found = wanted.filter((topic) => there.includes(topic));
  return new Map(await Promise.all(found.map(async (topic) => [topic, await kafka.offsets(topic)] as const)));
}

/** Of a job with several groups on a topic the least: below it all of them have done their part. */
export async function committedOf(
  { kafka }: Engines,
  pipelines: PipelineFolder[],
  ends: Ends,
): Promise<Committed> {
  const asked = pipelines.flatMap((pipeline) =>
    declaredJobs(pipeline).flatMap((job) =>
      Object.entries(job.groups).flatMap(([topic, groups]) =>
        groups.map((group) => ({ job: job.name, group, topic: kafkaTopic(pipeline.name, topic) })),
      ),
    ),
  );
  const least: Committed = new Map();
  await Promise.all(
    asked.map(async ({ job, group, topic }) => {
      const places = ends.get(topic) ?? [];
      if (places.length === 0) return;
      const partitions = places.map(({ partition }) => partition);
      const committed = await kafka.committed(group, topic, partitions);
      for (const { partition, low } of places) {
        const key = committedKey(job, topic, partition);
        const reached = committed.get(partition) ?? low;
        least.set(key, Math.min(least.get(key) ?? Number.POSITIVE_INFINITY, reached));
      }
    }),
  );
  return least;
}

/** Newest snapshot of every table there is, by `<pipeline>.<table>`; one query for all. */
export async function snapshotsOf(
  { lake }: Engines,
  pipelines: PipelineFolder[],
): Promise<Map<string, TableState>> {
  const there = await lake.query(
    "SELECT table_schema || '.' || table_name FROM lake.information_schema.tables",
  );
  const known = new Set(there.rows.map(([name]) => String(name)));
  const tables = pipelines.flatMap((pipeline) =>
    tablesOf(pipeline)
      .filter((table) => known.has(`${pipeline.name}.${table}`))
      .map((table) => ({ schema: pipeline.name, table })),
  );
  if (tables.length === 0) return new Map();
  const keyed = new Set(
    pipelines.flatMap((pipeline) =>
      declaredTables(pipeline)
        .filter(keepsLatest)
        .map(({ name }) => `${pipeline.name}.${name}`),
    ),
  );
  const queries = tables.map(
    ({ schema, table }) =>
      `SELECT '${schema}.${table}', max_by(snapshot_id, committed_at), ` +
      "to_iso8601(max(committed_at) AT TIME ZONE 'UTC'), " +
      "max_by(element_at(summary, 'total-records'), committed_at) " +
      `FROM lake."${schema}"."${table}$snapshots"`,
  );
  const { rows } = await lake.query(queries.join("\nUNION ALL "));
  const text = (value: unknown) => (value === null ? null : String(value));
  return new Map(
    rows.map(([name, snapshot, committedAt, records]) => [
      String(name),
      {
        name: String(name).split(".")[1]!,
        // Files of such a table hold rows that later ones replace.
        rows: keyed.has(String(name)) ? null : String(records ?? 0),
        snapshot: text(snapshot),
        committedAt: text(committedAt),
      },
    ]),
  );
}
