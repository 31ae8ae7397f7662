// The exchange of a rebuild: each live table is made equal to the one filled anew, in one commit, while nobody writes to
// it; and taken back where the new version doesn't get going. Safe to repeat from wherever it was broken off.
import { filteredName } from "../../flink-sql/filters.ts";
import { reading } from "../deploy/gate.ts";
import type { Outcome } from "../deploy/settle.ts";
import { type OpenUpgrade, saveUpgrade, type Upgrade } from "../deploy/upgrades.ts";
import type { Engines } from "../engines/engines.ts";
import { TrinoError } from "../engines/trino.ts";
import { allowConcurrentDeletes } from "../forget/files.ts";
import { keptSince } from "../ledger/ledger.ts";
import { commit, maintenanceLease } from "../maintain/tables.ts";
import { goTo } from "../rewind/snapshots.ts";
import { compilePlan } from "../state/compile.ts";
import { whileHeld, writerLeases } from "./leases.ts";
import { comparison, exchange, filledRows, rowsBefore } from "./sql.ts";
import { type Exchanged, moveBack, type Rebuild, type RebuiltTable, stuckOf } from "./staged.ts";

/** What the history says of a rebuild: why, how long it took, what each table's commit did. */
export const toldOf = ({ why, begunAt, tables }: Rebuild) => ({
  why,
  seconds: Math.round((Date.now() - begunAt) / 1000),
  tables: Object.fromEntries(tables.map(({ name, exchanged }) => [name, exchanged])),
});

/** Makes a table hold exactly the rows that a query gives. Throws where it doesn't afterwards. */
async function makeEqual(
  { lake }: Engines,
  pipeline: string,
  table: RebuiltTable,
  rows: string,
): Promise<Exchanged> {
  const look = async () => {
    const [wanted = 0, , inserted = 0, deleted = 0] = (
      await lake.query(comparison(pipeline, table, rows))
    ).rows[0]!.map(Number);
    return { rows: wanted, inserted, deleted };
  };
  const before = await look();
  if (before.inserted + before.deleted === 0) return before;
  await commit(lake, exchange(pipeline, table, rows));
  const left = await look();
  if (left.inserted + left.deleted > 0)
    throw new Error(
      `lake.${pipeline}.${table.name} still differs in ${left.inserted + left.deleted} rows from the one filled anew: ` +
        "something else writes to it. What is left is made equal by the orchestrator, or by the next 'npx swordlake apply'.",
    );
  return before;
}

/** Runs the comparisons before anything is stopped: what Trino can't do shows while the old version goes on. */
export async function rehearse({ lake }: Engines, { staged, tables }: Rebuild): Promise<void> {
  const { pipeline } = staged;
  for (const table of tables) await lake.query(comparison(pipeline, table, filledRows(pipeline, table)));
}

/** The old version is to come back, with the tables as they were. */
const giveWay = (engines: Engines, upgrade: Upgrade, reason: string) =>
  saveUpgrade(engines.store, { ...upgrade, phase: "rolling back", reason });

/** Makes all tables equal that aren't yet, each written down when it is. Returns the upgrade as it then is. */
async function makeAllEqual(engines: Engines, upgrade: Upgrade): Promise<Upgrade> {
  const { pipeline } = upgrade.next;
  const since = await keptSince(engines, { name: pipeline });
  await allowConcurrentDeletes(engines, { name: pipeline }, [filteredName]);
  let now = upgrade;
  for (const table of upgrade.rebuild!.tables) {
    if (table.exchanged) continue;
    const rows = filledRows(pipeline, table, since[table.name]);
    const exchanged = await makeEqual(engines, pipeline, table, rows);
    const tables = now.rebuild!.tables.map((one) => (one.name === table.name ? { ...one, exchanged } : one));
    now = { ...now, rebuild: { ...now.rebuild!, tables } };
    await saveUpgrade(engines.store, now);
  }
  return now;
}

/**
 * All tables, then the new version's plan with the state of the job that filled them. The caller keeps others away.
 * Where Trino refuses, the old version is to come back; where an engine is away, it throws and is to be done again.
 */
export async function exchangeTables(engines: Engines, upgrade: Upgrade): Promise<void> {
  const { next, rebuild } = upgrade;
  const { staged } = rebuild!;
  const { pipeline, name, definition } = next;
  const plan = await compilePlan(engines.connection, { name, pipeline, ...definition });
  const verdict = moveBack(staged.plan!, staged.definition, plan, definition);
  const stuck = stuckOf(verdict);
  if (stuck.length > 0)
    return giveWay(engines, upgrade, `state of ${stuck.join(", ")} can't go on in the live tables`);
  let now: Upgrade;
  try {
    now = await makeAllEqual(engines, upgrade);
  } catch (error) {
    if (error instanceof TrinoError) return giveWay(engines, upgrade, error.message);
    throw error;
  }
  await saveUpgrade(engines.store, {
    ...now,
    phase: "gating",
    next: { ...next, plan: verdict.plan, leavesState: verdict.leavesState, restorePath: staged.restorePath },
    readBefore: (await reading(engines, next)).read,
  });
}

/** The same for whoever comes after a dead owner; nothing yet where something else writes to the tables. */
export async function exchangeAlone(engines: Engines, upgrade: OpenUpgrade): Promise<Outcome | undefined> {
  const { pipeline } = upgrade.next;
  const leases = [...writerLeases(pipeline), maintenanceLease({ name: pipeline })];
  await whileHeld(engines.store, leases, () => exchangeTables(engines, upgrade));
  return undefined;
}

/** Takes the tables back to what they were; nothing where the upgrade is no rebuild. No version may be writing. */
export async function undoExchange(engines: Engines, { next, rebuild }: Upgrade): Promise<void> {
  const { pipeline } = next;
  for (const table of rebuild?.tables ?? []) {
    if (table.snapshot === undefined) continue;
    // Others write to it beside the job: only the job's own rows go back.
    if (table.own) await makeEqual(engines, pipeline, table, rowsBefore(pipeline, table, table.snapshot));
    else await goTo(engines.lake, { name: pipeline }, table.name, table.snapshot);
  }
}
