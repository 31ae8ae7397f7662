// Asks Trino whether the rows that landed are what the table files say, and words what isn't.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { declaredTables, holdsEvents, placeColumns } from "../../flink-sql/tables.ts";
import type { Lake } from "../engines/trino.ts";
import { fullName, quoted } from "../lake-tables.ts";
import type { Assertion } from "./declared.ts";

/** Rows that are shown of those at fault. */
const shownMax = 3;

const within = (column: string, seconds: number) =>
  `CAST(${quoted(column)} AS TIMESTAMP(6) WITH TIME ZONE) >= current_timestamp - INTERVAL '1' SECOND * ${seconds}`;

/** The statement that an assertion asks; its answer is read by `verdict`. */
export function assertionQuery(pipeline: PipelineFolder, { table, check }: Assertion): string {
  const from = `FROM ${fullName(pipeline, table)}`;
  switch (check.kind) {
    case "unique": {
      const columns = check.columns.map(quoted).join(", ");
      const all = check.columns.map((name) => `${quoted(name)} IS NOT NULL`).join(" AND ");
      return (
        `SELECT ${columns}, n, count(*) OVER () AS faults FROM (SELECT ${columns}, count(*) AS n ${from} WHERE ${all} ` +
        `GROUP BY ${columns} HAVING count(*) > 1) ORDER BY n DESC, ${columns} LIMIT ${shownMax}`
      );
    }
    case "not null": {
      const declared = declaredTables(pipeline).find(({ name }) => name === table);
      const places = declared && holdsEvents(declared) ? `${placeColumns.map(quoted).join(", ")}, ` : "";
      const counts = check.columns.map(
        (name) => `count_if(${quoted(name)} IS NULL) OVER () AS ${quoted(`nulls ${name}`)}`,
      );
      const none = check.columns.map((name) => `${quoted(name)} IS NULL`).join(" OR ");
      return `SELECT ${places}${counts.join(", ")} ${from} WHERE ${none} LIMIT ${shownMax}`;
    }
    case "fresh":
      return (
        `SELECT CAST(max(${quoted(check.column)}) AS VARCHAR) AS newest, coalesce(bool_or(` +
        `${within(check.column, check.withinSeconds)}), FALSE) AS holds ${from}`
      );
    case "rows":
      return `SELECT count(*) AS n ${from}${check.column ? ` WHERE ${within(check.column, check.withinSeconds!)}` : ""}`;
  }
}

type Row = Record<string, unknown>;
const listed = (row: Row, names: string[]) => names.map((name) => `${name} ${row[name]}`).join(", ");

/** What is wrong, in a sentence with table, column and rows; undefined where the assertion holds. */
export function verdict({ table, check, text }: Assertion, rows: Row[]): string | undefined {
  const [first] = rows;
  if (check.kind === "unique") {
    if (!first) return undefined;
    const shown = rows.map((row) => `${listed(row, check.columns)} (${row.n} rows)`).join("; ");
    return `table ${table}: ${first.faults} values of ${check.columns.join(", ")} stand in more than one row: ${shown}`;
  }
  if (check.kind === "not null") {
    if (!first) return undefined;
    const counts = check.columns.filter((name) => Number(first[`nulls ${name}`]) > 0);
    const places = rows.filter((row) => placeColumns.every((name) => row[name] != null));
    const shown = places.map((row) => listed(row, placeColumns)).join("; ");
    return (
      `table ${table}: ${counts.map((name) => `${name} is NULL in ${first[`nulls ${name}`]} rows`).join(", ")}` +
      (shown ? `: ${shown}` : "")
    );
  }
  if (check.kind === "fresh") {
    if (first?.holds === true) return undefined;
    return first?.newest == null
      ? `table ${table}: no row has ${check.column}, '${text}' asks for a new one`
      : `table ${table}: the newest ${check.column} is ${first.newest}, '${text}'`;
  }
  const n = Number(first?.n);
  return n >= check.from && n <= check.to ? undefined : `table ${table}: ${n} rows, '${text}'`;
}

/** Whether one assertion holds now: undefined, or what is wrong with it. */
export async function ask(
  lake: Lake,
  pipeline: PipelineFolder,
  assertion: Assertion,
): Promise<string | undefined> {
  const { columns, rows } = await lake.query(assertionQuery(pipeline, assertion));
  const named = rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
  return verdict(assertion, named);
}
