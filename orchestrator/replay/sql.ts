// What a replay asks of Flink and Trino: records out of the lake's log, what the table filled anew has and the live
// one has not, and the one MERGE that makes them equal. Pure.
import { filteredName } from "../../flink-sql/filters.ts";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { literal, literals } from "../../flink-sql/sql-text.ts";
import { keepsLatest, type TableFile } from "../../flink-sql/tables.ts";
import type { Bound, JudgedPipeline } from "../ledger/judge.ts";
import type { TableRule } from "../ledger/rules.ts";
import { recordsFile, stagingSchema } from "../staging/tables.ts";

const any = (conditions: string[]) => (conditions.length > 0 ? `(${conditions.join(" OR ")})` : "FALSE");

const below = (bounds: Bound[], topic: string, of = "") =>
  any(
    bounds
      .filter((bound) => bound.topic === topic)
      .map(({ partition, upTo }) => `(${of}kafka_partition = ${partition} AND ${of}kafka_offset < ${upTo})`),
  );

/**
 * Flink's statements that write the log's records below the bounds into files, one per topic, each line a record
 * with its place, in the order of the places. What is no JSON object has no line: no table takes it.
 */
export function recordStatements(
  { name, topics }: PipelineFolder,
  bounds: Bound[],
  folder: string,
): string[] {
  const names = Object.keys(topics);
  const tables = names.map(
    (topic) =>
      `CREATE TEMPORARY TABLE ${topic}_lines (line STRING) WITH ('connector' = 'filesystem', ` +
      `'path' = ${literal(`file://${folder}/${recordsFile(topic)}`)}, 'format' = 'raw')`,
  );
  // JSON has no line breaks and tabs within its texts: those between them are but space.
  const inserts = names.map(
    (topic) =>
      `INSERT INTO ${topic}_lines SELECT CONCAT(SUBSTRING(body, 1, CHAR_LENGTH(body) - 1), ` +
      `',"kafka_partition":', CAST(kafka_partition AS STRING), ',"kafka_offset":', CAST(kafka_offset AS STRING), ` +
      `',"kafka_timestamp":"', DATE_FORMAT(kafka_timestamp, 'yyyy-MM-dd''T''HH:mm:ss.SSS'), 'Z"}') AS line\n` +
      `FROM (SELECT *, TRIM(REGEXP_REPLACE(DECODE(record, 'UTF-8'), '[\\r\\n\\t]+', ' ')) AS body FROM lake.${name}.log\n` +
      `  WHERE topic = ${literal(topic)} AND ${below(bounds, topic)})\n` +
      "WHERE body LIKE '{%}'\nORDER BY kafka_partition, kafka_offset;",
  );
  return [...tables, `EXECUTE STATEMENT SET BEGIN\n${inserts.join("\n")}\nEND`];
}

/** How one table is compared with the one filled anew, and made equal to it. */
export interface Swap {
  table: string;
  /** Rows by what the MERGE does to them (insert, update, delete), and rows of both sides: (what, rows). */
  compare: string;
  merge: string;
  /** Removes what was older than a row that Flink committed for the same key during the MERGE. */
  clean?: string;
}

/**
 * The MERGE that brings what the tables' rules drop up to date, as the swaps do with their rows. Nobody but the
 * ledger reads it.
 */
export function filteredMerge({ name }: PipelineFolder, tables: string[], bounds: Bound[]): string {
  const [live, fresh] = [
    `lake.${name}.${filteredName}`,
    `lake.${stagingSchema(name, "replay")}.${filteredName}`,
  ];
  const keys = ["topic", "kafka_partition", "kafka_offset", "table_name"];
  const same = (left: string, right: string) =>
    keys.map((key) => `${left}.${key} = ${right}.${key}`).join(" AND ");
  const topics = [...new Set(bounds.map(({ topic }) => topic))];
  const isBelow = any(
    topics.map((topic) => `(l.topic = ${literal(topic)} AND ${below(bounds, topic, "l.")})`),
  );
  const own = `table_name IN (${literals(tables)})`;
  return (
    `MERGE INTO ${live} AS t USING (SELECT ${keys.map((key) => `coalesce(s.${key}, l.${key}) AS ${key}`).join(", ")}, ` +
    `coalesce(s.event_id, l.event_id) AS event_id, s.rule FROM (SELECT * FROM ${fresh} WHERE ${own}) AS s ` +
    `FULL JOIN (SELECT * FROM ${live} AS l WHERE ${own} AND ${isBelow}) AS l ON ${same("s", "l")} ` +
    `WHERE s.rule IS DISTINCT FROM l.rule) AS d ON ${same("t", "d")} ` +
    "WHEN MATCHED AND d.rule IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET rule = d.rule " +
    `WHEN NOT MATCHED THEN INSERT (${keys.join(", ")}, event_id, rule) ` +
    `VALUES (${keys.map((key) => `d.${key}`).join(", ")}, d.event_id, d.rule)`
  );
}

