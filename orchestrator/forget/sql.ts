// What forgetting asks of Trino: which columns name a person, and the statements that count, blank and delete.
// Pure: text in, SQL out; every value is a literal with its quotes doubled.
import { eventsOf, type PipelineFolder } from "../../flink-sql/folders.ts";
import { literal } from "../../flink-sql/sql-text.ts";
import { fullName, type LakeTable, quoted } from "../lake-tables.ts";

/** What stands in the quarantine where a person's words stood. */
export const blank = '{"forgotten":true}';

/** Fields of all events of a pipeline, each once. */
export const fieldsOf = (pipeline: PipelineFolder) => [
  ...new Set(
    eventsOf(pipeline).flatMap(({ event }) => [
      ...Object.keys(event.fields.shape),
      ...Object.keys(event.computed),
    ]),
  ),
];

/** Columns that name a person. Throws, with the cure, where the pipeline has none or names what isn't there. */
export function personColumns(pipeline: PipelineFolder): string[] {
  const fields = fieldsOf(pipeline);
  const declared = pipeline.person === undefined ? [] : [pipeline.person].flat();
  const unknown = declared.filter((name) => !fields.includes(name));
  if (unknown.length > 0)
    throw new Error(
      `Pipeline '${pipeline.name}' says person: '${unknown.join("', '")}', which no event has. Fields: ${fields.join(", ")}.`,
    );
  if (declared.length > 0) return declared;
  if (fields.includes("user_id")) return ["user_id"];
  throw new Error(
    `Pipeline '${pipeline.name}' doesn't say which column names a person, and has no field user_id. ` +
      `Add person: "…" to its definePipeline; fields: ${fields.join(", ")}.`,
  );
}

/** True where a column holds the person's id; written so that Trino can skip files by it. */
function columnIs({ name, type }: LakeTable["columns"][number], id: string): string {
  if (type.startsWith("varchar")) return `${quoted(name)} = ${literal(id)}`;
  if (type === "bigint") return /^\d{1,19}$/.test(id) ? `${quoted(name)} = BIGINT '${id}'` : "FALSE";
  return `CAST(${quoted(name)} AS VARCHAR) = ${literal(id)}`;
}

const inJson = (text: string) => JSON.stringify(text).slice(1, -1);

