// What everything that rewrites tables beside committing jobs needs of Trino and Flink: what jobs have committed,
// statements that are tried again where a commit came between, and what forbids it.
import pRetry from "p-retry";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { catalogStatements } from "../../flink-sql/script.ts";
import { insertsOf } from "../../flink-sql/statements.ts";
import { waitFor } from "../../stack/wait.ts";
import type { Engines } from "../engines/engines.ts";
import type { RecordedJob } from "../engines/store.ts";
import { type Lake, TrinoError } from "../engines/trino.ts";
import { fullName } from "../lake-tables.ts";
import { runStatements } from "../state/compile.ts";

/** One runner per pipeline, and so per table: two would take each other's new files for old ones. */
export const maintenanceLease = ({ name }: Pick<PipelineFolder, "name">) => `maintain ${name}`;

/**
 * Trino takes an age, not a time: what passes between our reckoning and its own makes the cut later. All that
 * must stay is younger than the cut by this much at least.
 */
export const slackMs = 15_000;

export const unlimited = {
  "lake.expire_snapshots_min_retention": "0s",
  "lake.remove_orphan_files_min_retention": "0s",
};

export const nowOf = async (lake: Lake): Promise<number> =>
  Number((await lake.query("SELECT CAST(to_unixtime(current_timestamp) * 1000 AS BIGINT)")).rows[0]![0]);

/** Runs a statement that commits, again where Flink's commits came between. */
export const commit = (lake: Lake, sql: string) => retried(() => lake.query(sql));

/** Makes and runs a statement that commits, again, and anew, where Flink's commits came between. */
export const retried = <T>(work: () => Promise<T>): Promise<T> =>
  pRetry(work, {
    retries: 20,
    minTimeout: 100,
    factor: 1.3,
    shouldRetry: ({ error }) =>
      error instanceof TrinoError && ["ICEBERG_COMMIT_ERROR", "TRANSACTION_CONFLICT"].includes(error.code),
  });

export const metadata = (pipeline: Pick<PipelineFolder, "name">, table: string, part: string) =>
  fullName(pipeline, `${table}$${part}`);

export async function countRows(lake: Lake, sql: string): Promise<number> {
  return Number((await lake.query(`SELECT count(*) FROM ${sql}`)).rows[0]![0]);
}

/** Whether anything was ever committed to a table; Trino can't read the metadata of one without a snapshot. */
export const hasSnapshots = async (lake: Lake, pipeline: PipelineFolder, table: string): Promise<boolean> =>
  (await countRows(lake, metadata(pipeline, table, "snapshots"))) > 0;

/** Sets properties of tables where they aren't set yet. Only Flink's side can; none of it touches data. */
export async function setProperties(
  { connection, lake }: Engines,
  pipeline: Pick<PipelineFolder, "name">,
  tables: string[],
  wanted: Record<string, string>,
): Promise<void> {
  const options = Object.entries(wanted).map(([key, value]) => `'${key}' = '${value}'`);
  const due = await Promise.all(
    tables.map(async (table) => {
      const { rows } = await lake.query(`SELECT key, value FROM ${metadata(pipeline, table, "properties")}`);
      const known = new Map(rows.map(([key, value]) => [String(key), value]));
      return Object.entries(wanted).every(([key, value]) => known.get(key) === value) ? [] : [table];
    }),
  );
  if (due.flat().length === 0) return;
  const alters = due.flat().map((table) => ({
    text: `ALTER TABLE \`${table}\` SET (${options.join(", ")})`,
    source: `properties of ${table}`,
  }));
  await runStatements(connection, {}, [...catalogStatements(pipeline.name, connection.store), ...alters]);
}

/** Why the jobs of a pipeline forbid it now, as sentences with the cure; `declared` leaves out jobs that are gone for good. */
export async function jobProblems(
  { flink, store }: Engines,
  pipeline: PipelineFolder,
  declared?: string[],
): Promise<string[]> {
  const [recorded, live] = await Promise.all([store.jobs(), flink.liveJobs()]);
  const own = recorded.filter((job) => job.pipeline === pipeline.name);
  const running = (name: string) => live.find((job) => job.name === name)?.state === "RUNNING";
  return [
    ...own
      .filter((job) => !running(job.name) && (declared === undefined || declared.includes(job.name)))
      .map(
        (job) =>
          `Job ${job.name} doesn't run: it would go on from snapshots that must go. ` +
          `Start it with 'npx swordlake apply ${pipeline.name}' and wait until it is RUNNING.`,
      ),
    ...live
      .filter(
        (job) =>
          new RegExp(`(^| )${pipeline.name}/`).test(job.name) &&
          !own.some((known) => known.name === job.name),
      )
      .map((job) => `Job ${job.name} is under way and writes files of its own: wait until it has ended.`),
  ];
}

