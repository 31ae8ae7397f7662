// What is written down of upgrades under way, so that whoever comes after a dead orchestrator can finish them.
import type { RecordedJob, Store } from "../engines/store.ts";
import type { Rebuild } from "../rebuild/staged.ts";

export interface Upgrade {
  job: string;
  /**
   * stopping: the old version ends; gating: the new one was asked for; rolling back: it gives way. Of a rebuild, too:
   * filling: the old version goes on beside it; swapping: both have ended, and the tables are made equal.
   */
  phase: "filling" | "stopping" | "swapping" | "gating" | "rolling back";
  /** As it was, and from "gating" on as it stopped. */
  old: RecordedJob;
  next: RecordedJob;
  /** Flink's ids of all runs of the new version that were asked for. */
  runs: string[];
  /** Sum of the offsets that the old version had read. */
  readBefore: number;
  reason: string | null;
  /** What becomes of each step's state. */
  state: string[];
  /** Where the new version begins with tables that were filled beside the live ones. */
  rebuild?: Rebuild | undefined;
}

/** An upgrade as it was found; `ageMs`: since its phase began. */
export type OpenUpgrade = Upgrade & { ageMs: number };

/** All that are under way, or the one of a job. */
export async function openUpgrades(store: Store, job?: string): Promise<OpenUpgrade[]> {
  const { rows } = await store.transaction((client) =>
    client.query(
      `SELECT *, extract(epoch FROM now() - since) * 1000 AS age_ms FROM upgrades
       WHERE $1::text IS NULL OR job = $1 ORDER BY job`,
      [job ?? null],
    ),
  );
  return rows.map((row) => ({
    job: row.job,
    phase: row.phase,
    old: row.old,
    next: row.new,
    runs: row.runs,
    readBefore: Number(row.read_before),
    reason: row.reason,
    state: row.state,
    rebuild: row.rebuild ?? undefined,
    ageMs: Number(row.age_ms),
  }));
}

/** Writes an upgrade down; done before what it says is begun. */
export async function saveUpgrade(store: Store, upgrade: Upgrade): Promise<void> {
  const { job, phase, old, next, runs, readBefore, reason, state, rebuild } = upgrade;
  await store.transaction((client) =>
    client.query(
      `INSERT INTO upgrades (job, phase, old, new, runs, read_before, reason, state, rebuild)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       ON CONFLICT (job) DO UPDATE SET phase = $2, old = $3, new = $4, runs = $5, read_before = $6, reason = $7,
         state = $8, rebuild = $9,
         since = CASE WHEN upgrades.phase = $2 THEN upgrades.since ELSE now() END`,
      [job, phase, old, next, runs, readBefore, reason, state, rebuild ?? null],
    ),
  );
}

/** One version is whole: the history says which, and the upgrade is over. */
export async function endUpgrade(
  store: Store,
  { job }: Pick<Upgrade, "job">,
  action: string,
  detail: object,
): Promise<void> {
  await store.transaction(async (client) => {
    await client.query("DELETE FROM upgrades WHERE job = $1", [job]);
    await client.addHistory(action, job, detail);
  });
}
