// What a backfill asks of Flink and Trino: staging tables beside the live ones, and the move between them. Pure.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { literal } from "../../flink-sql/sql-text.ts";
import { keepsLatest, type TableFile } from "../../flink-sql/tables.ts";
import { filledTables, stagingOptions, stagingSchema } from "../staging/tables.ts";

/** Of the events that were read, each once; in the staging schema. */
export const readTable = "backfill_events";

const schemaOf = ({ name }: PipelineFolder) => `lake.${stagingSchema(name, "backfill")}`;

/** What a backfill knows of a row that is no event, by the quarantine's columns. */
const known = [
  "topic",
  "reason",
  "field_path",
  "event_type",
  "message",
  "payload",
  "payload_length",
  "source_file",
  "source_line",
];
const sourceType = (name: string) => (/_(line|length)$/.test(name) ? "BIGINT" : "STRING");

/** Flink's statements for what was read: the events' ids, and rows that are no events. */
export function readStatements(topics: string[], badRowsPath: string): string[] {
  const columns = known.map((name) => `${name} ${sourceType(name)}`).join(", ");
  return [
    `CREATE TABLE ${readTable} (event_id STRING) WITH (${stagingOptions})`,
    `CREATE TABLE quarantine (${columns}) WITH (${stagingOptions})`,
    `CREATE TEMPORARY TABLE backfill_bad_rows (${columns}) WITH ('connector' = 'filesystem', ` +
      `'path' = ${literal(badRowsPath)}, 'format' = 'json')`,
    `EXECUTE STATEMENT SET BEGIN\n` +
      `INSERT INTO ${readTable}\n${topics.map((topic) => `SELECT event_id FROM ${topic}_records`).join("\nUNION ALL\n")};\n` +
      `INSERT INTO quarantine SELECT * FROM backfill_bad_rows;\nEND`,
  ];
}

const names = (columns: { name: string }[], prefix = "") =>
  columns.map(({ name }) => `${prefix}${name}`).join(", ");
const isPlace = (name: string) => name === "kafka_partition" || name === "kafka_offset";

/** How one table takes its staged rows over. `s` are staged rows, `t` live ones. */
export interface Move {
  table: string;
  /** Ids of the events that the move brings; run before it. */
  newIds: string;
  /** Removes rows of earlier batches whose events the stream has brought since. */
  clean?: string;
  move: string;
  /** How many staged rows or keys the live table lacks; 0 after the move. */
  missing: string;
}

function appendMove(live: string, staged: string, { name, columns }: TableFile): Move {
  const absent = `NOT EXISTS (SELECT 1 FROM ${live} AS t WHERE t.event_id = s.event_id)`;
  const values = columns.map((c) => (isPlace(c.name) ? "NULL" : `s.${c.name}`)).join(", ");
  return {
    table: name,
    newIds: `SELECT s.event_id FROM ${staged} AS s WHERE ${absent}`,
    clean:
      `DELETE FROM ${live} WHERE kafka_offset IS NULL ` +
      `AND event_id IN (SELECT event_id FROM ${live} WHERE kafka_offset IS NOT NULL)`,
    move: `INSERT INTO ${live} (${names(columns)}) SELECT ${values} FROM ${staged} AS s WHERE ${absent}`,
    missing: `SELECT count(*) FROM ${staged} AS s WHERE ${absent}`,
  };
}

/**
 * Of a key the last row of the files counts, unless the live one is of a later time. An event that a table in
 * `appended` has is in the lake: what it said of its key was weighed then.
 */
function latestMove(
  live: string,
  staged: string,
  { name, columns, key }: TableFile,
  appended: string[],
): Move {
  const isKnown = appended
    .map((table) => `EXISTS (SELECT 1 FROM ${table} AS a WHERE a.event_id = r.event_id)`)
    .join(" OR ");
  const last =
    `(SELECT *, ${isKnown || "FALSE"} AS is_known FROM (` +
    `SELECT *, row_number() OVER (PARTITION BY ${key.join(", ")} ORDER BY kafka_offset DESC) AS from_last ` +
    `FROM ${staged}) AS r WHERE from_last = 1)`;
  const same = key.map((column) => `t.${column} = s.${column}`).join(" AND ");
  const hasTime = columns.some((column) => column.name === "event_time");
  const later = `NOT s.is_known AND t.event_id <> s.event_id${hasTime ? " AND s.event_time >= t.event_time" : ""}`;
  const values = columns.map((c) => (isPlace(c.name) ? "NULL" : `s.${c.name}`));
  const set = columns
    .map((c, index) => `${c.name} = ${values[index]}`)
    .filter((_, index) => !key.includes(columns[index]!.name));
  return {
    table: name,
    newIds:
      `SELECT s.event_id FROM ${staged} AS s JOIN (SELECT ${key.map((k) => `s.${k}`).join(", ")} FROM ${last} AS s ` +
      `LEFT JOIN ${live} AS t ON ${same} WHERE t.event_id IS NULL OR (${later})) AS t ON ${same}`,
    move:
      `MERGE INTO ${live} AS t USING ${last} AS s ON ${same} ` +
      `WHEN MATCHED AND ${later} THEN UPDATE SET ${set.join(", ")} ` +
      `WHEN NOT MATCHED THEN INSERT (${names(columns)}) VALUES (${values.join(", ")})`,
    missing: `SELECT count(*) FROM ${last} AS s WHERE NOT EXISTS (SELECT 1 FROM ${live} AS t WHERE ${same})`,
  };
}

/** The moves of all tables that a batch fills; those that only grow come last: by them an event is known. */
export function moves(pipeline: PipelineFolder): Move[] {
  const live = ({ name }: TableFile) => `lake.${pipeline.name}.${name}`;
  const staged = ({ name }: TableFile) => `${schemaOf(pipeline)}.${name}`;
  const filled = filledTables(pipeline);
  const appended = filled.filter((table) => !keepsLatest(table));
  return [
    ...filled
      .filter(keepsLatest)
      .map((table) => latestMove(live(table), staged(table), table, appended.map(live))),
    ...appended.map((table) => appendMove(live(table), staged(table), table)),
  ];
}

/** The move of rows that are no events: each line of a file once, however often the file is read. */
export const quarantineMove = (pipeline: string): string =>
  `INSERT INTO lake.${pipeline}.quarantine (stage, kafka_timestamp, ${known.join(", ")}) ` +
  `SELECT 'backfill', current_timestamp(6), ${names(
    known.map((name) => ({ name })),
    "s.",
  )} ` +
  `FROM lake.${stagingSchema(pipeline, "backfill")}.quarantine AS s WHERE NOT EXISTS (` +
  `SELECT 1 FROM lake.${pipeline}.quarantine AS t WHERE t.stage = 'backfill' ` +
  "AND t.source_file = s.source_file AND t.source_line = s.source_line AND t.payload = s.payload)";

/** Events read, each once; those of them that a table of events was given; and those that are new there. */
export function countsQuery(pipeline: PipelineFolder): string {
  const schema = schemaOf(pipeline);
  const all = moves(pipeline);
  const union = (parts: string[]) => (parts.length > 0 ? parts.join(" UNION ALL ") : "SELECT '' WHERE FALSE");
  return (
    `SELECT (SELECT count(DISTINCT event_id) FROM ${schema}.${readTable}), ` +
    `(SELECT count(DISTINCT event_id) FROM (${union(all.map(({ table }) => `SELECT event_id FROM ${schema}.${table}`))}) AS g (event_id)), ` +
    `(SELECT count(DISTINCT event_id) FROM (${union(all.map(({ newIds }) => newIds))}) AS n (event_id))`
  );
}
