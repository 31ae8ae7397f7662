// What a table file says that its rows always are, in lines such as `-- assert: unique event_id`. Reads text only:
// what the rows are is asked in live.ts.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { type DeclaredTable, declaredTable } from "../../flink-sql/tables.ts";

export type Check =
  /** No two rows have the same values there. */
  | { kind: "unique"; columns: string[] }
  | { kind: "not null"; columns: string[] }
  /** The newest row is not older than this. */
  | { kind: "fresh"; column: string; withinSeconds: number }
  /** How many rows there are, of all or of a last time; bounds included. */
  | { kind: "rows"; from: number; to: number; column?: string; withinSeconds?: number };

export interface Assertion {
  table: string;
  /** As the file words it. */
  text: string;
  /** path:line */
  source: string;
  check: Check;
}

const forms =
  "'unique event_id', 'not null user_id, price', 'fresh event_time within 1h' or 'rows 1..5000 event_time within 1d'";

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
const seconds = (count: string, unit: string) => Number(count) * unitSeconds[unit]!;
const names = (list: string) => list.split(",").map((name) => name.trim());

/** The check that a text asks for; undefined for what is none. */
export function parseCheck(text: string): Check | undefined {
  const columns = /^(unique|not null)\s+(\w+(?:\s*,\s*\w+)*)$/.exec(text);
  if (columns) return { kind: columns[1] as "unique" | "not null", columns: names(columns[2]!) };
  const fresh = /^fresh\s+(\w+)\s+within\s+(\d+)([smhd])$/.exec(text);
  if (fresh) return { kind: "fresh", column: fresh[1]!, withinSeconds: seconds(fresh[2]!, fresh[3]!) };
  const rows = /^rows\s+(\d+)\.\.(\d*)(?:\s+(\w+)\s+within\s+(\d+)([smhd]))?$/.exec(text);
  if (!rows) return undefined;
  const [, from, to, column, count, unit] = rows;
  return {
    kind: "rows",
    from: Number(from),
    to: to ? Number(to) : Number.POSITIVE_INFINITY,
    ...(column ? { column, withinSeconds: seconds(count!, unit!) } : {}),
  };
}

const columnsOf = (check: Check): string[] =>
  "columns" in check ? check.columns : check.column === undefined ? [] : [check.column];

function problemOf(check: Check | undefined, text: string, table: DeclaredTable): string | undefined {
  if (!check) return `'${text}' is no assertion: write ${forms}`;
  const unknown = columnsOf(check).filter((name) => !table.columns.some((column) => column.name === name));
  if (unknown.length > 0)
    return `'${text}': table '${table.name}' has no column '${unknown.join("', '")}'. Columns: ${table.columns.map(({ name }) => name).join(", ")}`;
  if (check.kind === "rows" && check.from > check.to)
    return `'${text}': no number is in ${check.from}..${check.to}`;
  return undefined;
}

/** All assertions of a pipeline's tables. Throws one error with a line "file:line: what is wrong" per mistake. */
export function parseAssertions({ tables }: Pick<PipelineFolder, "tables">): Assertion[] {
  const problems: string[] = [];
  const found = tables.flatMap((file) => {
    const lines = file.text.split(/\r?\n/);
    return lines.flatMap((line, index): Assertion[] => {
      const text = /^\s*--\s*assert:\s*(.*?)\s*$/.exec(line)?.[1];
      const table = text === undefined ? undefined : declaredTable(file.text);
      if (text === undefined || !table) return []; // of a table that can't be read, the planner says what is wrong
      const source = `${file.path}:${index + 1}`;
      const check = parseCheck(text);
      const problem = problemOf(check, text, table);
      if (problem) problems.push(`${source}: ${problem}.`);
      return check && !problem ? [{ table: table.name, text, source, check }] : [];
    });
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return found;
}
