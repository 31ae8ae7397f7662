// What a replay compares and changes: rows of records below the bounds, and none that retention has removed.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { PipelineFolder } from "../../../flink-sql/folders.ts";
import { definePipeline, event, topic } from "../../../flink-sql/pipeline.ts";
import { declaredTables } from "../../../flink-sql/tables.ts";
import { tableRules } from "../../../orchestrator/ledger/rules.ts";
import { recordStatements, swapOf } from "../../../orchestrator/replay/sql.ts";

const place = "event_id STRING, event_time TIMESTAMP_LTZ(6), kafka_partition INT, kafka_offset BIGINT";
const file = (name: string, text: string) => ({ name, path: `/p/${name}.sql`, text });

const shelf: PipelineFolder = {
  ...definePipeline({
    title: "Shelf",
    topics: { items: topic({ key: "sku", events: { item: event("i", { sku: z.string() }) } }) },
  }),
  name: "shelf",
  path: "/p",
  tables: [
    file("every", `CREATE TABLE every (${place}, sku STRING)`),
    file(
      "latest",
      `CREATE TABLE latest (${place}, sku STRING, PRIMARY KEY (sku) NOT ENFORCED) WITH ('write.upsert.enabled'='true')`,
    ),
  ],
  jobs: [
    file(
      "landing",
      "EXECUTE STATEMENT SET BEGIN INSERT INTO every SELECT * FROM items; INSERT INTO latest SELECT * FROM items; END",
    ),
  ],
  reports: [],
};
const bounds = [
  { topic: "items", partition: 0, low: 0, upTo: 7 },
  { topic: "items", partition: 1, low: 0, upTo: 9 },
];
const swapNamed = (name: string, pipeline = shelf) =>
  swapOf(
    pipeline,
    declaredTables(shelf).find((table) => table.name === name)!,
    tableRules(shelf).filter((rule) => rule.table === name),
    bounds,
  );

describe("a replay", () => {
  it("writes the log's records below the bounds into a file, in the order of their places", () => {
    const [lines, set] = recordStatements(shelf, bounds, "/state/it's");
    expect(lines).toContain("'path' = 'file:///state/it''s/items.jsonl'");
    expect(set).toContain(
      "(kafka_partition = 0 AND kafka_offset < 7) OR (kafka_partition = 1 AND kafka_offset < 9)",
    );
    expect(set).toContain("ORDER BY kafka_partition, kafka_offset");
  });

  it("pairs rows by event_id, and leaves those beyond the bounds to the running job", () => {
    const { merge, clean } = swapNamed("every");
    expect(merge).toContain("ON t.event_id = d.event_id");
    expect(merge).toContain("(l.kafka_partition = 0 AND l.kafka_offset < 7)");
    expect(merge).toContain("WHEN s.event_id IS NULL AND l.is_below THEN 'delete'");
    expect(clean).toBeUndefined();
  });

  it("pairs the last row of a key, and removes an older one that a commit in between has left", () => {
    const { merge, clean } = swapNamed("latest");
    expect(merge).toContain("PARTITION BY sku ORDER BY kafka_offset DESC");
    expect(merge).toContain("ON t.sku = d.sku");
    expect(merge).not.toContain("sku = d.sku,");
    expect(clean).toMatch(
      /^DELETE FROM lake\.shelf\.latest WHERE .*kafka_offset < 7.*HAVING count\(\*\) > 1\)$/,
    );
  });

  it("brings back no row that the table's retention has removed", () => {
    const kept = {
      ...shelf,
      retention: { every: { by: "event_time", days: 3 } },
      keptSince: { every: "2026-03-01" },
    };
    expect(swapNamed("every", kept).merge).toContain("CAST(event_time AS DATE) >= DATE '2026-03-01'");
    expect(swapNamed("latest", kept).merge).not.toContain("CAST(event_time AS DATE)");
  });
});
