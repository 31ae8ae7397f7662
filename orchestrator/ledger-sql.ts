// The ledger's questions to Trino, built from what a pipeline declares. Pure.
import type { PipelineFolder } from "../flink-sql/folders.ts";
import { insertsOf } from "../flink-sql/statements.ts";

/** Which events a table takes, read from the job's own INSERT. */
export interface TableRule {
  table: string;
  topic: string;
  /** Event types that the INSERT names; all of the topic's where it names none. */
  takes: string[];
}

/** Offset up to which every job has committed, per partition: what may be judged. */
export interface Bound {
  topic: string;
  partition: number;
  low: number;
  upTo: number;
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** One rule per INSERT of the pipeline's jobs. */
export function tableRules(pipeline: PipelineFolder): TableRule[] {
  return pipeline.jobs.flatMap((job) =>
    insertsOf(job.text).flatMap((insert) =>
      Object.entries(pipeline.topics)
        .filter(([topic]) => insert.words.includes(topic) || insert.words.includes(`${topic}_records`))
        .map(([topic, { events }]) => {
          const named = Object.keys(events).filter((type) => insert.literals.includes(type));
          return { table: insert.table, topic, takes: named.length > 0 ? named : Object.keys(events) };
        }),
    ),
  );
}

/** Types that no table takes, with the rule that filters them. */
export const filterRule = (eventType: string) => `no table takes event_type '${eventType}'`;

/**
 * Every record below the bounds with its verdict: quarantined, landed, duplicate, filtered, lost or
 * doubled. One row per record: topic, kafka_partition, kafka_offset, event_id, event_type, verdict.
 */
export function judgedRecords(pipeline: PipelineFolder, bounds: Bound[]): string {
  const rules = tableRules(pipeline);
  const schema = `lake.${pipeline.name}`;
  const expected = Object.entries(pipeline.topics).flatMap(([topic, { events }]) =>
    Object.keys(events).map((type) => {
      const tables = rules.filter((rule) => rule.topic === topic && rule.takes.includes(type)).length;
      return `(${literal(topic)}, ${literal(type)}, ${tables})`;
    }),
  );
  const landed = rules.map(
    (rule) =>
      `SELECT ${literal(rule.topic)} AS topic, kafka_partition, kafka_offset FROM ${schema}.${rule.table}`,
  );
  const none =
    "SELECT CAST(NULL AS VARCHAR) AS topic, 0 AS kafka_partition, BIGINT '0' AS kafka_offset WHERE FALSE";
  return `
WITH bounds (topic, kafka_partition, up_to) AS (
  VALUES ${bounds.map((b) => `(${literal(b.topic)}, ${b.partition}, BIGINT '${b.upTo}')`).join(", ")}
),
expected (topic, event_type, tables) AS (
  VALUES ${expected.join(", ")}
),
records AS (
  SELECT
    l.topic, l.kafka_partition, l.kafka_offset,
    json_extract_scalar(from_utf8(l.record), '$.event_id') AS event_id,
    json_extract_scalar(from_utf8(l.record), '$.event_type') AS event_type,
    count(*) AS log_rows
  FROM ${schema}.log AS l
  JOIN bounds AS b ON b.topic = l.topic AND b.kafka_partition = l.kafka_partition AND l.kafka_offset < b.up_to
  GROUP BY 1, 2, 3, 4, 5
),
quarantined AS (
  SELECT DISTINCT topic, kafka_partition, kafka_offset FROM ${schema}.quarantine
),
landed AS (
  SELECT topic, kafka_partition, kafka_offset, count(*) AS landed_rows
  FROM (${landed.length > 0 ? landed.join("\n    UNION ALL ") : none})
  GROUP BY 1, 2, 3
),
joined AS (
  SELECT
    r.topic, r.kafka_partition, r.kafka_offset, r.event_id, r.event_type, r.log_rows,
    q.topic IS NOT NULL AS in_quarantine,
    coalesce(l.landed_rows, 0) AS landed_rows,
    coalesce(e.tables, 0) AS tables
  FROM records AS r
  LEFT JOIN quarantined AS q
    ON q.topic = r.topic AND q.kafka_partition = r.kafka_partition AND q.kafka_offset = r.kafka_offset
  LEFT JOIN landed AS l
    ON l.topic = r.topic AND l.kafka_partition = r.kafka_partition AND l.kafka_offset = r.kafka_offset
  LEFT JOIN expected AS e ON e.topic = r.topic AND e.event_type = r.event_type
),
ranked AS (
  SELECT
    *,
    count_if(landed_rows > 0) OVER (PARTITION BY topic, in_quarantine, event_id) AS places_landed,
    row_number() OVER (
      PARTITION BY topic, in_quarantine, event_id ORDER BY kafka_partition, kafka_offset
    ) AS copy
  FROM joined
),
judged AS (
  SELECT
    topic, kafka_partition, kafka_offset, event_id, event_type, tables,
    CASE
      WHEN log_rows > 1 THEN 'doubled in the log'
      WHEN in_quarantine AND landed_rows > 0 THEN 'doubled'
      WHEN in_quarantine THEN 'quarantined'
      WHEN landed_rows > tables OR (landed_rows > 0 AND places_landed > 1) THEN 'doubled'
      WHEN landed_rows > 0 AND landed_rows = tables THEN 'landed'
      WHEN landed_rows > 0 THEN 'lost'
      WHEN places_landed > 0 OR copy > 1 THEN 'duplicate'
      WHEN tables = 0 THEN 'filtered'
      ELSE 'lost'
    END AS verdict
  FROM ranked
)`;
}

/** Counts by topic, partition, verdict and, where filtered, event type; and the table rows they make. */
export const countsQuery = (pipeline: PipelineFolder, bounds: Bound[]) => `${judgedRecords(pipeline, bounds)}
SELECT
  topic, kafka_partition, verdict, IF(verdict = 'filtered', event_type) AS event_type, count(*) AS records,
  sum(IF(verdict = 'landed', tables, 0)) AS table_rows
FROM judged
GROUP BY 1, 2, 3, 4`;

/** The first records that don't add up, each with its place. */
export const problemsQuery = (pipeline: PipelineFolder, bounds: Bound[], limit: number) =>
  `${judgedRecords(pipeline, bounds)}
SELECT topic, kafka_partition, kafka_offset, event_id, event_type, verdict
FROM judged
WHERE verdict IN ('lost', 'doubled', 'doubled in the log')
ORDER BY 1, 2, 3
LIMIT ${limit}`;

/** Verdicts of the events whose id starts with a prefix: for the check against a load's journal. */
export const eventsQuery = (pipeline: PipelineFolder, bounds: Bound[], idPrefix: string) =>
  `${judgedRecords(pipeline, bounds)}
SELECT event_id, kafka_partition, kafka_offset, verdict
FROM judged
WHERE starts_with(event_id, ${literal(idPrefix)})`;

/** Offsets that the log lacks below the bounds, as ranges: a first and a last offset. */
export const gapsQuery = (pipeline: PipelineFolder, bounds: Bound[], limit: number) => `
WITH bounds (topic, kafka_partition, low, up_to) AS (
  VALUES ${bounds.map((b) => `(${literal(b.topic)}, ${b.partition}, BIGINT '${b.low}', BIGINT '${b.upTo}')`).join(", ")}
),
places AS (
  SELECT DISTINCT l.topic, l.kafka_partition, l.kafka_offset
  FROM lake.${pipeline.name}.log AS l
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

const boundsTable = (bounds: Bound[]) =>
  `(VALUES ${bounds.map((b) => `(${literal(b.topic)}, ${b.partition}, BIGINT '${b.upTo}')`).join(", ")})
  AS b (topic, kafka_partition, up_to)`;

const tableRows = (pipeline: PipelineFolder) =>
  tableRules(pipeline)
    .map(
      ({ table, topic }) =>
        `SELECT ${literal(table)} AS table_name, ${literal(topic)} AS topic, kafka_partition, kafka_offset, event_id ` +
        `FROM lake.${pipeline.name}.${table}`,
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

/** First offset of each partition that the log holds. */
export const firstLoggedQuery = (pipeline: PipelineFolder) =>
  `SELECT topic, kafka_partition, min(kafka_offset) FROM lake.${pipeline.name}.log GROUP BY 1, 2`;
