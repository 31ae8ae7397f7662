// The engine's own job per pipeline: every Kafka record into the log, what is no event into the
// quarantine. Derived from the contract alone, so a change of the pipeline's SQL never touches it.
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

/** One row per record that is no event: why, and where; its bytes are in the log at the same place. */
export const quarantineTable = `CREATE TABLE IF NOT EXISTS quarantine (
  topic           STRING,
  kafka_partition INT,
  kafka_offset    BIGINT,
  kafka_timestamp TIMESTAMP_LTZ(6),
  stage           STRING,
  reason          STRING,
  field_path      STRING
) ${tableOptions}`;

/** Sources and the one statement of the log job. */
export function logStatements(pipeline: PipelineFolder, group: string): string[] {
  const topics = Object.entries(pipeline.topics);
  const place = (name: string) => `'${name}', kafka_partition, kafka_offset, kafka_timestamp`;
  const union = (select: (name: string, topic: (typeof topics)[number][1]) => string) =>
    topics.map(([name, topic]) => select(name, topic)).join("\nUNION ALL\n");
  const notJson = union(
    (name) =>
      `SELECT ${place(name)}, 'flink', 'not_json', CAST(NULL AS STRING)\nFROM ${name}_raw\n` +
      `WHERE record IS NULL OR DECODE(record, 'UTF-8') IS NOT JSON OBJECT`,
  );
  const invalid = union(
    (name, topic) =>
      `SELECT ${place(name)}, 'flink', 'missing_or_wrong_type', field_path\n` +
      `FROM (SELECT *, ${problemExpression(topic)} AS field_path FROM ${name}_records)\n` +
      `WHERE field_path IS NOT NULL`,
  );
  return [
    ...topics.flatMap(([name, topic]) => [
      rawTable(pipeline, name, `${group}.raw`),
      recordsTable(pipeline, name, topic, `${group}.records`),
    ]),
    `EXECUTE STATEMENT SET BEGIN\n` +
      `INSERT INTO log\n${union((name) => `SELECT ${place(name)}, record\nFROM ${name}_raw`)};\n` +
      `INSERT INTO quarantine\n${notJson}\nUNION ALL\n${invalid};\nEND`,
  ];
}
