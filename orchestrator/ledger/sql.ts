// The ledger's questions to Trino: counts and problems by the verdicts, and what no verdict tells. Pure.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { literal } from "../../flink-sql/sql-text.ts";
import { type Bound, inTypes, type JudgedPipeline, judgedRecords, rowsOf } from "./judge.ts";
import { tableRules } from "./rules.ts";
import type { Slice } from "./slices.ts";

/**
 * Counts by topic, partition, verdict and, where filtered, rule; the table rows they make; and how many of the records
 * the client `userAgent` sent, where one is named.
 */
export const countsQuery = (
  pipeline: JudgedPipeline,
  bounds: Bound[],
  slice: Slice,
  userAgent?: string,
) => `${judgedRecords(pipeline, bounds, slice, userAgent)}
SELECT
  topic, kafka_partition, verdict,
  IF(verdict = 'filtered', coalesce(rule, format('no table takes event_type ''%s''', event_type))) AS rule,
  count(*) AS records,
  sum(IF(verdict IN ('landed', 'superseded', 'expired'), landed_rows, 0)) AS table_rows,
  count_if(is_of_client) AS of_client
FROM judged
GROUP BY 1, 2, 3, 4`;

/** The first records that don't add up, each with its place. */
export const problemsQuery = (pipeline: JudgedPipeline, bounds: Bound[], limit: number, slice: Slice) =>
  `${judgedRecords(pipeline, bounds, slice)}
SELECT topic, kafka_partition, kafka_offset, event_id, event_type, verdict
FROM judged
WHERE verdict IN ('lost', 'doubled', 'doubled in the log')
ORDER BY 1, 2, 3
LIMIT ${limit}`;

/** Verdicts of the events of a slice whose id starts with a prefix: for the check against a load's journal. */
export const eventsQuery = (pipeline: JudgedPipeline, bounds: Bound[], idPrefix: string, slice: Slice) =>
  `${judgedRecords(pipeline, bounds, slice)}
SELECT event_id, kafka_partition, kafka_offset, verdict
FROM judged
WHERE starts_with(event_id, ${literal(idPrefix)})`;

/** Offsets that the log, or another table of all records, lacks below the bounds, as ranges: a first and a last offset. */
export const gapsQuery = (pipeline: PipelineFolder, bounds: Bound[], limit: number, table = "log") => `
WITH bounds (topic, kafka_partition, low, up_to) AS (
  VALUES ${bounds.map((b) => `(${literal(b.topic)}, ${b.partition}, BIGINT '${b.low}', BIGINT '${b.upTo}')`).join(", ")}
),
places AS (
  SELECT DISTINCT l.topic, l.kafka_partition, l.kafka_offset
  FROM lake.${pipeline.name}.${table} AS l
  JOIN bounds AS b ON b.topic = l.topic AND b.kafka_partition = l.kafka_partition
  WHERE l.kafka_offset >= b.low AND l.kafka_offset < b.up_to
  UNION ALL SELECT topic, kafka_partition, up_to FROM bounds
  UNION ALL SELECT topic, kafka_partition, low - 1 FROM bounds
),
steps AS (
  SELECT
    topic, kafka_partition,
    lag(kafka_offset) OVER (PARTITION BY topic, kafka_partition ORDER BY kafka_offset) AS before,
    kafka_offset
  FROM places
)
SELECT topic, kafka_partition, before + 1 AS first_missing, kafka_offset - 1 AS last_missing
FROM steps
WHERE kafka_offset - before > 1
ORDER BY 1, 2, 3
LIMIT ${limit}`;

export const boundsTable = (bounds: Bound[]) =>
  `(VALUES ${bounds.map((b) => `(${literal(b.topic)}, ${b.partition}, BIGINT '${b.upTo}')`).join(", ")})
  AS b (topic, kafka_partition, up_to)`;

const tableRows = (pipeline: PipelineFolder) =>
  tableRules(pipeline)
    .map(
      (rule) =>
        `SELECT ${literal(rule.table)} AS table_name, ${literal(rule.topic)} AS topic, kafka_partition, kafka_offset, event_id ` +
        `FROM ${rowsOf(pipeline, rule)}`,
    )
    .join("\n  UNION ALL ");

/** How many rows all tables hold below the bounds. */
export const rowsQuery = (pipeline: PipelineFolder, bounds: Bound[]) => `
SELECT count(*) FROM (${tableRows(pipeline)}) AS t
JOIN ${boundsTable(bounds)} ON b.topic = t.topic AND b.kafka_partition = t.kafka_partition
WHERE t.kafka_offset < b.up_to`;

/** Rows of the tables whose place is not in the log: written by hand, or never accepted. */
export const foreignQuery = (pipeline: PipelineFolder, bounds: Bound[], limit: number) => `
SELECT t.table_name, t.topic, t.kafka_partition, t.kafka_offset, t.event_id
FROM (${tableRows(pipeline)}) AS t
JOIN ${boundsTable(bounds)} ON b.topic = t.topic AND b.kafka_partition = t.kafka_partition
LEFT JOIN lake.${pipeline.name}.log AS l
  ON l.topic = t.topic AND l.kafka_partition = t.kafka_partition AND l.kafka_offset = t.kafka_offset
WHERE t.kafka_offset < b.up_to AND l.topic IS NULL
ORDER BY 2, 3, 4
LIMIT ${limit}`;

/** First offset of each partition that a table holds. */
export const firstPlacesQuery = (pipeline: PipelineFolder, table: string) =>
  `SELECT topic, kafka_partition, min(kafka_offset) FROM lake.${pipeline.name}.${table} ` +
  "WHERE kafka_offset IS NOT NULL GROUP BY 1, 2";

/** Rows of a batch, which have no place, whose event came by the stream as well. Empty where no table keeps all rows. */
export function batchTwinsQuery(pipeline: PipelineFolder, limit: number): string {
  const tables = tableRules(pipeline).filter(({ key }) => key.length === 0);
  if (tables.length === 0) return "";
  const twins = tables.map(({ table, topic, takes, isShared }) => {
    const rows = `lake.${pipeline.name}.${table}`;
    const ofTopic = isShared ? ` AND ${inTypes("t.event_type", takes)}` : "";
    return (
      `SELECT ${literal(table)}, ${literal(topic)}, t.kafka_partition, t.kafka_offset, t.event_id FROM ${rows} AS t ` +
      `JOIN ${rows} AS b ON b.event_id = t.event_id AND b.kafka_offset IS NULL WHERE t.kafka_offset IS NOT NULL${ofTopic}`
    );
  });
  return `${twins.join("\n  UNION ALL ")}\nORDER BY 2, 3, 4\nLIMIT ${limit}`;
}
