// A replay: fills tables anew from the lake's log by the SQL as it is now, beside the live ones, compares, and makes
// the live ones equal in one commit each. Events keep coming meanwhile; readers see a table before or after, no half.
import { filteredName } from "../../flink-sql/filters.ts";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { TableFile } from "../../flink-sql/tables.ts";
import { declaredJobs } from "../deploy/reconcile.ts";
import type { Engines } from "../engines/engines.ts";
import { allowConcurrentDeletes } from "../forget/files.ts";
import { keptSince } from "../ledger/ledger.ts";
import { eventSource, placesNow } from "../ledger/places.ts";
import { type TableRule, tableRules } from "../ledger/rules.ts";
import { commit, waitForCommits } from "../maintain/tables.ts";
import { derived, fill, onStaging, type Staging } from "../staging/fill.ts";
import { filledTables } from "../staging/tables.ts";
import { filteredMerge, recordStatements, type Swap, swapOf } from "./sql.ts";

export interface ReplayedTable {
  table: string;
  /** Rows from records below the bounds, in the live table and in the one filled anew. */
  rowsLive: number;
  rowsAnew: number;
  inserted: number;
  updated: number;
  deleted: number;
}

export interface Replayed {
  pipeline: string;
  /** False where the tables were only compared. */
  swapped: boolean;
  tables: ReplayedTable[];
  seconds: number;
}

export interface ReplayOptions {
  /** All tables of events where it is empty. */
  tables: string[];
  isDryRun: boolean;
}

const rulesOf = (pipeline: PipelineFolder, table: string): TableRule[] =>
  tableRules(pipeline).filter((rule) => rule.table === table);

/** The tables to fill. Throws, with the reason of each, where one can't be filled anew. */
function chosenTables(pipeline: PipelineFolder, names: string[]): TableFile[] {
  const able = filledTables(pipeline).filter(({ name }) => rulesOf(pipeline, name).length > 0);
  const problems = names
    .filter((name) => !able.some((table) => table.name === name))
    .map((name) =>
      pipeline.tables.some((table) => table.name === name)
        ? `Table ${name} holds no events: its job makes its rows from what it remembers, and alone can make them again.`
        : `Pipeline '${pipeline.name}' has no table '${name}'. It has ${able.map((t) => t.name).join(", ")}.`,
    );
  const chosen = names.length > 0 ? able.filter(({ name }) => names.includes(name)) : able;
  for (const { name } of chosen)
    for (const { takes } of rulesOf(pipeline, name))
      if (new Set(takes).size < takes.length)
        problems.push(
          `Table ${name} takes an event by more than one INSERT: its rows can't be told apart by event_id.`,
        );
  if (problems.length > 0) throw new Error(problems.join("\n"));
  if (chosen.length === 0) throw new Error(`Pipeline '${pipeline.name}' has no table of events.`);
  return chosen;
}

/** Rows that come in meanwhile must be made by the same SQL. */
async function assertApplied({ store, flink }: Engines, pipeline: PipelineFolder): Promise<void> {
  const [recorded, live] = await Promise.all([store.jobs(), flink.liveJobs()]);
  const problems = declaredJobs(pipeline).flatMap((job) => {
    const known = recorded.find(({ name }) => name === job.name);
    const runs = live.some(({ name, state }) => name === job.name && state === "RUNNING");
    if (known?.sqlHash === job.hash && runs) return [];
    const what = known && known.sqlHash !== job.hash ? "runs other SQL than its file" : "doesn't run";
    return [`Job ${job.name} ${what}: 'npx swordlake apply ${pipeline.name}' first, then replay.`];
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

async function compared({ lake }: Engines, { table, compare }: Swap): Promise<ReplayedTable> {
  const { rows } = await lake.query(compare);
  const sum = (index: number) => rows.reduce((total, row) => total + Number(row[index]), 0);
  const of = (what: string) => Number(rows.find((row) => row[0] === what)?.[1] ?? 0);
  return {
    table,
    rowsLive: sum(3),
    rowsAnew: sum(2),
    inserted: of("insert"),
    updated: of("update"),
    deleted: of("delete"),
  };
}

const differences = ({ inserted, updated, deleted }: ReplayedTable) => inserted + updated + deleted;

async function swap({ lake }: Engines, pipeline: PipelineFolder, each: Swap): Promise<void> {
  await commit(lake, each.merge);
  if (each.clean) await commit(lake, each.clean);
  const left = differences(await compared({ lake } as Engines, each));
  if (left > 0)
    throw new Error(
      `lake.${pipeline.name}.${each.table} still differs in ${left} rows from the one filled anew. ` +
        "Run the replay again: it makes equal what is left.",
    );
}

async function replayAlone(
  staging: Staging,
  chosen: TableFile[],
  isDryRun: boolean,
): Promise<Omit<Replayed, "seconds">> {
  const { engines, pipeline, folder, progress } = staging;
  const names = chosen.map(({ name }) => name);
  const bounds = await placesNow(engines, pipeline, eventSource(pipeline));
  // What Kafka knows as committed may reach the lake a moment later; after this it is there.
  await waitForCommits(engines, pipeline, ["log", ...names], progress);
  await fill(staging, chosen, {
    settings: { "execution.runtime-mode": "batch", "table.local-time-zone": "UTC" },
    statements: recordStatements(pipeline, bounds, folder).map(derived),
  });
  const judged = { ...pipeline, keptSince: await keptSince(engines, pipeline) };
  const swaps = chosen.map((table) => swapOf(judged, table, rulesOf(pipeline, table.name), bounds));
  if (!isDryRun) await allowConcurrentDeletes(engines, pipeline, [...names, filteredName]);
  const tables: ReplayedTable[] = [];
  for (const each of swaps) {
    progress(`comparing ${each.table}`);
    const table = await compared(engines, each);
    tables.push(table);
    if (isDryRun || differences(table) === 0) continue;
    progress(`making ${each.table} equal: ${differences(table).toLocaleString("en")} rows`);
    await swap(engines, pipeline, each);
  }
  if (!isDryRun) await commit(engines.lake, filteredMerge(pipeline, names, bounds));
  const done = { pipeline: pipeline.name, swapped: !isDryRun, tables };
  if (!isDryRun) await engines.store.addHistory("replay-tables", pipeline.name, done);
  return done;
}

/**
 * Runs a replay. Throws where a table can't be filled anew, a job isn't applied, another replay of the pipeline
 * runs, or an engine fails: then each live table is as it was, or equal already, and running it again does the rest.
 */
export async function runReplay(
  engines: Engines,
  pipeline: PipelineFolder,
  { tables, isDryRun }: ReplayOptions,
  progress: (line: string) => void = () => {},
): Promise<Replayed> {
  const startedAt = Date.now();
  const chosen = chosenTables(pipeline, tables);
  await assertApplied(engines, pipeline);
  const done = await engines.store.withLease(
    () =>
      onStaging({ engines, pipeline, purpose: "replay", progress }, (staging) =>
        replayAlone(staging, chosen, isDryRun),
      ),
    false,
    `replay ${pipeline.name}`,
  );
  if (!done) throw new Error(`Another replay of ${pipeline.name} is running: wait for its end.`);
  return { ...done, seconds: Math.round((Date.now() - startedAt) / 1000) };
}
