// The engine's own job per pipeline: every Kafka record into the log, what is no event and what the API
// refused into the quarantine. Derived from the contract alone, so a change of SQL never touches it.
import type { PipelineFolder } from "./folders.ts";
import { problemExpression, rawTable, recordsTable } from "./source.ts";

/** Name of the job and of its consumer group's last part. */
export const logJob = "log";

const tableOptions = `WITH (
  'format-version' = '2',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50'
)`;

/** One row per Kafka record of any topic of the pipeline: its place and its bytes. */
export const logTable = `CREATE TABLE IF NOT EXISTS log (
  topic           STRING,
  kafka_partition INT,
  kafka_offset    BIGINT,
  kafka_timestamp TIMESTAMP_LTZ(6),
  record          BYTES
) ${tableOptions}`;

/** Name of the engine's topic, beside the pipeline's own: what the API refused, with its reason. */
export const quarantineTopic = "quarantine";

/**
 * One row per record that is no event (stage 'flink': its bytes are in the log at the same place), and
 * one per request or event that the API refused (stage 'edge': as it came, in `payload`; what a load sent
 * has the file and the line it is from).
 */
export const quarantineTable = `CREATE TABLE IF NOT EXISTS quarantine (
  topic           STRING,
  kafka_partition INT,
  kafka_offset    BIGINT,
  kafka_timestamp TIMESTAMP_LTZ(6),
  stage           STRING,
  reason          STRING,
  field_path      STRING,
  event_type      STRING,
  message         STRING,
  payload         STRING,
  payload_length  BIGINT,
  contract        STRING,
  key_id          STRING,
  request_id      STRING,
  user_agent      STRING,
  source_file     STRING,
  source_line     BIGINT
) ${tableOptions}`;

/** Columns of the quarantine that only the API can fill. */
const edgeColumns = [
  "event_type",
  "message",
  "payload",
  "payload_length",
  "contract",
  "key_id",
  "request_id",
  "user_agent",
  "source_file",
  "source_line",
];
const numbers = ["payload_length", "source_line"];
const noEdgeColumns = edgeColumns
  .map((name) => `CAST(NULL AS ${numbers.includes(name) ? "BIGINT" : "STRING"})`)
  .join(", ");

/** What the API refused. A record that somebody else wrote there, in whatever form, is kept as it is. */
const refused = (() => {
  const value = (name: string) => `JSON_VALUE(body, '$.${name}')`;
  return (
    `SELECT '${quarantineTopic}', kafka_partition, kafka_offset, kafka_timestamp, 'edge',\n` +
    `  COALESCE(${value("reason")}, 'not_json'), ${value("field_path")}, ${value("event_type")}, ${value("message")},\n` +
    `  COALESCE(${value("payload")}, body), TRY_CAST(${value("payload_length")} AS BIGINT), ${value("contract")},\n` +
    `  ${value("key_id")}, ${value("request_id")}, ${value("user_agent")}, ${value("source_file")},\n` +
    `  TRY_CAST(${value("source_line")} AS BIGINT)\n` +
    `FROM (SELECT *, DECODE(record, 'UTF-8') AS body FROM ${quarantineTopic}_raw)`
  );
})();

/** Sources and the one statement of the log job. */
export function logStatements(pipeline: PipelineFolder, group: string): string[] {
  const topics = Object.entries(pipeline.topics);
  const place = (name: string) => `'${name}', kafka_partition, kafka_offset, kafka_timestamp`;
  const union = (select: (name: string, topic: (typeof topics)[number][1]) => string) =>
    topics.map(([name, topic]) => select(name, topic)).join("\nUNION ALL\n");
  const notJson = union(
    (name) =>
      `SELECT ${place(name)}, 'flink', 'not_json', CAST(NULL AS STRING), ${noEdgeColumns}\nFROM ${name}_raw\n` +
      `WHERE record IS NULL OR DECODE(record, 'UTF-8') IS NOT JSON OBJECT`,
  );
  const invalid = union(
    (name, topic) =>
      `SELECT ${place(name)}, 'flink', 'missing_or_wrong_type', field_path, ${noEdgeColumns}\n` +
      `FROM (SELECT *, ${problemExpression(topic)} AS field_path FROM ${name}_records)\n` +
      `WHERE field_path IS NOT NULL`,
  );
  return [
    ...topics.flatMap(([name, topic]) => [
      rawTable(pipeline, name, `${group}.raw`),
      recordsTable(pipeline, name, topic, `${group}.records`),
    ]),
    rawTable(pipeline, quarantineTopic, `${group}.${quarantineTopic}`),
    `EXECUTE STATEMENT SET BEGIN\n` +
      `INSERT INTO log\n${union((name) => `SELECT ${place(name)}, record\nFROM ${name}_raw`)};\n` +
      `INSERT INTO quarantine\n${notJson}\nUNION ALL\n${invalid}\nUNION ALL\n${refused};\nEND`,
  ];
}