/** The newest commit of one of Flink's writers to a table. */
export interface Written {
  job: string;
  operator: string;
  checkpoint: number;
  /** When the snapshot was made, in ms; a restart of the job must find it. */
  at: number;
}

/** What each of Flink's writers has committed last to a table. */
export async function writtenBy(
  lake: Lake,
  pipeline: Pick<PipelineFolder, "name">,
  table: string,
): Promise<Written[]> {
  const field = (name: string) => `element_at(summary, 'flink.${name}')`;
  const { rows } = await lake.query(
    `SELECT ${field("job-id")}, coalesce(${field("operator-id")}, ''), ` +
      `max(CAST(${field("max-committed-checkpoint-id")} AS BIGINT)), ` +
      "max(CAST(to_unixtime(committed_at) * 1000 AS BIGINT))\n" +
      `FROM ${metadata(pipeline, table, "snapshots")} WHERE ${field("job-id")} IS NOT NULL GROUP BY 1, 2`,
  );
  return rows.map(([job, operator, checkpoint, at]) => ({
    job: String(job),
    operator: String(operator),
    checkpoint: Number(checkpoint),
    at: Number(at),
  }));
}

/** Whether a job's SQL writes to a table. */
export const writes = ({ statements }: RecordedJob["definition"], table: string): boolean =>
  statements.some(({ text }) => insertsOf(text).some((insert) => insert.table === table));

/**
 * Waits until each job has committed to each of its tables a checkpoint that began after this call: a restart
 * finds that snapshot, or a newer one, and every file closed before now is named by the metadata, or by nobody.
 */
export async function waitForCommits(
  { flink, lake, store }: Engines,
  pipeline: PipelineFolder,
  tables: string[],
  tell: (line: string) => void,
): Promise<void> {
  const begun = new Map<string, number>();
  const lacking = async (): Promise<string[]> => {
    const jobs = (await store.jobs()).filter((job) => job.pipeline === pipeline.name);
    const missing: string[] = [];
    // A job that was submitted again begins anew: what it goes back to is its predecessor's until it commits.
    for (const { flinkJobId: id } of jobs)
      if (id && !begun.has(id)) begun.set(id, await flink.newestCheckpointId(id));
    for (const table of tables) {
      const writers = await writtenBy(lake, pipeline, table);
      for (const { name, flinkJobId, definition } of jobs) {
        const own = writers.filter(({ job }) => job === flinkJobId);
        const isDue = own.length > 0 || writes(definition, table);
        const isBehind = ({ checkpoint }: Written) => checkpoint <= (begun.get(`${flinkJobId}`) ?? Infinity);
        if (isDue && (own.length === 0 || own.some(isBehind))) missing.push(`${name} to ${table}`);
      }
    }
    return missing;
  };
  let missing: string[] = [];
  await waitFor(
    "every job has committed after the rewrite",
    async () => {
      missing = await lacking();
      if (missing.length > 0) tell(`waiting for a commit of ${missing.join(", ")}`);
      return missing.length === 0;
    },
    { intervalMs: 1000, timeoutMs: 600_000 },
  ).catch((cause) => {
    throw new Error(
      `No commit of ${missing.join(", ")} for 10 minutes: older snapshots are kept, since the job would go back to ` +
        "them. 'npx swordlake status' shows the jobs; run this again when they commit.",
      { cause },
    );
  });
}

/** Other statements on Trino that may have files which no metadata names yet. */
export async function waitForWriters(lake: Lake, tell: (line: string) => void): Promise<void> {
  await waitFor(
    "no other statement writes to the lake",
    async () => {
      const { rows } = await lake.query(
        `SELECT query_id FROM system.runtime.queries WHERE state NOT IN ('FINISHED', 'FAILED')
AND NOT regexp_like(query, '(?i)^\\s*(SELECT|WITH|EXPLAIN|SHOW|DESCRIBE|VALUES|\\()')`,
      );
      if (rows.length > 0) tell(`waiting for Trino's ${rows.flat().join(", ")} to end`);
      return rows.length === 0;
    },
    { intervalMs: 1000, timeoutMs: 600_000 },
  );
}
