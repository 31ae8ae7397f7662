// Rewrites tables after rows were taken out, and removes every older snapshot and file, while jobs commit.
// The order is what keeps it safe: Flink's committer finds in the snapshots what it has committed last.
import { setTimeout as delay } from "node:timers/promises";
import pRetry from "p-retry";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { render } from "../../flink-sql/render.ts";
import { catalogStatements } from "../../flink-sql/script.ts";
import { insertsOf } from "../../flink-sql/statements.ts";
import { waitFor } from "../../stack/wait.ts";
import type { Engines } from "../engines/engines.ts";
import { openSession } from "../engines/gateway.ts";
import { type Lake, TrinoError } from "../engines/trino.ts";
import { fullName } from "./sql.ts";

/** What is left of a table's history, counted after all was removed. */
export interface HistoryProof {
  table: string;
  snapshotsRemoved: number;
  /** Other than the current one, from before the rewrite: 0, or the proof fails. */
  olderSnapshots: number;
  filesRemoved: number;
  /** Files under the table's folder, and those of them that its metadata doesn't name: 0, or it fails. */
  files: number;
  strayFiles: number;
}

/**
 * Trino takes an age, not a time: what passes between our reckoning and its own makes the cut later. All that
 * must stay is younger than the cut by this much at least.
 */
const slackMs = 15_000;

const unlimited = {
  "lake.expire_snapshots_min_retention": "0s",
  "lake.remove_orphan_files_min_retention": "0s",
};

const nowOf = async (lake: Lake): Promise<number> =>
  Number((await lake.query("SELECT CAST(to_unixtime(current_timestamp) * 1000 AS BIGINT)")).rows[0]![0]);

/** Runs a statement that commits, again where Flink's commits came between. */
export const commit = (lake: Lake, sql: string) =>
  pRetry(() => lake.query(sql), {
    retries: 20,
    minTimeout: 100,
    factor: 1.3,
    shouldRetry: ({ error }) =>
      error instanceof TrinoError && ["ICEBERG_COMMIT_ERROR", "TRANSACTION_CONFLICT"].includes(error.code),
  });

const metadata = (pipeline: PipelineFolder, table: string, part: string) =>
  fullName(pipeline, `${table}$${part}`);

/**
 * Lets Trino delete while Flink appends: the rows that come in between are no conflict, they are looked for
 * again. Only Flink's side can set this property; none of it touches data.
 */
export async function allowConcurrentDeletes(
  { connection, lake }: Engines,
  pipeline: PipelineFolder,
  tables: string[],
): Promise<void> {
  const name = "write.delete.isolation-level";
  const set = await Promise.all(
    tables.map(async (table) => {
      const { rows } = await lake.query(
        `SELECT value FROM ${metadata(pipeline, table, "properties")} WHERE key = '${name}'`,
      );
      return rows[0]?.[0] === "snapshot" ? [] : [table];
    }),
  );
  if (set.flat().length === 0) return;
  const session = await openSession(connection.addresses.gateway, {});
  try {
    for (const { text } of catalogStatements(pipeline.name, connection.store))
      await session.execute(render(text, connection.sqlValues));
    for (const table of set.flat())
      await session.execute(`ALTER TABLE \`${table}\` SET ('${name}' = 'snapshot')`);
  } finally {
    await session.close();
  }
}

/** Why history can't be removed now, as sentences with the cure; empty where it can. */
export async function historyProblems(
  { flink, lake, store }: Engines,
  pipeline: PipelineFolder,
  tables: string[],
): Promise<string[]> {
  const [recorded, live] = await Promise.all([store.jobs(), flink.liveJobs()]);
  const own = recorded.filter((job) => job.pipeline === pipeline.name);
  const running = (name: string) => live.find((job) => job.name === name)?.state === "RUNNING";
  const refs = await Promise.all(
    tables.map(async (table) => {
      const { rows } = await lake.query(
        `SELECT name, type FROM ${metadata(pipeline, table, "refs")} WHERE name <> 'main'`,
      );
      return rows.map(
        ([name, type]) =>
          `Table ${table}: ${String(type).toLowerCase()} '${name}' keeps an old snapshot. Drop it first.`,
      );
    }),
  );
  return [
    ...own
      .filter((job) => !running(job.name))
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
    ...refs.flat(),
  ];
}

