// What a rebuild asks of Trino: how the live table differs from the one filled anew, and the one commit that makes it
// equal, whatever rows it has, in whatever number. Pure.
import { quoted } from "../lake-tables.ts";
import { type RebuiltTable, rebuildSchema } from "./staged.ts";

const where = (conditions: (string | undefined)[]) => {
  const said = conditions.filter(Boolean);
  return said.length > 0 ? ` WHERE ${said.join(" AND ")}` : "";
};

const nameOf = (schema: string, { name }: RebuiltTable) => `lake.${quoted(schema)}.${quoted(name)}`;

const columnsOf = ({ columns }: RebuiltTable) => columns.map(quoted).join(", ");

/** Rows that the table is to have: those filled anew; its retention has removed what is older than `since`. */
export const filledRows = (pipeline: string, table: RebuiltTable, since?: string): string => {
  const kept =
    since && table.retainedBy ? `CAST(${quoted(table.retainedBy)} AS DATE) >= DATE '${since}'` : "";
  return `SELECT ${columnsOf(table)} FROM ${nameOf(rebuildSchema(pipeline), table)}${where([table.own, kept])}`;
};

/** Rows that the table had at a snapshot. */
export const rowsBefore = (pipeline: string, table: RebuiltTable, snapshot: string | null): string =>
  `SELECT ${columnsOf(table)} FROM ${nameOf(pipeline, table)}` +
  (snapshot ? ` FOR VERSION AS OF ${snapshot}${where([table.own])}` : " WHERE FALSE");

/** Distinct rows, how many of each there should be and how many there are. */
function counted(pipeline: string, table: RebuiltTable, rows: string): string {
  const columns = columnsOf(table);
  const live = `SELECT ${columns}, FALSE FROM ${nameOf(pipeline, table)}${where([table.own])}`;
  return (
    `SELECT ${columns}, count_if(is_rebuilt) AS rebuilt_rows, count_if(NOT is_rebuilt) AS live_rows ` +
    `FROM (SELECT ${columns}, TRUE AS is_rebuilt FROM (${rows}) UNION ALL ${live}) GROUP BY ${columns}`
  );
}

/** One row: rows that there should be, rows that there are, and of both those that differ. */
export const comparison = (pipeline: string, table: RebuiltTable, rows: string): string =>
  "SELECT coalesce(sum(rebuilt_rows), 0), coalesce(sum(live_rows), 0), coalesce(sum(rebuilt_rows) FILTER (WHERE rebuilt_rows <> live_rows), 0), " +
  `coalesce(sum(live_rows) FILTER (WHERE rebuilt_rows <> live_rows), 0) FROM (${counted(pipeline, table, rows)})`;

/**
 * The MERGE that makes the table hold exactly these rows. Of each row that differs in number part 0 takes all copies out,
 * and parts 1 to n put the right number in. Where rows can't be found again, all go and all come.
 */
export function exchange(pipeline: string, table: RebuiltTable, rows: string): string {
  const { columns, pairing } = table;
  const names = columns.map(quoted);
  const found =
    pairing === "key"
      ? table.key.map((name) => `t.${quoted(name)} = d.${quoted(name)}`)
      : ["kafka_partition", "kafka_offset"].map(
          (name) => `coalesce(t.${name}, -1) = coalesce(d.${name}, -1)`,
        );
  const same = names.map((name) => `t.${name} IS NOT DISTINCT FROM d.${name}`);
  const [source, on] =
    pairing === "none"
      ? [
          `SELECT ${names.map((name) => `r.${name}`).join(", ")}, BIGINT '0' AS rebuilt_part FROM (VALUES 1) LEFT JOIN (${rows}) AS r ON FALSE ` +
            `UNION ALL SELECT ${names.join(", ")}, BIGINT '1' FROM (${rows})`,
          // Always 0, in a form that Trino joins by: of a constant it would compare each row with each.
          [`d.rebuilt_part = CAST(t.${names[0]} IS NULL AS BIGINT) * 0`],
        ]
      : [
          `SELECT ${names.join(", ")}, rebuilt_part FROM (${counted(pipeline, table, rows)}) ` +
            "CROSS JOIN UNNEST(sequence(if(live_rows > 0, 0, 1), rebuilt_rows)) AS parts(rebuilt_part) WHERE rebuilt_rows <> live_rows",
          ["d.rebuilt_part = 0", ...found, ...same],
        ];
  return (
    `MERGE INTO ${nameOf(pipeline, table)} AS t USING (${source}) AS d ON ${on.join(" AND ")} ` +
    `WHEN MATCHED THEN DELETE WHEN NOT MATCHED AND d.rebuilt_part > 0 THEN INSERT (${names.join(", ")}) ` +
    `VALUES (${names.map((name) => `d.${name}`).join(", ")})`
  );
}
