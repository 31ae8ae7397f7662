import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  type Case,
  differences,
  loadCases,
  misjudged,
  recordsOf,
  rowsAfter,
} from "../../../flink-sql/cases.ts";
import { loadPipelines } from "../../../flink-sql/folders.ts";
import { amount, decimal, definePipeline, event, time, topic } from "../../../flink-sql/pipeline.ts";

const game = (await loadPipelines()).find(({ name }) => name === "game");
const path = mkdtempSync(join(tmpdir(), "swordlake-cases-"));
mkdirSync(join(path, "cases"));
afterAll(() => rmSync(path, { recursive: true }));

describe("changes of a table with a key", () => {
  const put = (id: number, of: string, n: number) => ({
    op: "c" as const,
    before: null,
    after: { id, of, n },
  });
  const take = (id: number, of: string, n: number) => ({
    op: "d" as const,
    before: { id, of, n },
    after: null,
  });

  it("leave the last row of each key, in the order in which they came", () => {
    expect(rowsAfter([put(1, "a", 1), put(2, "a", 1), put(1, "b", 1), put(1, "a", 2)], ["id", "of"])).toEqual(
      [
        { id: 1, of: "a", n: 2 },
        { id: 2, of: "a", n: 1 },
        { id: 1, of: "b", n: 1 },
      ],
    );
  });

  it("leave none where the last took it back", () => {
    expect(rowsAfter([put(1, "a", 1), take(1, "a", 1), put(1, "a", 2)], ["id"])).toEqual([
      { id: 1, of: "a", n: 2 },
    ]);
    expect(rowsAfter([put(1, "a", 1), take(1, "a", 1)], ["id"])).toEqual([]);
  });
});

describe("differences", () => {
  it("are none where every expected column fits, in any order of rows", () => {
    const actual = {
      t: [
        { a: 1, b: 2 },
        { a: 3, b: null },
      ],
    };
    expect(differences({ t: [{ a: 3, b: null }, { a: 1 }] }, actual)).toEqual([]);
  });

  it("name row and column of the closest row", () => {
    const told = differences(
      { t: [{ a: 1, b: 5 }] },
      {
        t: [
          { a: 9, b: 9 },
          { a: 1, b: 2 },
        ],
      },
    );
    expect(told).toEqual([
      "t row 0, column b: expected 5, found 2",
      't: a row nobody expected: {"a":9,"b":9}',
    ]);
  });

  it("name a row that is missing", () => {
    expect(differences({ t: [{ a: 1 }] }, {})).toEqual([
      't row 0: expected {"a":1}, and there is no row left',
    ]);
  });
});

describe("recordsOf", () => {
  it("gives each accepted event a place, and tells the field of each refused one", () => {
    const given = [
      { event_type: "find_treasure", user_id: "ada" },
      { event_type: "join_guild", user_id: "ada" },
      { event_type: "no_such_type" },
      { event_type: "take_potion", user_id: "bo", amount: 2 },
    ];
    const { byTopic, refused } = recordsOf(game!, { given });
    expect(refused).toEqual({ 1: "guild_name", 2: "event_type" });
    expect(byTopic.get("events")).toMatchObject([
      { event_id: "event-0", kafka_offset: 0 },
      { event_id: "event-3", kafka_offset: 1, health: 20 },
    ]);
  });
});