interface Written {
  job: string;
  operator: string;
  checkpoint: number;
}

/** Newest checkpoint that each of Flink's writers has committed to a table. */
async function writtenBy(lake: Lake, pipeline: PipelineFolder, table: string): Promise<Written[]> {
  const field = (name: string) => `element_at(summary, 'flink.${name}')`;
  const { rows } = await lake.query(
    `SELECT ${field("job-id")}, coalesce(${field("operator-id")}, ''), ` +
      `max(CAST(${field("max-committed-checkpoint-id")} AS BIGINT))\n` +
      `FROM ${metadata(pipeline, table, "snapshots")} WHERE ${field("job-id")} IS NOT NULL GROUP BY 1, 2`,
  );
  return rows.map(([job, operator, checkpoint]) => ({
    job: String(job),
    operator: String(operator),
    checkpoint: Number(checkpoint),
  }));
}

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
        const inserts = definition.statements.flatMap(({ text }) => insertsOf(text));
        const own = writers.filter(({ job }) => job === flinkJobId);
        const isDue = own.length > 0 || inserts.some((insert) => insert.table === table);
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
async function waitForWriters(lake: Lake, tell: (line: string) => void): Promise<void> {
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

async function countRows(lake: Lake, sql: string): Promise<number> {
  return Number((await lake.query(`SELECT count(*) FROM ${sql}`)).rows[0]![0]);
}

/**
 * Makes the current snapshot of each table the oldest one, with no file of its past left in the store:
 * 1. rewrite data files that have deletes, and the manifests, which hold the bounds of files that are gone;
 * 2. wait until every job has committed since, so that a restart never looks for an older snapshot;
 * 3. expire what is older than the rewrite; 4. remove files that no metadata names; 5. count what is left.
 * Stopped anywhere, it may be run again. Throws where jobs don't commit.
 */
export async function removeHistory(
  engines: Engines,
  pipeline: PipelineFolder,
  tables: string[],
  tell: (line: string) => void,
): Promise<HistoryProof[]> {
  const { lake } = engines;
  for (const table of tables) {
    tell(`rewriting ${table}`);
    const alter = `ALTER TABLE ${fullName(pipeline, table)} EXECUTE`;
    // A file of more than a byte is rewritten only where it has deletes.
    await commit(lake, `${alter} optimize(file_size_threshold => '1B')`);
    await commit(lake, `${alter} optimize_manifests`);
  }
  const rewritten = await nowOf(lake);
  tell("waiting for the jobs' next commits");
  await delay(slackMs);
  await waitForCommits(engines, pipeline, tables, tell);
  const proofs: HistoryProof[] = [];
  for (const table of tables) {
    tell(`removing the history of ${table}`);
    const name = fullName(pipeline, table);
    const snapshots = metadata(pipeline, table, "snapshots");
    const older =
      `${snapshots} WHERE committed_at < from_unixtime(${rewritten} / 1e3) AND snapshot_id <> ` +
      `(SELECT max_by(snapshot_id, made_current_at) FROM ${metadata(pipeline, table, "history")})`;
    const before = await countRows(lake, older);
    const age = async () => `retention_threshold => '${(await nowOf(lake)) - rewritten}ms'`;
    await lake.query(`ALTER TABLE ${name} EXECUTE expire_snapshots(${await age()})`, unlimited);
    const removeStray = async () => {
      await waitForWriters(lake, tell);
      const { rows } = await lake.query(
        `ALTER TABLE ${name} EXECUTE remove_orphan_files(${await age()})`,
        unlimited,
      );
      return new Map(rows.map(([metric, value]) => [String(metric), Number(value)]));
    };
    const first = await removeStray();
    const second = await removeStray();
    const after = await countRows(lake, older);
    proofs.push({
      table,
      snapshotsRemoved: before - after,
      olderSnapshots: after,
      filesRemoved: first.get("deleted_files_count") ?? Number.NaN,
      files: second.get("scanned_files_count") ?? Number.NaN,
      strayFiles: second.get("deleted_files_count") ?? Number.NaN,
    });
  }
  return proofs;
}
