// What a job's own WHERE drops is written down: by which rule, and only where a row stays one event of a topic.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ownFilters, withFiltered } from "../../../flink-sql/filters.ts";
import { definePipeline, event, topic } from "../../../flink-sql/pipeline.ts";
import { splitStatements } from "../../../flink-sql/statements.ts";

const place = "event_id STRING, kafka_partition INT, kafka_offset BIGINT";
const shop = {
  ...definePipeline({
    title: "Shop",
    topics: {
      sales: topic({
        key: "item",
        events: {
          sale: event("s", { item: z.string(), price: z.int() }),
          refund: event("r", { item: z.string() }),
        },
      }),
    },
  }),
  tables: [
    { name: "dear", path: "/p/dear.sql", text: `CREATE TABLE dear (${place})` },
    { name: "counts", path: "/p/counts.sql", text: "CREATE TABLE counts (item STRING, n BIGINT)" },
  ],
};
const into = "INSERT INTO dear SELECT event_id, kafka_partition, kafka_offset";

describe("own filters", () => {
  it("are the conditions beside the event type, with the types they are about", () => {
    expect(
      ownFilters(shop, `${into} FROM sales AS s WHERE s.event_type = 'sale' AND -- dear\n s.price > 5`),
    ).toEqual([
      {
        table: "dear",
        topic: "sales",
        types: ["sale"],
        from: "sales AS s",
        condition: "s.event_type = 'sale' AND s.price > 5",
      },
    ]);
    expect(ownFilters(shop, `${into} FROM sales WHERE item\n   <> 'two  spaces'`)[0]!.condition).toBe(
      "item <> 'two  spaces'",
    );
    expect(ownFilters(shop, `${into} FROM \`sales\` WHERE price > 5`)[0]!.types).toEqual(["sale", "refund"]);
  });

  it.each([
    ["nothing", `${into} FROM sales`],
    ["event types alone", `${into} FROM sales WHERE event_type = 'sale' OR event_type IN ('refund')`],
    ["a join", `${into} FROM sales JOIN x ON TRUE WHERE price > 5`],
    ["a sum", "INSERT INTO dear SELECT item FROM sales WHERE price > 5 GROUP BY item"],
    ["a query within", `${into} FROM (SELECT * FROM sales) WHERE price > 5`],
    ["a view", `${into} FROM dear_sales WHERE price > 5`],
    ["a table that holds no events", "INSERT INTO counts SELECT item, 1 FROM sales WHERE price > 5"],
  ])("are none with %s", (_what, statement) => {
    expect(ownFilters(shop, statement)).toEqual([]);
    expect(withFiltered(shop, statement)).toBe(statement);
  });

  it("make an INSERT more, in a set with the job's own", () => {
    const sql = withFiltered(shop, `${into} FROM sales WHERE price > 5 AND item <> 'it''s'`);
    expect(splitStatements(sql)).toHaveLength(1);
    expect(sql).toContain("'dear', 'price > 5 AND item <> ''it''''s'''");
    expect(sql).toContain("(price > 5 AND item <> 'it''s') IS NOT TRUE");
    const set = `EXECUTE STATEMENT SET BEGIN\n${into} FROM sales WHERE price > 5;\nEND`;
    expect(splitStatements(withFiltered(shop, set))).toHaveLength(1);
    expect(withFiltered(shop, set).match(/\bEND\b/g)).toHaveLength(1);
  });
});
