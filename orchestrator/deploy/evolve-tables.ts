// What a changed table file means for the Iceberg table that is there: columns that are added, and changes that
// would lose or mix up rows. Pure: two CREATE TABLEs in, columns and problems out.
import type { SourcedStatement } from "../../flink-sql/script.ts";
import { type DeclaredTable, declaredTable } from "../../flink-sql/tables.ts";

export interface NewColumn {
  name: string;
  /** Flink's type, as declared. */
  type: string;
  /** The column it stands behind; undefined for the first. */
  after: string | undefined;
}

const synonyms: [RegExp, string][] = [
  [/TIMESTAMP(\(\d+\))? ?WITH LOCAL TIME ZONE|TIMESTAMP_LTZ(\(\d+\))?/g, "TIMESTAMP_LTZ"],
  [/TIMESTAMP(?!_)(\(\d+\))?( ?WITHOUT TIME ZONE)?/g, "TIMESTAMP"],
  [/\b(VARCHAR|CHAR)(\(\d+\))?|\bSTRING\b/g, "STRING"],
  [/\bVARBINARY(\(\d+\))?|\bBYTES\b/g, "BYTES"],
  [/\b(INTEGER|TINYINT|SMALLINT)\b/g, "INT"],
  [/\b(NUMERIC|DEC)\b/g, "DECIMAL"],
  [/\bDECIMAL\b(?!\()/g, "DECIMAL(10,0)"],
  [/\bDECIMAL\((\d+)\)/g, "DECIMAL($1,0)"],
  [/\bDOUBLE PRECISION\b/g, "DOUBLE"],
  [/ ?\bNOT NULL\b/g, ""],
];

/** A type as Iceberg keeps it: whatever Flink calls it, the same text for the same. */
export const lakeType = (type: string): string =>
  synonyms.reduce(
    (text, [pattern, name]) => text.replace(pattern, name),
    type
      .toUpperCase()
      .replaceAll("`", "")
      .replace(/\s*([(),<>])\s*/g, "$1"),
  );

const trinoTypes: Record<string, string> = {
  STRING: "varchar",
  BYTES: "varbinary",
  BOOLEAN: "boolean",
  INT: "integer",
  BIGINT: "bigint",
  FLOAT: "real",
  DOUBLE: "double",
  DATE: "date",
  TIMESTAMP: "timestamp(6)",
  TIMESTAMP_LTZ: "timestamp(6) with time zone",
};

/** A Flink type in Trino's words; undefined for nested ones and those that Iceberg doesn't keep. */
export function trinoType(type: string): string | undefined {
  const kept = lakeType(type);
  return /^DECIMAL\(\d+,\d+\)$/.test(kept) ? kept.toLowerCase() : trinoTypes[kept];
}

/** Line of a column within a statement's file; the statement's own where it isn't named. */
function lineOf({ text, source }: SourcedStatement, column: string): string {
  const [, path, first] = /^(.*):(\d+)$/.exec(source) ?? [];
  const at = new RegExp(`(?<![\\w])${column.replace(/\W/g, "\\$&")}(?![\\w])`).exec(text)?.index ?? 0;
  return path ? `${path}:${Number(first) + text.slice(0, at).split("\n").length - 1}` : source;
}

const list = (names: string[]) => names.join(", ") || "none";

/** How a table must change; `actual` is what the lake has of it. Problems name file, line, reason and cure. */
export function tableChanges(
  statement: SourcedStatement,
  actual: DeclaredTable,
): { columns: NewColumn[]; problems: string[] } {
  const declared = declaredTable(statement.text);
  if (!declared) return { columns: [], problems: [] }; // the planner will say what is wrong
  const table = `table '${declared.name}'`;
  const problems: string[] = [];
  const problem = (column: string, what: string) => problems.push(`${lineOf(statement, column)}: ${what}`);
  const fresh = declared.columns.filter(({ name }) => !actual.columns.some((known) => known.name === name));
  const gone = actual.columns.filter(({ name }) => !declared.columns.some((known) => known.name === name));
  for (const { name, type } of gone) {
    const to = fresh.find((column) => lakeType(column.type) === lakeType(type));
    problem(
      to?.name ?? declared.name,
      to
        ? `${table}: column '${name}' is gone, '${to.name}' is new: a rename, which running jobs and reports don't know. ` +
            `Keep '${name}', add '${to.name}' beside it, and fill both in the job's SQL`
        : `${table}: column '${name}' is gone, with all its rows' values. Keep it: the job's SQL may give CAST(NULL AS ${type})`,
    );
  }
  for (const { name, type } of declared.columns) {
    const known = actual.columns.find((column) => column.name === name);
    if (known && lakeType(known.type) !== lakeType(type))
      problem(
        name,
        `${table}: column '${name}' was ${known.type}, is ${type}: rows that are there have the old type. ` +
          "Add a column of another name with the new type",
      );
  }
  for (const { name, type } of fresh)
    if (trinoType(type) === undefined)
      problem(
        name,
        `${table}: column '${name}' is new, and of type ${type}, which can't be added to a table that is there. ` +
          "Use a plain type, or declare a table of another name",
      );
  const kept = (table: DeclaredTable, other: DeclaredTable) =>
    table.columns
      .map(({ name }) => name)
      .filter((name) => other.columns.some((column) => column.name === name));
  const [now, before] = [kept(declared, actual), kept(actual, declared)];
  const moved = now.find((name, index) => name !== before[index]);
  if (moved)
    problem(
      moved,
      `${table}: columns stand in another order (${list(now)}) than in the lake (${list(before)}), and INSERT goes by ` +
        "place. Keep the order",
    );
  if (list(declared.partitionedBy) !== list(actual.partitionedBy))
    problem(
      "PARTITIONED",
      `${table}: its partitions were by ${list(actual.partitionedBy)}, are by ${list(declared.partitionedBy)}: files ` +
        "that are there keep the old ones. Declare a table of another name",
    );
  if (list([...declared.key].sort()) !== list([...actual.key].sort()))
    problem(
      "PRIMARY",
      `${table}: its key was ${list(actual.key)}, is ${list(declared.key)}: rows that are there have the old one. ` +
        "Declare a table of another name",
    );
  const columns = fresh.map(({ name, type }) => ({
    name,
    type,
    after: declared.columns[declared.columns.findIndex((column) => column.name === name) - 1]?.name,
  }));
  return { columns, problems };
}
