// Rewrites tables after rows were taken out, and removes every older snapshot and file, while jobs commit.
// The order is what keeps it safe: Flink's committer finds in the snapshots what it has committed last.
import { setTimeout as delay } from "node:timers/promises";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { Engines } from "../engines/engines.ts";
import { fullName } from "../lake-tables.ts";
import {
  commit,
  countRows,
  hasSnapshots,
  jobProblems,
  maintenanceLease,
  metadata,
  nowOf,
  setProperties,
  slackMs,
  unlimited,
  waitForCommits,
  waitForWriters,
} from "../maintain/tables.ts";
import { dropPointsBefore } from "../rewind/prune.ts";

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
 * Lets Trino delete while Flink appends: the rows that come in between are no conflict, they are looked for
 * again.
 */
export const allowConcurrentDeletes = (
  engines: Engines,
  pipeline: Pick<PipelineFolder, "name">,
  tables: string[],
) => setProperties(engines, pipeline, tables, { "write.delete.isolation-level": "snapshot" });

/** Why history can't be removed now, as sentences with the cure; empty where it can. */
export async function historyProblems(
  engines: Engines,
  pipeline: PipelineFolder,
  tables: string[],
): Promise<string[]> {
  const refs = await Promise.all(
    tables.map(async (table) => {
      const { rows } = await engines.lake.query(
        `SELECT name, type FROM ${metadata(pipeline, table, "refs")} WHERE name <> 'main'`,
      );
      return rows.map(
        ([name, type]) =>
          `Table ${table}: ${String(type).toLowerCase()} '${name}' keeps an old snapshot. Drop it first.`,
      );
    }),
  );
  return [...(await jobProblems(engines, pipeline)), ...refs.flat()];
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
  tell(`waiting for the maintenance of ${pipeline.name}, if any`);
  const work = () => removeOlder(engines, pipeline, tables, tell);
  return (await engines.store.withLease(work, true, maintenanceLease(pipeline)))!;
}

async function removeOlder(
  engines: Engines,
  pipeline: PipelineFolder,
  named: string[],
  tell: (line: string) => void,
): Promise<HistoryProof[]> {
  const { lake } = engines;
  const has = await Promise.all(named.map((table) => hasSnapshots(lake, pipeline, table)));
  const tables = named.filter((_, index) => has[index]);
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
  // Their snapshots and savepoints hold what had to go.
  await dropPointsBefore(engines, pipeline.name, new Date(rewritten), "rows were erased for good");
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
