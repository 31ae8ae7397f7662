// The verdict on every record of a pipeline's log, as one query built from what the pipeline declares. Pure.
import { filteredName } from "../../flink-sql/filters.ts";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { literal, literals, where } from "../../flink-sql/sql-text.ts";
import { type TableRule, tableRules } from "./rules.ts";
import { inSlice, whole } from "./slices.ts";

/** Offset up to which every job has committed, per partition: what may be judged. */
export interface Bound {
  topic: string;
  partition: number;
  low: number;
  upTo: number;
}

/** A column's type as Trino reads it from text; undefined for what is text. */
function trinoType(flinkType: string): string | undefined {
  if (/^(TINYINT|SMALLINT|INT|INTEGER|BIGINT)$/.test(flinkType)) return "BIGINT";
  if (/^(BOOLEAN|DATE|DECIMAL.*)$/.test(flinkType)) return flinkType;
  if (flinkType === "DOUBLE" || flinkType === "FLOAT") return flinkType.replace("FLOAT", "REAL");
  return flinkType.startsWith("TIMESTAMP") ? "TIMESTAMP" : undefined;
}

/** The value of a field of a record `r` as a column of that type would hold it; NULL where it is none. */
function fieldValue({ name, type }: TableRule["key"][number]): string {
  const text = `json_extract_scalar(r.record, '$.${name}')`;
  const read = trinoType(type);
  if (read === "TIMESTAMP") return `TRY(from_iso8601_timestamp(${text}))`;
  return read ? `TRY_CAST(${text} AS ${read})` : text;
}

export const inTypes = (column: string, types: string[]) => `${column} IN (${literals([...new Set(types)])})`;

/** The event_id of a record of the log `l`. */
const logEventId = "json_extract_scalar(from_utf8(l.record), '$.event_id')";

/** Rows of a rule's table that come from the rule's topic. */
export const rowsOf = (pipeline: PipelineFolder, { table, takes, isShared }: TableRule, slice = whole) =>
  `lake.${pipeline.name}.${table}` +
  where([...(isShared ? [inTypes("event_type", takes)] : []), ...inSlice("event_id", slice)]);

/** Whether a record `r` is one that a rule's table takes. */
const isTaken = ({ topic, takes }: TableRule) =>
  `r.topic = ${literal(topic)} AND ${inTypes("r.event_type", takes)}`;

/** Names of a record's fields by which the table of a rule, the n-th of those of latest rows, finds its key. */
const keyNames = ({ key }: TableRule, n: number) => key.map((_, column) => `key_${n}_${column}`);

/**
 * A table of latest rows by key: of which places its rows are, as far as it takes to tell whether one is of a later record
 * than `r`. A key that is whole has one row. Order is known within a partition alone; a row without a place is a backfill's.
 */
const heldKeys = ({ name }: PipelineFolder, { table, key }: TableRule, n: number) => `
held_${n} AS (
  SELECT
    ${key.map((column) => column.name).join(", ")},
    bool_or(kafka_partition IS NULL) AS of_batch,
    min(kafka_partition) AS first_partition, max(kafka_partition) AS last_partition, max(kafka_offset) AS last_offset
  FROM lake.${name}.${table}
  GROUP BY ${key.map((_, column) => column + 1).join(", ")}
),`;
const later = (n: number) =>
  `coalesce(held_${n}.of_batch OR held_${n}.first_partition <> r.kafka_partition ` +
  `OR held_${n}.last_partition <> r.kafka_partition OR held_${n}.last_offset > r.kafka_offset, FALSE)`;
const joinHeld = (rule: TableRule, n: number) => {
  const keys = keyNames(rule, n).map((name, column) => `held_${n}.${rule.key[column]!.name} = r.${name}`);
  return `
  LEFT JOIN held_${n} ON ${[isTaken(rule), ...keys].join(" AND ")}`;
};

/** A pipeline with, by table, the first day (UTC) that its retention has kept; rows of earlier ones are gone. */
export type JudgedPipeline = PipelineFolder & { keptSince?: Record<string, string> };

/** Whether a record's row in a rule's table is older than what the table's retention has removed. */
const isExpired = ({ retention = {} }: PipelineFolder, rule: TableRule, day: string) =>
  `${isTaken(rule)} AND TRY(from_iso8601_timestamp(json_extract_scalar(r.record, '$.${retention[rule.table]?.by ?? "event_time"}')))
      < TIMESTAMP '${day} 00:00:00 UTC'`;

