// What tables assert: how it is read, asked, and told.
import { describe, expect, it } from "vitest";
import { loadPipelines, type PipelineFolder } from "../../../flink-sql/folders.ts";
import { definePipeline } from "../../../flink-sql/pipeline.ts";
import { type Assertion, parseAssertions, parseCheck } from "../../../orchestrator/assertions/declared.ts";
import { assertionQuery, verdict } from "../../../orchestrator/assertions/live.ts";

const folder = (...lines: string[]): PipelineFolder => ({
  ...definePipeline({ title: "t", topics: {} }),
  name: "p",
  path: "/x",
  tables: [
    {
      name: "t",
      path: "/x/t.sql",
      text: `-- Rows.\n${lines.join("\n")}\nCREATE TABLE t (id STRING, day DATE, kafka_partition INT, kafka_offset BIGINT) WITH ('a' = 'b');`,
    },
  ],
  jobs: [],
  reports: [],
});

describe("an assertion", () => {
  it.each([
    ["unique id, day", { kind: "unique", columns: ["id", "day"] }],
    ["not null id", { kind: "not null", columns: ["id"] }],
    ["fresh day within 90m", { kind: "fresh", column: "day", withinSeconds: 5400 }],
    ["rows 5..", { kind: "rows", from: 5, to: Number.POSITIVE_INFINITY }],
    ["rows 1..9 day within 2d", { kind: "rows", from: 1, to: 9, column: "day", withinSeconds: 172_800 }],
    ["fresh day", undefined],
    ["unique", undefined],
    ["unique id; DROP TABLE t", undefined],
  ])("%s", (text, check) => {
    expect(parseCheck(text)).toEqual(check);
  });

  it("has its place; every mistake is told with it, at once", () => {
    expect(parseAssertions(folder("-- assert: unique id"))).toMatchObject([
      { table: "t", source: "/x/t.sql:2" },
    ]);
    expect(() =>
      parseAssertions(folder("-- assert: uniq id", "--assert: not null nope", "-- assert: rows 9..1")),
    ).toThrow(
      /^\/x\/t\.sql:2: 'uniq id' is no assertion: write 'unique event_id'.*\n\/x\/t\.sql:3: .*no column 'nope'\. Columns: id, day.*\n\/x\/t\.sql:4: .*9\.\.1\.$/,
    );
  });

  it("of all pipelines that come with the checkout can be read", async () => {
    for (const pipeline of await loadPipelines()) {
      const all = parseAssertions(pipeline);
      expect(all.length, pipeline.name).toBeGreaterThan(0);
      for (const assertion of all)
        expect(assertionQuery(pipeline, assertion)).toContain(`"${assertion.table}"`);
    }
  });
});

describe("what is told", () => {
  const of = (text: string): Assertion => ({
    table: "t",
    text,
    source: "/x/t.sql:2",
    check: parseCheck(text)!,
  });
  it.each<[string, Record<string, unknown>[], string | undefined]>([
    ["unique id", [], undefined],
    [
      "unique id",
      [
        { id: "a", n: "3", faults: "2" },
        { id: "b", n: "2", faults: "2" },
      ],
      "table t: 2 values of id stand in more than one row: id a (3 rows); id b (2 rows)",
    ],
    ["not null id, day", [], undefined],
    [
      "not null id, day",
      [{ "nulls id": "2", "nulls day": "0", kafka_partition: 1, kafka_offset: "7" }],
      "table t: id is NULL in 2 rows: kafka_partition 1, kafka_offset 7",
    ],
    ["fresh day within 1h", [{ newest: "2026-01-01", holds: true }], undefined],
    [
      "fresh day within 1h",
      [{ newest: "2026-01-01", holds: false }],
      "table t: the newest day is 2026-01-01, 'fresh day within 1h'",
    ],
    [
      "fresh day within 1h",
      [{ newest: null, holds: false }],
      "table t: no row has day, 'fresh day within 1h' asks for a new one",
    ],
    ["rows 1..9", [{ n: "9" }], undefined],
    ["rows 1..9", [{ n: "10" }], "table t: 10 rows, 'rows 1..9'"],
    ["rows 1..", [{ n: "0" }], "table t: 0 rows, 'rows 1..'"],
  ])("%s %j", (text, rows, said) => {
    expect(verdict(of(text), rows)).toBe(said);
  });

  it("asks in one statement each", () => {
    const pipeline = folder();
    const query = (text: string) => assertionQuery(pipeline, of(text));
    expect(query("unique id")).toMatch(
      /FROM lake\."p"\."t" WHERE "id" IS NOT NULL GROUP BY "id" HAVING count\(\*\) > 1\)/,
    );
    expect(query("not null id")).toMatch(
      /^SELECT "kafka_partition", "kafka_offset", count_if\("id" IS NULL\) OVER \(\)/,
    );
    expect(query("rows 1..9 day within 2d")).toMatch(/INTERVAL '1' SECOND \* 172800$/);
  });
});
