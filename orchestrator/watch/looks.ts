// What the watch asks the engines: ends of topics, what jobs have committed, newest snapshots, checkpoints and failures.
// Never acts.
import { kafkaTopic, type PipelineFolder } from "../../flink-sql/folders.ts";
import { quarantineTopic } from "../../flink-sql/log.ts";
import { declaredTables, keepsLatest } from "../../flink-sql/tables.ts";
import type { TableState } from "../console/api.ts";
import { declaredJobs, tablesOf } from "../deploy/reconcile.ts";
import type { Engines } from "../engines/engines.ts";
import type { LiveJob } from "../engines/flink.ts";
import { tableNames } from "../lake-tables.ts";
import { restartWindowMs } from "./health.ts";

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

/** A table's newest snapshot, and when Flink last made one: maintenance makes some too. */
export interface SeenTable extends TableState {
  landedMs: number | undefined;
  /** When this was asked. */
  seenMs: number;
}

/** A running job's checkpoints and failures. */
export interface Vitals {
  /** Of the newest completed checkpoint; the start of the run where there is none. */
  checkpointAt: number;
  hasCheckpoint: boolean;
  /** Failures, and restarts by the orchestrator, within the window. */
  restarts: number;
}

/**
 * Of a job with several groups on a topic the least: below it all of them have done their part. Where a job had
 * reached the end of a topic `before`, and nothing has come since, nobody is asked.
 */
export async function committedOf(
  { kafka }: Engines,
  pipelines: PipelineFolder[],
  ends: Ends,
  before: Committed = new Map(),
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
      const isDone = places.every(
        ({ partition, high }) => before.get(committedKey(job, topic, partition)) === high,
      );
      if (isDone) {
        for (const { partition, high } of places) least.set(committedKey(job, topic, partition), high);
        return;
      }
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
): Promise<Map<string, SeenTable>> {
  if (pipelines.length === 0) return new Map();
  const known = new Set(await tableNames({ lake }));
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
      "max_by(element_at(summary, 'total-records'), committed_at), " +
      "CAST(to_unixtime(max(committed_at) FILTER (WHERE element_at(summary, 'flink.job-id') IS NOT NULL)) * 1000 AS BIGINT) " +
      `FROM lake."${schema}"."${table}$snapshots"`,
  );
  const seenMs = Date.now();
  const { rows } = await lake.query(queries.join("\nUNION ALL "));
  const text = (value: unknown) => (value === null ? null : String(value));
  return new Map(
    rows.map(([name, snapshot, committedAt, records, landedMs]) => [
      String(name),
      {
        name: String(name).split(".")[1]!,
        // Files of such a table hold rows that later ones replace.
        rows: keyed.has(String(name)) ? null : String(records ?? 0),
        snapshot: text(snapshot),
        committedAt: text(committedAt),
        landedMs: landedMs === null ? undefined : Number(landedMs),
        seenMs,
      },
    ]),
  );
}

const restartsQuery = `SELECT subject, count(*) AS restarts FROM history
WHERE action = 'submit' AND detail->>'restoredFrom' LIKE '%/chk-%' AND at > now() - $1 * interval '1 ms'
GROUP BY 1`;

/** Checkpoints and failures of live jobs, by job name. */
export async function vitalsOf({ flink, store }: Engines, live: LiveJob[]): Promise<Map<string, Vitals>> {
  const { rows } = await store.transaction((client) => client.query(restartsQuery, [restartWindowMs]));
  const restarted = new Map(rows.map(({ subject, restarts }) => [subject, Number(restarts)]));
  const since = Date.now() - restartWindowMs;
  const found = await Promise.all(
    live.map(async ({ id, name, startedAt }) => {
      // A job may end between the list and this look.
      const vitals = await flink.vitals(id).catch(() => undefined);
      if (!vitals) return [];
      const { checkpointAt, failedAt } = vitals;
      const failures = failedAt.filter((at) => at > since).length;
      return [
        [
          name,
          {
            checkpointAt: checkpointAt ?? startedAt,
            hasCheckpoint: checkpointAt !== undefined,
            restarts: failures + (restarted.get(name) ?? 0),
          },
        ] as const,
      ];
    }),
  );
  return new Map(found.flat());
}
