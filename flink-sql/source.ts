// From a topic's contract to Flink SQL: the Kafka source, what makes a record valid, each event once.
// Derived at run time, so it can't be stale; `npx swordlake plan --sql` prints it.
import { type Column, envelopeColumns, topicColumns } from "./columns.ts";
import { kafkaTopic, type PipelineFolder } from "./folders.ts";
import type { Topic } from "./pipeline.ts";
import { literal, literals } from "./sql-text.ts";

const quoted = (name: string) => `\`${name}\``;

/** Envelope fields without which a record can't be an event; the API always sets them. */
const requiredEnvelope = ["event_id", "event_type", "event_time", "received_at"];

/** Optional fields come as text, so that a wrong type is told from an absent value. */
const asText = (column: Column, topic: Topic) =>
  column.type !== "STRING" && column.requiredIn.length < eventTypesWith(column.name, topic).length;

const eventTypesWith = (field: string, topic: Topic) =>
  Object.entries(topic.events).flatMap(([type, event]) =>
    field in event.fields.shape || field in event.computed ? [type] : [],
  );

/** SQL that gives the name of the first field that spoils a record; NULL where it is valid. */
export function problemExpression(topic: Topic): string {
  const types = Object.keys(topic.events);
  const cases = requiredEnvelope.map((name) => `WHEN ${name} IS NULL THEN '${name}'`);
  cases.push(`WHEN event_type NOT IN (${literals(types)}) THEN 'event_type'`);
  for (const column of topicColumns(topic)) {
    const name = quoted(column.name);
    if (column.requiredIn.length > 0) {
      const everywhere = column.requiredIn.length === types.length;
      const where = everywhere ? "" : `event_type IN (${literals(column.requiredIn)}) AND `;
      cases.push(`WHEN ${where}${name} IS NULL THEN ${literal(column.name)}`);
    }
    if (asText(column, topic))
      cases.push(
        `WHEN ${name} IS NOT NULL AND TRY_CAST(${name} AS ${column.type}) IS NULL THEN ${literal(column.name)}`,
      );
  }
  return `CASE\n    ${cases.join("\n    ")}\n  END`;
}

const metadata = [
  "kafka_partition INT NOT NULL METADATA FROM 'partition' VIRTUAL",
  "kafka_offset BIGINT NOT NULL METADATA FROM 'offset' VIRTUAL",
  "kafka_timestamp TIMESTAMP_LTZ(3) NOT NULL METADATA FROM 'timestamp' VIRTUAL",
];

/** `group` names the reader in Kafka: its committed offsets tell how far a job's checkpoints are. */
const kafkaOptions = (topic: string, group: string, format: string[]) =>
  [
    "'connector' = 'kafka'",
    `'topic' = '${topic}'`,
    "'properties.bootstrap.servers' = '${KAFKA}'",
    `'properties.group.id' = '${group}'`,
    "'properties.auto.offset.reset' = 'earliest'",
    "'scan.startup.mode' = 'earliest-offset'",
    ...format,
  ].join(",\n  ");

const jsonFormat = [
  "'format' = 'json'",
  "'json.ignore-parse-errors' = 'true'",
  "'json.timestamp-format.standard' = 'ISO-8601'",
];

const recordsTableOf = (name: string, topic: Topic, places: string[], options: string) => {
  const columns = [
    ...envelopeColumns.map((column) => `${column.name} ${column.type}`),
    ...topicColumns(topic).map((c) => `${quoted(c.name)} ${asText(c, topic) ? "STRING" : c.type}`),
    ...places,
    "arrived AS PROCTIME()",
  ];
  return `CREATE TEMPORARY TABLE ${name}_records (\n  ${columns.join(",\n  ")}\n) WITH (\n  ${options}\n)`;
};

/** The table `<topic>_records`: parsed records, whatever can't be parsed as NULL. */
export const recordsTable = (pipeline: PipelineFolder, name: string, topic: Topic, group: string) =>
  recordsTableOf(name, topic, metadata, kafkaOptions(kafkaTopic(pipeline.name, name), group, jsonFormat));

/** The same table over a file of records, one in a line with its place: for cases, which end. */
export const recordsFromFile = (name: string, topic: Topic, path: string) =>
  recordsTableOf(
    name,
    topic,
    ["kafka_partition INT", "kafka_offset BIGINT", "kafka_timestamp TIMESTAMP_LTZ(3)"],
    ["'connector' = 'filesystem'", `'path' = ${literal(path)}`, ...jsonFormat].join(",\n  "),
  );

/** The view `<topic>`: valid events, each event_id once, with their types. */
export function eventsView(name: string, topic: Topic): string {
  const own = topicColumns(topic).map((c) =>
    asText(c, topic) ? `TRY_CAST(${quoted(c.name)} AS ${c.type}) AS ${quoted(c.name)}` : quoted(c.name),
  );
  const columns = [
    ...envelopeColumns.map((column) => column.name),
    ...own,
    "kafka_partition",
    "kafka_offset",
  ];
  return (
    `CREATE TEMPORARY VIEW ${name} AS\nSELECT\n  ${columns.join(", ")}\nFROM (\n` +
    `  SELECT *, ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY arrived) AS copy\n` +
    `  FROM ${name}_records\n  WHERE ${problemExpression(topic)} IS NULL\n)\nWHERE copy = 1`
  );
}

/** The table `<topic>_raw`: records as bytes, for the log. */
export function rawTable(pipeline: PipelineFolder, name: string, group: string): string {
  const columns = ["record BYTES", ...metadata];
  return (
    `CREATE TEMPORARY TABLE ${name}_raw (\n  ${columns.join(",\n  ")}\n) WITH (\n  ` +
    `${kafkaOptions(kafkaTopic(pipeline.name, name), group, ["'format' = 'raw'"])}\n)`
  );
}
