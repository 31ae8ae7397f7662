// What became of one load's rows: the ledger's verdicts of the records that carry the load's name, and its rows in the
// quarantine. The SQL of these, and the sum that must hold. Pure.
import type { PipelineFolder } from "../flink-sql/folders.ts";
import { literal } from "../flink-sql/sql-text.ts";

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

/** The sum: rows read = landed + duplicates + filtered + quarantined. Takes records by verdict, refused rows by reason. */
export function sumUp(sent: Sent, verdicts: Record<string, number>, refused: Rows): LoadCounts {
  const take = (...names: string[]) => names.reduce((sum, name) => sum + (verdicts[name] ?? 0), 0);
  const records = take(...Object.keys(verdicts));
  const quarantinedBy = Object.fromEntries(refused.map(([reason, count]) => [String(reason), Number(count)]));
  const atEdge = Object.values(quarantinedBy).reduce((sum, count) => sum + count, 0);
  // Every acked row has a record of its own; what is beyond them are second copies.
  const copies = Math.max(0, records - sent.acked);
  const counts = {
    read: sent.acked + sent.rejected,
    // A row whose key has a later row has landed, and was superseded; one that its table no longer keeps has landed too.
    landed: take("landed", "superseded", "expired"),
    duplicates: take("duplicate") - copies,
    filtered: take("filtered"),
    quarantined: atEdge + take("quarantined"),
    copies,
    quarantinedBy,
  };
  const problems: string[] = [];
  const known = ["landed", "superseded", "expired", "duplicate", "filtered", "quarantined"];
  for (const [verdict, count] of Object.entries(verdicts))
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