describe("a case of a CSV file", () => {
  const csv = {
    columns: { event_time: "seen" },
    nothing: ["NaN"],
    read: { price: amount(), event_time: time("yyyy-MM-dd") },
  };
  const fields = { id: z.string().regex(/^[a-z]\d$/), price: decimal(8, 2).optional() };
  const pipeline = {
    ...definePipeline({
      title: "t",
      topics: { items: topic({ key: "id", events: { item: event("x", fields, { csv }) } }) },
    }),
    name: "shop",
    path,
    tables: [],
    jobs: [],
    reports: [],
  };
  const rows = ["ID,Seen,Price", "a1,2020-02-29,$1.50", "b2,2021-02-29,1", "2020-01-01,a1,", "c3,2020-01-01"];
  const twice = [...rows, "a1,2020-02-29,$1.50", "d4,2020-01-01,NaN", "e5,20"];
  const one = (more: Partial<Case>): Pick<Case, "csv" | "refused" | "unreadable"> => ({
    csv: { text: twice.join("\r\n") },
    refused: {},
    unreadable: {},
    ...more,
  });

  it("gives each row that reads an id by its content, and a reason to each that doesn't", () => {
    const found = recordsOf(pipeline, one({}));
    const [first, second, third] = found.byTopic.get("items") as { event_id: string }[];
    expect(first).toMatchObject({ id: "a1", price: "1.50", event_time: "2020-02-29T00:00:00.000Z" });
    expect(first!.event_id).toMatch(/^[0-9a-f]{40}$/);
    expect(second).toMatchObject({ event_id: first!.event_id, kafka_offset: 1 });
    expect(third).toMatchObject({ id: "d4" });
    expect(third).not.toHaveProperty("price");
    expect(found.unreadable).toEqual({
      3: "value_unreadable",
      4: "value_unreadable",
      5: "column_count",
      8: "row_cut",
    });
    expect(misjudged(one({ unreadable: { ...found.unreadable } as Case["unreadable"] }), found)).toEqual([]);
    expect(misjudged(one({ unreadable: { 3: "row_cut" }, refused: { "line 7": "price" } }), found)).toEqual([
      "given line 7: expected price, the contract says accepted",
      "csv line 3: expected row_cut, the contract says value_unreadable",
      "csv line 4: expected accepted, the contract says value_unreadable",
      "csv line 5: expected accepted, the contract says column_count",
      "csv line 8: expected accepted, the contract says row_cut",
    ]);
  });

  it("names what the contract refuses by its line, beside events", () => {
    const text = "id,seen,price\nshifted,2020-01-01,1\nb2,2020-01-01,2\n";
    const given = [{ event_type: "item", id: "no" }];
    const found = recordsOf(pipeline, { given, csv: { event: "item", text } });
    expect(found.refused).toEqual({ 0: "id", "line 2": "id" });
    expect(found.byTopic.get("items")).toHaveLength(1);
  });

  it("reads bytes that are no UTF-8", () => {
    const base64 = Buffer.from("id,seen,price\na\xe9,2020-01-01,1\n", "latin1").toString("base64");
    expect(recordsOf(pipeline, { csv: { base64 } }).unreadable).toEqual({ 2: "not_utf8" });
  });

  it("expects a file as a whole to be refused, with what the load says", () => {
    const noHeader = recordsOf(pipeline, { csv: { text: "a1,2020-02-29,1\n" } });
    expect(noHeader.fileRefused).toMatch(/^csv: no header that fits: it lacks the columns 'id', 'seen'/);
    expect(misjudged(one({ csv: { text: "", refused: "no header that fits" } }), noHeader)).toEqual([]);
    expect(misjudged(one({}), noHeader)).toEqual([
      expect.stringMatching(/^csv: expected a file that can be loaded, the load says csv: no header/),
    ]);
    expect(recordsOf(pipeline, { csv: { text: "" } }).fileRefused).toMatch(/the file is empty/);
  });
});

describe("loadCases", () => {
  it("names every broken file and what is wrong in it", () => {
    writeFileSync(join(path, "cases/a.json"), "{");
    writeFileSync(join(path, "cases/b.json"), JSON.stringify({ shows: "x", given: [], expect: {} }));
    writeFileSync(
      join(path, "cases/c.json"),
      JSON.stringify({ shows: "x", given: [{ event_type: "y" }], expect: {} }),
    );
    const file = (name: string, content: object) =>
      writeFileSync(join(path, "cases", name), JSON.stringify({ shows: "x", expect: {}, ...content }));
    file("d.json", {});
    file("e.json", { csv: { event: "y" } });
    file("f.json", { csv: { text: "a" }, unreadable: { 2: "no_such_reason" } });
    expect(() => loadCases({ ...game!, path })).toThrow(
      /a\.json: .*JSON[\s\S]*b\.json: [\s\S]*given[\s\S]*d\.json: .*'given', rows under 'csv'[\s\S]*e\.json: .*as text or as base64[\s\S]*f\.json: .*"column_count"/,
    );
  });

  it("finds none where there is no folder", () => {
    expect(loadCases({ ...game!, path: join(path, "elsewhere") })).toEqual([]);
  });
});
