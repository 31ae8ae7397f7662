// What the API refused, held against the quarantine: each record of its topic has one row there.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { Engines } from "../engines/engines.ts";
import { inFlight, type Place } from "./places.ts";
import { type Problem, problem } from "./problems.ts";
import { boundsTable, gapsQuery } from "./sql.ts";

export interface Refusals {
  /** Requests and events that the API refused and wrote down. */
  refused: number;
  /** Of those, in the quarantine. */
  kept: number;
  inFlight: number;
}

/** Rows below the bounds that came from the topic of refusals. */
const rowsOf = ({ name }: PipelineFolder, places: Place[]) => `FROM lake.${name}.quarantine AS q
JOIN ${boundsTable(places)} ON b.topic = q.topic AND b.kafka_partition = q.kafka_partition
WHERE q.kafka_offset < b.up_to`;

/** Reads the quarantine below the bounds; where the numbers fit, the places aren't looked for. */
export async function readRefusals(
  { lake }: Pick<Engines, "lake">,
  pipeline: PipelineFolder,
  places: Place[],
  problemsMax: number,
): Promise<{ refusals: Refusals; problems: Problem[] }> {
  const refused = places.reduce((sum, { low, high }) => sum + high - low, 0);
  const rows = rowsOf(pipeline, places);
  const counted = await lake.query(
    `SELECT count(*), count(DISTINCT (q.kafka_partition, q.kafka_offset)) ${rows}`,
  );
  const [written, distinct] = (counted.rows[0] ?? []).map(Number) as [number, number];
  const refusals = { refused, kept: distinct, inFlight: inFlight(places) };
  const [gaps, doubled] = await Promise.all([
    distinct === refused - refusals.inFlight
      ? { rows: [] }
      : lake.query(gapsQuery(pipeline, places, problemsMax, "quarantine")),
    written === distinct
      ? { rows: [] }
      : lake.query(
          `SELECT q.topic, q.kafka_partition, q.kafka_offset, count(*) ${rows}
GROUP BY 1, 2, 3 HAVING count(*) > 1 ORDER BY 1, 2, 3 LIMIT ${problemsMax}`,
        ),
  ]);
  return {
    refusals,
    problems: [
      ...gaps.rows.map(([topic, partition, first, last]) =>
        problem(
          "missing in the quarantine",
          topic,
          partition,
          first,
          `refusals at offsets ${first} to ${last}`,
        ),
      ),
      ...doubled.rows.map(([topic, partition, offset, copies]) =>
        problem("doubled in the quarantine", topic, partition, offset, `${copies} rows of one refusal`),
      ),
    ],
  };
}
