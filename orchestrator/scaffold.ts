// The files of a new pipeline: one event, one table, one job, one report, one case. Pure.

/** File contents by path within the folder. `name` is a SQL identifier. */
export function scaffold(name: string): Record<string, string> {
  return {
    "pipeline.ts": `// What clients may send: a zod field here is a column, a check at the edge and a line of the OpenAPI document.
import { definePipeline, event, topic } from "swordlake";
import { z } from "zod";

export default definePipeline({
  title: "${name}: say here what it is for",
  topics: {
    events: topic({
      key: "user_id",
      events: {
        something_happened: event("Say here when a client sends this", {
          user_id: z.string().min(1).max(128).meta({ examples: ["user-1"] }),
          what: z.string().min(1).max(200).meta({ examples: ["a click", "a purchase"] }),
          amount: z.int32().min(1).default(1).meta({ examples: [1, 2, 3] }),
        }),
      },
    }),
  },
});
`,
    "tables/happenings.sql": `-- One row per something_happened.
-- assert: unique event_id
-- assert: not null event_id, event_time, user_id
CREATE TABLE IF NOT EXISTS happenings (
  event_id        STRING,
  event_time      TIMESTAMP_LTZ(6),
  user_id         STRING,
  what            STRING,
  amount          INT,
  kafka_partition INT,
  kafka_offset    BIGINT
) WITH (
  'format-version' = '2',
  'write.format.default' = 'parquet',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50'
);
`,
    "jobs/landing.sql": `-- Each accepted event once. 'events' is the topic's view: valid records, copies removed.
INSERT INTO happenings
SELECT event_id, event_time, user_id, what, amount, kafka_partition, kafka_offset
FROM events
WHERE event_type = 'something_happened';
`,
    "reports/amount_by_what.sql": `-- Amount by what happened
-- question: How often did each thing happen, and how much of it?
-- chart: bar x=what y=amount
SELECT what, COUNT(*) AS happenings, SUM(CAST(amount AS BIGINT)) AS amount
FROM lake.${name}.happenings
GROUP BY what
ORDER BY amount DESC, what;
`,
    "cases/a_copy_lands_once.json": `${JSON.stringify(
      {
        shows: "An event lands once, also where it is sent twice; one without a user is refused",
        given: [
          { event_type: "something_happened", event_id: "a", user_id: "ann", what: "a click" },
          { event_type: "something_happened", event_id: "a", user_id: "ann", what: "a click" },
          { event_type: "something_happened", event_id: "b", what: "a click" },
        ],
        refused: { "2": "user_id" },
        expect: { happenings: [{ event_id: "a", user_id: "ann", what: "a click", amount: 1 }] },
      },
      null,
      2,
    )}\n`,
  };
}
