// Changes of what is there already: a table's new columns come first, then the jobs, and the API last, so that
// whatever an old or a new client sends has its place when it comes.
import { join } from "node:path";
import { contractFingerprint } from "../../flink-sql/fingerprint.ts";
import { type PipelineFolder, whereIn } from "../../flink-sql/folders.ts";
import { type ContractLock, contractLock, parseLock, readLock } from "../../flink-sql/lock.ts";
import { type ContractChange, contractChanges, refusedChanges } from "../../flink-sql/lock-changes.ts";
import { render } from "../../flink-sql/render.ts";
import { catalogStatements, type SourcedStatement, tableStatements } from "../../flink-sql/script.ts";
import { declaredTable } from "../../flink-sql/tables.ts";
import { rollApi } from "../../stack/engines/roll.ts";
import type { Engines } from "../engines/engines.ts";
import { openSession } from "../engines/gateway.ts";
import type { RecordedJob } from "../engines/store.ts";
import { fullName } from "../lake-tables.ts";
import { commit } from "../maintain/tables.ts";
import { tableColumns } from "../state/plan.ts";
import { type NewColumn, tableChanges, trinoType } from "./evolve-tables.ts";

/** A contract as this stack serves it. */
export interface AppliedContract {
  lock: ContractLock;
  /** Of all that the API takes, defaults included, which the lock leaves out. */
  fingerprint: string;
}

export type Evolution =
  /** `dropped`: those of the columns that a running job writes, so someone took them away. */
  | { kind: "add-columns"; pipeline: PipelineFolder; table: string; columns: NewColumn[]; dropped?: string[] }
  | {
      kind: "change-contract";
      pipeline: PipelineFolder;
      applied: AppliedContract;
      changes: string[];
      /** Whether the running API serves what was before. */
      rolls: boolean;
    };

export interface Evolutions {
  /** Before the jobs: they write to these columns. */
  columns: Evolution[];
  /** After the jobs: they read what the API lets in. */
  contracts: Evolution[];
  problems: string[];
}

/** The contract that was applied last; undefined where none was written down. */
async function appliedContract({ store }: Engines, pipeline: string): Promise<AppliedContract | undefined> {
  const { rows } = await store.transaction((client) =>
    client.query(
      "SELECT detail FROM history WHERE action = 'contract' AND subject = $1 ORDER BY history.id DESC LIMIT 1",
      [pipeline],
    ),
  );
  const detail = rows[0]?.detail;
  return (
    detail && { lock: parseLock(detail.lock, `history of ${pipeline}`), fingerprint: detail.fingerprint }
  );
}

const unique = (changes: ContractChange[]) => [
  ...new Map(changes.map((change) => [change.what, change])).values(),
];

/**
 * What a contract's change asks for. Compared with what is applied here and with the committed lock, which other
 * stacks and clients may have: what breaks either is a problem, unless the lock says that it was agreed to.
 */
export function contractEvolution(
  pipeline: PipelineFolder,
  lock: ContractLock | undefined,
  applied: AppliedContract | undefined,
): { contracts: Evolution[]; problems: string[] } {
  const now: AppliedContract = {
    lock: contractLock(pipeline, lock?.accepted),
    fingerprint: contractFingerprint(pipeline),
  };
  const since = (before: ContractLock | undefined) => (before ? contractChanges(before, now.lock) : []);
  const accepted = lock?.accepted ?? [];
  const file = join(pipeline.path, "pipeline.ts");
  const problems = refusedChanges(unique([...since(applied?.lock), ...since(lock)]), accepted).map(
    ({ what, refused }) => `${whereIn(file, what)}: ${what}: ${refused}.`,
  );
  const changes = since(applied ? applied.lock : lock).map(({ what }) => what);
  const rolls = changes.length > 0 || (applied !== undefined && applied.fingerprint !== now.fingerprint);
  const isDue = rolls || applied === undefined;
  return {
    contracts: isDue ? [{ kind: "change-contract", pipeline, applied: now, changes, rolls }] : [],
    problems,
  };
}

