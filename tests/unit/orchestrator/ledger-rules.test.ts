// Which events a table takes, as the ledger reads it from a folder's own SQL.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { PipelineFolder } from "../../../flink-sql/folders.ts";
import { alert, definePipeline, event, topic } from "../../../flink-sql/pipeline.ts";
import { placeProblems, tableRules } from "../../../orchestrator/ledger/rules.ts";

const sku = z.string();
const file = (name: string, text: string) => ({ name, path: `/p/${name}.sql`, text });

const folder = (tables: Record<string, string>, job: string): PipelineFolder => ({
  ...definePipeline({
    title: "Shelf",
    topics: {
      items: topic({ key: "sku", events: { item: event("i", { sku }), gone: event("g", { sku }) } }),
      calls: topic({ key: "sku", events: { call: event("c", { sku }) } }),
    },
  }),
  name: "shelf",
  path: "/p",
  tables: Object.entries(tables).map(([name, columns]) => file(name, `CREATE TABLE ${name} ${columns}`)),
  jobs: [file("landing", job)],
  reports: [],
});

const place = "event_id STRING, kafka_partition INT, kafka_offset BIGINT";
const upsert = "PRIMARY KEY (sku) NOT ENFORCED) WITH ('write.upsert.enabled' = 'true')";

describe("rules of tables", () => {
  it("name what an INSERT takes; a table without places has none", () => {
    const rules = tableRules(
      folder(
        { kept: `(${place}, sku STRING)`, counts: "(sku STRING, n BIGINT)" },
        "INSERT INTO kept SELECT * FROM items WHERE event_type = 'item';" +
          "INSERT INTO counts SELECT sku, COUNT(*) FROM items GROUP BY sku;",
      ),
    );
    expect(rules).toEqual([{ table: "kept", topic: "items", takes: ["item"], key: [], isShared: false }]);
  });

  it("leave out what is raised as an alert: it goes to a topic", () => {
    const burst = alert("too many", { key: ["sku"], fields: { sku } });
    const raising = folder({}, "INSERT INTO burst_alert SELECT 'burst', sku FROM items;");
    expect(tableRules({ ...raising, alerts: { burst } })).toEqual([]);
    expect(tableRules(raising).map(({ table }) => table)).toEqual(["burst_alert"]);
  });

  it("name the key of a table of latest rows, with its type", () => {
    const [rule] = tableRules(
      folder({ latest: `(${place}, sku STRING, ${upsert}` }, "INSERT INTO latest SELECT * FROM items"),
    );
    expect(rule).toMatchObject({ takes: ["item", "gone"], key: [{ name: "sku", type: "STRING" }] });
  });

  it("see through views, and count a type once per INSERT", () => {
    const rules = tableRules(
      folder(
        { kept: `(${place})` },
        "CREATE TEMPORARY VIEW seen AS SELECT * FROM items WHERE event_type = 'item';" +
          "CREATE TEMPORARY VIEW again AS SELECT * FROM seen;" +
          "INSERT INTO kept SELECT * FROM again; INSERT INTO kept SELECT * FROM items WHERE event_type = 'gone'",
      ),
    );
    expect(rules).toEqual([
      { table: "kept", topic: "items", takes: ["item", "gone"], key: [], isShared: false },
    ]);
  });

  it("tell rows of two topics apart by their event_type, and ask for that column", () => {
    const job = "INSERT INTO both_kinds SELECT * FROM items UNION ALL SELECT * FROM calls";
    const rules = tableRules(folder({ both_kinds: `(${place}, event_type STRING)` }, job));
    expect(rules.map(({ topic, isShared }) => [topic, isShared])).toEqual([
      ["items", true],
      ["calls", true],
    ]);
    expect(placeProblems(folder({ both_kinds: `(${place})` }, job))).toEqual([
      expect.stringMatching(
        /^\/p\/both_kinds\.sql:1: table 'both_kinds' lacks event_type: .*event_type STRING/,
      ),
    ]);
  });
});

describe("places", () => {
  const job = "INSERT INTO t SELECT * FROM items";

  it("may be left out, but not by half", () => {
    expect(placeProblems(folder({ t: "(sku STRING)" }, job))).toEqual([]);
    expect(placeProblems(folder({ t: "(sku STRING, kafka_offset BIGINT)" }, job))).toEqual([
      expect.stringContaining("lacks event_id, kafka_partition"),
    ]);
  });

  it("are found by the key's own field", () => {
    const wrong = upsert.replace("(sku)", "(shelf_sku)");
    expect(placeProblems(folder({ t: `(${place}, shelf_sku STRING, ${wrong}` }, job))).toEqual([
      expect.stringContaining("keeps the latest row by 'shelf_sku', which is no field of its events"),
    ]);
    expect(placeProblems(folder({ t: `(${place}, sku STRING, ${upsert}` }, job))).toEqual([]);
  });

  it("of a key are in order at parallelism 1, or where the job puts them in order", () => {
    const tables = { t: `(${place}, sku STRING, ${upsert}` };
    const wide = (job: string) => placeProblems({ ...folder(tables, job), parallelism: 2 });
    expect(wide(job)).toEqual([
      expect.stringMatching(/parallelism 2 loses their order: .*PARTITION BY sku ORDER BY kafka_offset DESC/),
    ]);
    const ranked =
      "(SELECT *, ROW_NUMBER() OVER (PARTITION BY sku ORDER BY kafka_offset DESC) AS n FROM items)";
    expect(wide(`INSERT INTO t SELECT * FROM ${ranked} WHERE n = 1`)).toEqual([]);
  });
});
