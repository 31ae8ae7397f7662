// Snapshots of tables: which is current, which a point needs, what a way back would leave behind; and the way back.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { Lake } from "../engines/trino.ts";
import { fullName } from "../lake-tables.ts";
import { commit, metadata } from "../maintain/tables.ts";

export interface Snapshot {
  id: string;
  parent: string | null;
  /** When it was committed, in ms. */
  at: number;
  operation: string;
  /** Run of a Flink job that made it; null for anybody else's. */
  run: string | null;
  checkpoint: number;
  /** Rows of the table with it, as its summary tells. */
  rows: number;
}

type Named = Pick<PipelineFolder, "name">;

/** Every snapshot that a table's metadata has, those that a rewind left behind too. */
export async function readSnapshots(lake: Lake, pipeline: Named, table: string): Promise<Snapshot[]> {
  const of = (key: string) => `element_at(summary, '${key}')`;
  const { rows } = await lake.query(
    "SELECT snapshot_id, parent_id, CAST(to_unixtime(committed_at) * 1000 AS BIGINT), operation, " +
      `${of("flink.job-id")}, ${of("flink.max-committed-checkpoint-id")}, ${of("total-records")} ` +
      `FROM ${metadata(pipeline, table, "snapshots")}`,
  );
  const text = (value: unknown) => (value === null || value === undefined ? null : String(value));
  return rows.map(([id, parent, at, operation, run, checkpoint, total]) => ({
    id: String(id),
    parent: text(parent),
    at: Number(at),
    operation: String(operation),
    run: text(run),
    checkpoint: Number(checkpoint ?? 0),
    rows: Number(total ?? 0),
  }));
}

/** The snapshot that readers of a table get; null where nothing was ever committed. History has no line of a way back. */
export async function currentSnapshot(lake: Lake, pipeline: Named, table: string): Promise<string | null> {
  const { rows } = await lake.query(
    `SELECT snapshot_id FROM ${metadata(pipeline, table, "refs")} WHERE name = 'main'`,
  );
  const id = rows[0]?.[0];
  return id === null || id === undefined ? null : String(id);
}

/** A snapshot and what it was made from, back to the oldest that is left. */
export function lineOf(snapshots: Snapshot[], from: string | null): Snapshot[] {
  const byId = new Map(snapshots.map((one) => [one.id, one]));
  const line: Snapshot[] = [];
  for (
    let next = from ? byId.get(from) : undefined;
    next;
    next = next.parent ? byId.get(next.parent) : undefined
  )
    line.push(next);
  return line;
}

/** Per run of `runs`, the snapshot of its last commit; none for a run that has committed nothing. */
export const lastCommits = (line: Snapshot[], runs: string[]): string[] => [
  ...new Set(runs.flatMap((run) => line.find((one) => one.run === run)?.id ?? [])),
];

/**
 * Commits of others than Flink that a way from one snapshot to another leaves behind, the newest first. Rewrites keep
 * every row, and a table that was emptied holds nothing to lose.
 */
export function leftBehind(snapshots: Snapshot[], from: string | null, to: string | null): Snapshot[] {
  const kept = new Set(lineOf(snapshots, to).map(({ id }) => id));
  return lineOf(snapshots, from).filter(
    ({ id, run, operation, rows }) =>
      !kept.has(id) && run === null && operation !== "replace" && !(operation === "delete" && rows === 0),
  );
}

/**
 * Makes a snapshot current, whether the present one stems from it or not; null empties the table. Nothing is removed:
 * what was current stays until it expires.
 */
export async function goTo(
  lake: Lake,
  pipeline: Named,
  table: string,
  snapshot: string | null,
): Promise<void> {
  const current = await currentSnapshot(lake, pipeline, table);
  if (current === snapshot) return;
  const name = fullName(pipeline, table);
  if (snapshot) await commit(lake, `ALTER TABLE ${name} EXECUTE rollback_to_snapshot(${snapshot})`);
  else await commit(lake, `DELETE FROM ${name}`);
}

/** Tables that are not where they should be, with where they are; empty where all is well. */
export async function misplaced(
  lake: Lake,
  pipeline: Named,
  tables: { name: string; snapshot: string | null }[],
): Promise<string[]> {
  const found = await Promise.all(
    tables.map(async ({ name, snapshot }) => {
      const current = await currentSnapshot(lake, pipeline, name);
      if (current === snapshot) return [];
      const line = snapshot ? [] : await readSnapshots(lake, pipeline, name);
      const isEmpty = line.find(({ id }) => id === current)?.rows === 0;
      return isEmpty ? [] : [`${pipeline.name}.${name} is at snapshot ${current}, not at ${snapshot}`];
    }),
  );
  return found.flat();
}