/** The id as a word of any text: as it is, as JSON writes it, and as JSON within a string of JSON does. */
function wordPattern(id: string): string {
  const escaped = (text: string) => text.replace(/[!-/:-@[-`{-~]/g, "\\$&");
  const forms = [...new Set([id, inJson(id), inJson(inJson(id))])].map(escaped).join("|");
  return `(^|[^\\p{L}\\p{N}_])(${forms})($|[^\\p{L}\\p{N}_])`;
}

const fieldOf = (text: string, name: string) => `json_extract_scalar(${text}, ${literal(`$["${name}"]`)})`;
const fieldIs = (text: string, columns: string[], id: string) =>
  columns.map((name) => `coalesce(${fieldOf(text, name)} = ${literal(id)}, FALSE)`).join(" OR ");
const isWord = (text: string, id: string) =>
  `coalesce(regexp_like(${text}, ${literal(wordPattern(id))}), FALSE)`;

const recordText = "from_utf8(record)";

/** An event of the person; of what is no JSON object, whatever has the id as a word. */
const inLog = (columns: string[], id: string) =>
  `${fieldIs(recordText, columns, id)} OR ((TRY(json_parse(${recordText})) IS NULL OR NOT starts_with(ltrim(${recordText}), '{')) AND ${isWord(recordText, id)})`;

/** What was refused may have any form: the field decides where it can be read, else the id as a word. */
function inQuarantine(columns: string[], id: string): string {
  const known = columns.map((name) => `${fieldOf("payload", name)} IS NOT NULL`).join(" OR ");
  return (
    `payload IS DISTINCT FROM ${literal(blank)} AND (${fieldIs("payload", columns, id)} ` +
    `OR (NOT coalesce(${known}, FALSE) AND ${isWord("payload", id)}) OR ${isWord("message", id)})`
  );
}

/** Which rows of a table are of the person; undefined where the table says nothing of persons. */
export function rowsOf(table: LakeTable, columns: string[], id: string): string | undefined {
  if (table.name === "log") return inLog(columns, id);
  if (table.name === "quarantine") return inQuarantine(columns, id);
  const named = table.columns.filter(({ name }) => columns.includes(name));
  return named.length > 0 ? named.map((column) => columnIs(column, id)).join(" OR ") : undefined;
}

/** How many rows of each table are of the person: rows of table, count. */
export const countsQuery = (pipeline: PipelineFolder, conditions: Map<string, string>) =>
  [...conditions]
    .map(
      ([table, condition]) =>
        `SELECT ${literal(table)} AS t, count(*) AS n FROM ${fullName(pipeline, table)} WHERE ${condition}`,
    )
    .join("\nUNION ALL ");

/**
 * Removes a person from a table. A row of the log keeps its place, since a gap there would be a loss in
 * the ledger, and the event's id and type; an id that has the person's within it becomes a salted hash.
 */
export function eraseStatement(
  pipeline: PipelineFolder,
  table: string,
  condition: string,
  { id, salt }: { id: string; salt: string },
): string {
  const name = fullName(pipeline, table);
  if (table === "quarantine")
    return `UPDATE ${name} SET payload = ${literal(blank)}, message = NULL WHERE ${condition}`;
  if (table !== "log") return `DELETE FROM ${name} WHERE ${condition}`;
  const eventId = fieldOf(recordText, "event_id");
  const eventType = fieldOf(recordText, "event_type");
  const types = eventsOf(pipeline).map(({ type }) => literal(type));
  const hash = `'forgotten-' || lower(to_hex(sha256(to_utf8(${literal(salt)} || ${eventId}))))`;
  const fields = [
    `CAST(IF(strpos(${eventId}, ${literal(id)}) > 0, ${hash}, ${eventId}) AS JSON)`,
    `CAST(IF(${eventType} IN (${types.join(", ")}), ${eventType}) AS JSON)`,
    "JSON 'true'",
  ];
  return (
    `UPDATE ${name} SET record = to_utf8(json_format(CAST(MAP(` +
    `ARRAY['event_id', 'event_type', 'forgotten'], ARRAY[${fields.join(", ")}]) AS JSON))) WHERE ${condition}`
  );
}

/** Last record of the person in each topic, as Kafka dates it: rows of topic, count, ISO time. */
export const lastRecordsQuery = (pipeline: PipelineFolder, conditions: Map<string, string>) =>
  ["log", "quarantine"]
    .filter((table) => conditions.has(table))
    .map(
      (table) =>
        `SELECT topic, count(*) AS n, to_iso8601(max(kafka_timestamp) AT TIME ZONE 'UTC') AS last
FROM ${fullName(pipeline, table)} WHERE (${conditions.get(table)})${table === "log" ? "" : " AND stage = 'edge'"} GROUP BY 1`,
    )
    .join("\nUNION ALL ");

/** Text columns of the folder's own tables that equal the id although nobody said that they name persons. */
export function sweepQuery(pipeline: PipelineFolder, tables: LakeTable[], id: string): string | undefined {
  const parts = tables
    .filter(({ name }) => name !== "log" && name !== "quarantine")
    .flatMap((table) =>
      table.columns
        .filter(({ type }) => type.startsWith("varchar"))
        .map(
          (column) =>
            `SELECT ${literal(`${table.name}.${column.name}`)} AS c, count(*) AS n ` +
            `FROM ${fullName(pipeline, table.name)} WHERE ${columnIs(column, id)}`,
        ),
    );
  return parts.length > 0
    ? `SELECT * FROM (${parts.join("\nUNION ALL ")}) WHERE n > 0 ORDER BY 1`
    : undefined;
}