/** A table's rows from records below the bounds: of each topic that it takes events of. */
const belowOf = (rules: TableRule[], bounds: Bound[], of: string) =>
  any(
    rules.map(({ topic, takes, isShared }) => {
      const types = literals([...new Set(takes)]);
      return `(${below(bounds, topic, of)}${isShared ? ` AND ${of}event_type IN (${types})` : ""})`;
    }),
  );

/** Rows filled anew that the table may have: its retention has removed what is older. */
function staged({ name, retention = {}, keptSince = {} }: JudgedPipeline, table: string): string {
  const since = keptSince[table];
  const kept = since ? ` WHERE CAST(${retention[table]?.by ?? "event_time"} AS DATE) >= DATE '${since}'` : "";
  return `SELECT * FROM lake.${stagingSchema(name, "replay")}.${table}${kept}`;
}

/**
 * The swap of one table; `rules` are those of the table. Rows of records at or beyond the bounds are the running
 * job's and stay; a row without a place is a backfill's: it gives way to the stream's row of the same event.
 */
export function swapOf(
  pipeline: JudgedPipeline,
  table: TableFile,
  rules: TableRule[],
  bounds: Bound[],
): Swap {
  const { name, columns } = table;
  const isLatest = keepsLatest(table);
  const keys = isLatest ? table.key : ["event_id"];
  const live = `lake.${pipeline.name}.${name}`;
  const fresh = isLatest
    ? `SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY ${keys.join(", ")} ORDER BY kafka_offset DESC) AS from_last ` +
      `FROM (${staged(pipeline, name)})) WHERE from_last = 1`
    : staged(pipeline, name);
  const same = (left: string, right: string) =>
    keys.map((key) => `${left}.${key} = ${right}.${key}`).join(" AND ");
  const differs = columns.map((c) => `s.${c.name} IS DISTINCT FROM l.${c.name}`).join(" OR ");
  const isBelow = belowOf(rules, bounds, "l.");
  const gives = isLatest ? "l.is_below" : "(l.is_below OR l.kafka_offset IS NULL)";
  const first = keys[0];
  const what =
    `CASE WHEN l.${first} IS NULL THEN 'insert' WHEN s.${first} IS NULL AND l.is_below THEN 'delete' ` +
    `WHEN s.${first} IS NOT NULL AND ${gives} AND (${differs}) THEN 'update' END`;
  const paired =
    `FROM (${fresh}) AS s FULL JOIN (SELECT l.*, coalesce(${isBelow}, FALSE) AS is_below FROM ${live} AS l) AS l ` +
    `ON ${same("s", "l")}`;
  const values = columns.map((c) => `d.${c.name}`);
  const set = columns
    .map((c, index) => `${c.name} = ${values[index]}`)
    .filter((_, index) => !keys.includes(columns[index]!.name));
  const own = columns.map(({ name: column }) =>
    keys.includes(column) ? `coalesce(s.${column}, l.${column}) AS ${column}` : `s.${column}`,
  );
  return {
    table: name,
    compare:
      `SELECT ${what} AS what, count(*) AS n, count(s.${first}) AS anew, count_if(l.is_below) AS lived ${paired} ` +
      "GROUP BY 1",
    merge:
      `MERGE INTO ${live} AS t USING (SELECT * FROM (SELECT ${own.join(", ")}, ${what} AS what ${paired}) ` +
      `WHERE what IS NOT NULL) AS d ON ${same("t", "d")} ` +
      "WHEN MATCHED AND d.what = 'delete' THEN DELETE " +
      `WHEN MATCHED AND d.what = 'update' THEN UPDATE SET ${set.join(", ")} ` +
      `WHEN NOT MATCHED AND d.what = 'insert' THEN INSERT (${columns.map((c) => c.name).join(", ")}) ` +
      `VALUES (${values.join(", ")})`,
    ...(isLatest
      ? {
          clean:
            `DELETE FROM ${live} WHERE ${belowOf(rules, bounds, "")} AND (${keys.join(", ")}) IN ` +
            `(SELECT ${keys.join(", ")} FROM ${live} GROUP BY ${keys.join(", ")} HAVING count(*) > 1)`,
        }
      : {}),
  };
}
