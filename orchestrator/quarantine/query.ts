// The quarantine's rows by Trino: what the API refused as it came, and poison with its bytes from the log.
import { literal } from "../../flink-sql/sql-text.ts";
import type { Lake } from "../engines/trino.ts";
import type { Item, Place } from "./item.ts";

export interface Filter {
  reason?: string | undefined;
  stage?: string | undefined;
  field?: string | undefined;
  type?: string | undefined;
  /** Only these; empty: all. */
  places: Place[];
  /** Only what is behind this one, by place. */
  after?: Place | undefined;
}

const orders = {
  oldest: "q.kafka_timestamp, 1, 2, 3",
  newest: "q.kafka_timestamp DESC, 1, 2, 3",
  place: "1, 2, 3",
};

/** Payloads may be long: so many are held at once. */
const pageItems = 5000;

function conditions({ reason, stage, field, type, places, after }: Filter): string {
  const equals = (column: string, value: string | undefined) =>
    value === undefined ? [] : [`q.${column} = ${literal(value)}`];
  const all = [
    ...equals("reason", reason),
    ...equals("stage", stage),
    ...equals("field_path", field),
    ...equals("event_type", type),
  ];
  if (places.length > 0)
    all.push(
      `(q.topic, q.kafka_partition, q.kafka_offset) IN (VALUES ${places
        .map((p) => `(${literal(p.topic)}, ${p.partition}, BIGINT '${p.offset}')`)
        .join(", ")})`,
    );
  if (after) {
    const [topic, partition, offset] = [literal(after.topic), after.partition, `BIGINT '${after.offset}'`];
    all.push(
      `(q.topic > ${topic} OR q.topic = ${topic} AND (q.kafka_partition > ${partition} ` +
        `OR q.kafka_partition = ${partition} AND q.kafka_offset > ${offset}))`,
    );
  }
  return all.length > 0 ? `WHERE ${all.join(" AND ")}` : "";
}

/** How many rows of each kind there are, the newest of each: stage, reason, field, event type, count, newest. */
export const kindsQuery = (pipeline: string, filter: Filter) => `
SELECT q.stage, q.reason, q.field_path, q.event_type, count(*) AS items, max(q.kafka_timestamp) AS newest
FROM lake.${pipeline}.quarantine AS q
${conditions(filter)}
GROUP BY 1, 2, 3, 4
ORDER BY items DESC, 1, 2, 3, 4`;

/** Rows in the order in which they were refused, or in another, at most `limit`. Poison's bytes are in the log, at its place. */
export async function readItems(
  lake: Lake,
  pipeline: string,
  filter: Filter,
  limit: number,
  order: keyof typeof orders = "oldest",
): Promise<Item[]> {
  const { rows } = await lake.query(`
SELECT
  q.topic, q.kafka_partition, q.kafka_offset, q.stage, q.reason, q.field_path, q.event_type, q.message,
  coalesce(q.payload, from_utf8(l.record)) AS payload,
  coalesce(q.payload_length > length(q.payload), false) AS is_cut,
  to_iso8601(q.kafka_timestamp) AS refused_at
FROM lake.${pipeline}.quarantine AS q
LEFT JOIN lake.${pipeline}.log AS l
  ON q.stage = 'flink' AND l.topic = q.topic AND l.kafka_partition = q.kafka_partition
  AND l.kafka_offset = q.kafka_offset
${conditions(filter)}
ORDER BY ${orders[order]}
LIMIT ${limit}`);
  const text = (value: unknown) => (value === null ? null : String(value));
  return rows.map((row) => ({
    topic: String(row[0]),
    partition: Number(row[1]),
    offset: String(row[2]),
    stage: String(row[3]),
    reason: String(row[4]),
    fieldPath: text(row[5]),
    eventType: text(row[6]),
    message: text(row[7]),
    payload: text(row[8]),
    isCut: row[9] === true,
    refusedAt: String(row[10]),
  }));
}

/** All rows that fit, at most `limit`, by place, in pages. */
export async function* readPages(
  lake: Lake,
  pipeline: string,
  filter: Filter,
  limit: number,
): AsyncGenerator<Item[]> {
  let after: Place | undefined;
  for (let left = limit; left > 0; ) {
    const items = await readItems(lake, pipeline, { ...filter, after }, Math.min(left, pageItems), "place");
    if (items.length > 0) yield items;
    if (items.length < pageItems) return;
    after = items.at(-1);
    left -= items.length;
  }
}
