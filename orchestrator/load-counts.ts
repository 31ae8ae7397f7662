// What became of one load's rows, counted in the lake: verdicts of the records that carry the load's name, and
// its rows in the quarantine. The SQL, and the sum that must hold. Pure.
import type { PipelineFolder } from "../flink-sql/folders.ts";
import { literal, where } from "../flink-sql/sql-text.ts";
import { inSlice, type Slice } from "./ledger/slices.ts";
import { type Bound, judgedRecords, logEventId } from "./ledger/sql.ts";

/** Records of a slice below the bounds whose client was `userAgent`, by verdict. */
export const runVerdictsQuery = (
  pipeline: PipelineFolder,
  bounds: Bound[],
  userAgent: string,
  slice: Slice,
) => `${judgedRecords(pipeline, bounds, slice)},
of_run AS (
  SELECT DISTINCT l.topic, l.kafka_partition, l.kafka_offset
  FROM lake.${pipeline.name}.log AS l${where([
    `json_extract_scalar(from_utf8(l.record), '$.user_agent') = ${literal(userAgent)}`,
    ...inSlice(logEventId, slice),
  ])}
)
SELECT j.verdict, count(*)
FROM judged AS j
JOIN of_run AS r
  ON r.topic = j.topic AND r.kafka_partition = j.kafka_partition AND r.kafka_offset = j.kafka_offset
GROUP BY 1`;

/** Rows that the API refused, each once however often it was sent, by reason. */
export const runQuarantineQuery = (pipeline: PipelineFolder, userAgent: string) => `
SELECT reason, count(*)
FROM (
  SELECT source_file, source_line, min(reason) AS reason
  FROM lake.${pipeline.name}.quarantine
  WHERE stage = 'edge' AND user_agent = ${literal(userAgent)}
  GROUP BY 1, 2
)
GROUP BY 1
ORDER BY 2 DESC, 1`;

/** What the load itself knows. */
export interface Sent {
  acked: number;
  rejected: number;
  /** Rows that may be in Kafka twice, as an answer was lost or the load was cut. */
  sentAgain: number;
}

export interface LoadCounts {
  read: number;
  landed: number;
  duplicates: number;
  filtered: number;
  quarantined: number;
  /** Copies in Kafka that sending again has made; they are no rows, and in no count above. */
  copies: number;
  quarantinedBy: Record<string, number>;
  holds: boolean;
  /** Why it doesn't hold; empty where it does. */
  problems: string[];
}

type Rows = readonly (readonly unknown[])[];

/** The sum: rows read = landed + duplicates + filtered + quarantined. */
export function sumUp(sent: Sent, verdicts: Rows, refused: Rows): LoadCounts {
  const by = new Map<string, number>();
  for (const [verdict, count] of verdicts)
    by.set(String(verdict), (by.get(String(verdict)) ?? 0) + Number(count));
  const take = (...names: string[]) => names.reduce((sum, name) => sum + (by.get(name) ?? 0), 0);
  const records = [...by.values()].reduce((sum, count) => sum + count, 0);
  const quarantinedBy = Object.fromEntries(refused.map(([reason, count]) => [String(reason), Number(count)]));
  const atEdge = Object.values(quarantinedBy).reduce((sum, count) => sum + count, 0);
  // Every acked row has a record of its own; what is beyond them are second copies.
  const copies = Math.max(0, records - sent.acked);
  const counts = {
    read: sent.acked + sent.rejected,
    // A row whose key has a later row has landed, and was superseded.
    landed: take("landed", "superseded"),
    duplicates: take("duplicate") - copies,
    filtered: take("filtered"),
    quarantined: atEdge + take("quarantined"),
    copies,
    quarantinedBy,
  };
  const problems: string[] = [];
  const known = ["landed", "superseded", "duplicate", "filtered", "quarantined"];
  for (const [verdict, count] of by)
    if (!known.includes(verdict)) problems.push(`${count} rows are ${verdict}`);
  if (records < sent.acked)
    problems.push(`${sent.acked - records} of ${sent.acked} accepted rows aren't in the lake's log`);
  if (copies > sent.sentAgain)
    problems.push(`${copies} records are in Kafka twice, and only ${sent.sentAgain} rows were sent again`);
  if (atEdge !== sent.rejected)
    problems.push(`${sent.rejected} rows were refused, and the quarantine has ${atEdge} of this load`);
  const sum = counts.landed + counts.duplicates + counts.filtered + counts.quarantined;
  if (sum !== counts.read) problems.push(`${counts.read} rows were read, and ${sum} are accounted for`);
  return { ...counts, holds: problems.length === 0, problems };
}