/**
 * Every record of a slice below the bounds with its verdict: quarantined, landed, superseded, duplicate, filtered,
 * forgotten (a person asked for it: the log keeps its place alone), expired (older than its tables keep),
 * lost or doubled. Superseded: each table that takes it holds its row, or the row of a later one of its key. One row per row
 * of the log: topic, kafka_partition, kafka_offset, event_id, event_type, is_of_client (sent by `userAgent`), landed_rows,
 * rule (that filtered it), verdict.
 */
export function judgedRecords(
  pipeline: JudgedPipeline,
  bounds: Bound[],
  slice = whole,
  userAgent?: string,
): string {
  const rules = tableRules(pipeline);
  const schema = `lake.${pipeline.name}`;
  const expected = Object.entries(pipeline.topics).flatMap(([topic, { events }]) =>
    Object.keys(events).map((type) => {
      const takers = rules.filter((rule) => rule.topic === topic);
      const tables = takers.flatMap(({ takes }) => takes.filter((taken) => taken === type)).length;
      return `(${literal(topic)}, ${literal(type)}, ${tables})`;
    }),
  );
  const latest = rules.filter(({ key }) => key.length > 0);
  const landed = rules.map(
    (rule) =>
      `SELECT ${literal(rule.topic)} AS topic, kafka_partition, kafka_offset, ${latest.indexOf(rule)} AS nth_latest ` +
      `FROM ${rowsOf(pipeline, rule, slice)}`,
  );
  const expired = rules.flatMap((rule) => {
    const day = pipeline.keptSince?.[rule.table];
    return day ? [isExpired(pipeline, rule, day)] : [];
  });
  const keyValues = latest.flatMap((rule, n) =>
    keyNames(rule, n).map((name, column) => `${fieldValue(rule.key[column]!)} AS ${name}`),
  );
  const count = (conditions: string[]) =>
    conditions.length > 0 ? conditions.map((condition) => `IF(${condition}, 1, 0)`).join(" + ") : "0";
  const none =
    "SELECT CAST(NULL AS VARCHAR) AS topic, 0 AS kafka_partition, BIGINT '0' AS kafka_offset, 0 AS nth_latest WHERE FALSE";
  return `
WITH bounds (topic, kafka_partition, up_to) AS (
  VALUES ${bounds.map((b) => `(${literal(b.topic)}, ${b.partition}, BIGINT '${b.upTo}')`).join(", ")}
),
expected (topic, event_type, tables) AS (
  VALUES ${expected.join(", ")}
),
-- The log is read once: all that is asked of a record's fields is here.
parsed AS (
  SELECT
    l.topic, l.kafka_partition, l.kafka_offset, from_utf8(l.record) AS record, ${logEventId} AS event_id,
    json_extract_scalar(from_utf8(l.record), '$.event_type') AS event_type
  FROM ${schema}.log AS l
  JOIN bounds AS b ON b.topic = l.topic AND b.kafka_partition = l.kafka_partition AND l.kafka_offset < b.up_to
  ${where(inSlice(logEventId, slice))}
),
records AS (
  SELECT
    ${["r.topic", "r.kafka_partition", "r.kafka_offset", "r.event_id", "r.event_type", ...keyValues].join(",\n    ")},
    -- A marker has none of what the API gives each event: no client can make one.
    coalesce(
      strpos(r.record, '"forgotten"') > 0 AND json_extract_scalar(r.record, '$.forgotten') = 'true'
        AND json_extract_scalar(r.record, '$.received_at') IS NULL,
      FALSE
    ) AS forgotten,
    ${userAgent === undefined ? "FALSE" : `coalesce(json_extract_scalar(r.record, '$.user_agent') = ${literal(userAgent)}, FALSE)`} AS is_of_client,
    ${count(expired)} AS expired_rows
  FROM parsed AS r
),
quarantined AS (
  SELECT DISTINCT topic, kafka_partition, kafka_offset FROM ${schema}.quarantine
),
landed AS (
  SELECT
    ${["topic", "kafka_partition", "kafka_offset", "count(*) AS landed_rows", ...latest.map((_, n) => `count_if(nth_latest = ${n}) AS own_${n}`)].join(", ")}
  FROM (${landed.length > 0 ? landed.join("\n    UNION ALL ") : none})
  GROUP BY 1, 2, 3
),${latest.map((rule, n) => heldKeys(pipeline, rule, n)).join("")}
dropped AS (
  SELECT
    topic, kafka_partition, kafka_offset, count(DISTINCT table_name) AS dropped_rows,
    min(format('table %s takes only rows with %s', table_name, rule)) AS rule
  FROM ${schema}.${filteredName}${where(inSlice("event_id", slice))}
  GROUP BY 1, 2, 3
),
joined AS (
  SELECT
    r.topic, r.kafka_partition, r.kafka_offset, r.event_id, r.event_type, r.forgotten, r.is_of_client,
    q.topic IS NOT NULL AS in_quarantine,
    coalesce(l.landed_rows, 0) AS landed_rows,
    ${count(latest.map((_, n) => `coalesce(l.own_${n}, 0) = 0 AND ${later(n)}`))} AS superseded_rows,
    ${count(latest.map((_, n) => `l.own_${n} > 0 AND ${later(n)}`))} AS doubled_keys,
    r.expired_rows,
    coalesce(d.dropped_rows, 0) AS dropped_rows,
    d.rule,
    coalesce(e.tables, 0) AS tables
  FROM records AS r
  LEFT JOIN quarantined AS q
    ON q.topic = r.topic AND q.kafka_partition = r.kafka_partition AND q.kafka_offset = r.kafka_offset
  LEFT JOIN landed AS l
    ON l.topic = r.topic AND l.kafka_partition = r.kafka_partition AND l.kafka_offset = r.kafka_offset
  LEFT JOIN dropped AS d
    ON d.topic = r.topic AND d.kafka_partition = r.kafka_partition AND d.kafka_offset = r.kafka_offset
  LEFT JOIN expected AS e ON e.topic = r.topic AND e.event_type = r.event_type${latest.map(joinHeld).join("")}
),
-- Two rows of one record have one event_id, and stand side by side among its copies.
ordered AS (
  SELECT
    *,
    lag(kafka_partition) OVER copies IS DISTINCT FROM kafka_partition AS is_first_of_partition,
    coalesce(
      lag(kafka_partition) OVER copies = kafka_partition AND lag(kafka_offset) OVER copies = kafka_offset, FALSE
    ) AS is_again,
    row_number() OVER copies AS copy
  FROM joined
  WINDOW copies AS (PARTITION BY topic, in_quarantine, event_id ORDER BY kafka_partition, kafka_offset)
),
-- Of copies in several partitions any partition's first may have come first. Where none has landed, it was one of which
-- no table keeps a row, if there is such a one.
ranked AS (
  SELECT
    *,
    count_if(landed_rows > 0 AND NOT is_again) OVER ids AS places_landed,
    coalesce(
      min(IF(is_first_of_partition AND superseded_rows + expired_rows + dropped_rows >= tables, copy)) OVER ids, 1
    ) AS copy_taken
  FROM ordered
  WINDOW ids AS (PARTITION BY topic, in_quarantine, event_id)
),
judged AS (
  SELECT
    topic, kafka_partition, kafka_offset, event_id, event_type, is_of_client, landed_rows, rule,
    CASE
      WHEN is_again THEN 'doubled in the log'
      WHEN in_quarantine AND landed_rows > 0 THEN 'doubled'
      WHEN in_quarantine THEN 'quarantined'
      WHEN forgotten AND landed_rows = 0 THEN 'forgotten'
      WHEN landed_rows > tables OR doubled_keys > 0 OR (landed_rows > 0 AND places_landed > 1) THEN 'doubled'
      WHEN landed_rows > 0 AND landed_rows + dropped_rows >= tables THEN 'landed'
      WHEN landed_rows > 0 AND landed_rows + superseded_rows + dropped_rows >= tables THEN 'superseded'
      WHEN expired_rows > 0 AND landed_rows > 0
        AND landed_rows + superseded_rows + expired_rows + dropped_rows >= tables THEN 'expired'
      WHEN landed_rows > 0 THEN 'lost'
      WHEN places_landed > 0 OR copy <> copy_taken THEN 'duplicate'
      WHEN dropped_rows >= tables THEN 'filtered'
      WHEN superseded_rows + dropped_rows >= tables THEN 'superseded'
      WHEN superseded_rows + expired_rows + dropped_rows >= tables THEN 'expired'
      ELSE 'lost'
    END AS verdict
  FROM ranked
)`;
}