/** The tables of a pipeline that are in the lake, as Flink shows them, with the statements that declare them. */
async function columnEvolutions(
  { connection }: Engines,
  pipeline: PipelineFolder,
  known: string[],
): Promise<{ columns: Evolution[]; problems: string[] }> {
  const statements = tableStatements(pipeline).flatMap((statement): [string, SourcedStatement][] => {
    const name = declaredTable(statement.text)?.name;
    return name && known.includes(`${pipeline.name}.${name}`) ? [[name, statement]] : [];
  });
  if (statements.length === 0) return { columns: [], problems: [] };
  const session = await openSession(connection.addresses.gateway, {});
  const found: { columns: Evolution[]; problems: string[] } = { columns: [], problems: [] };
  try {
    await session.execute(
      render(catalogStatements(pipeline.name, connection.store)[0]!.text, connection.sqlValues),
    );
    for (const [table, statement] of statements) {
      const { rows } = await session.execute(`SHOW CREATE TABLE lake.\`${pipeline.name}\`.\`${table}\``);
      const actual = declaredTable(String(rows[0]?.[0]));
      if (!actual) continue;
      const { columns, problems } = tableChanges(statement, actual);
      found.problems.push(...problems);
      if (columns.length > 0) found.columns.push({ kind: "add-columns", pipeline, table, columns });
    }
  } finally {
    await session.close();
  }
  return found;
}

/** A column that is missing and that a job writes was there when the job was made. */
function withDropped(evolution: Evolution, recorded: RecordedJob[]): Evolution {
  if (evolution.kind !== "add-columns") return evolution;
  const table = `\`lake\`.\`${evolution.pipeline.name}\`.\`${evolution.table}\``;
  const written = recorded.flatMap(({ plan }) =>
    plan ? tableColumns(plan).flatMap((known) => (known.table === table ? known.columns : [])) : [],
  );
  const dropped = evolution.columns.flatMap(({ name }) => (written.includes(name) ? [name] : []));
  return dropped.length > 0 ? { ...evolution, dropped } : evolution;
}

/** What pipelines ask of what is there already; `tables` are those of the lake, as `<pipeline>.<table>`. */
export async function evolutions(
  engines: Engines,
  pipelines: PipelineFolder[],
  tables: string[],
  recorded: RecordedJob[] = [],
): Promise<Evolutions> {
  const all = await Promise.all(
    pipelines.map(async (pipeline): Promise<Evolutions> => {
      const [applied, found] = await Promise.all([
        appliedContract(engines, pipeline.name),
        columnEvolutions(engines, pipeline, tables),
      ]);
      const { contracts, problems } = contractEvolution(pipeline, readLock(pipeline), applied);
      return { columns: found.columns, contracts, problems: [...problems, ...found.problems] };
    }),
  );
  return {
    columns: all.flatMap(({ columns }) => columns.map((column) => withDropped(column, recorded))),
    contracts: all.flatMap(({ contracts }) => contracts),
    problems: all.flatMap(({ problems }) => problems),
  };
}

/** One line a person can read, and one more for each change. */
export function describeEvolution(action: Evolution): string {
  const { name } = action.pipeline;
  if (action.kind === "add-columns")
    return (
      `~ table lake.${name}.${action.table}: + ${action.columns.map(({ name, type }) => `${name} ${type}`).join(", ")}` +
      (action.dropped
        ? `; dropped by hand: ${action.dropped.join(", ")}. It comes back empty: 'npx swordlake replay ${name}' fills it`
        : "")
    );
  const lines = action.changes.map((what) => `\n    ${what}`).join("");
  if (!action.rolls) return `+ contract of ${name} is written down`;
  return `~ contract of ${name}: the API's workers are replaced one by one${lines}`;
}

/** By Trino: Flink's catalog leaves out where a column stands, and INSERT goes by place. */
async function addColumns(
  { lake, store }: Engines,
  { pipeline, table, columns }: Extract<Evolution, { kind: "add-columns" }>,
): Promise<void> {
  for (const { name, type, after } of columns) {
    const place = after === undefined ? "FIRST" : `AFTER "${after}"`;
    const column = `"${name}" ${trinoType(type)} ${place}`;
    await commit(lake, `ALTER TABLE ${fullName(pipeline, table)} ADD COLUMN IF NOT EXISTS ${column}`);
  }
  await store.addHistory("add-columns", `${pipeline.name}.${table}`, { columns });
}

/** Does one action; safe to repeat after a crash in its middle. */
export async function evolve(engines: Engines, action: Evolution): Promise<void> {
  if (action.kind === "add-columns") return addColumns(engines, action);
  const { config, connection, store } = engines;
  if (action.rolls && connection.instance) await rollApi(config, connection.instance);
  await store.addHistory("contract", action.pipeline.name, { ...action.applied, changes: action.changes });
}
