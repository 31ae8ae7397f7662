import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { differences, loadCases, recordsOf } from "../../../flink-sql/cases.ts";
import { loadPipelines } from "../../../flink-sql/folders.ts";

const [game] = await loadPipelines();
const path = mkdtempSync(join(tmpdir(), "swordlake-cases-"));
mkdirSync(join(path, "cases"));
afterAll(() => rmSync(path, { recursive: true }));

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

describe("loadCases", () => {
  it("names every broken file and what is wrong in it", () => {
    writeFileSync(join(path, "cases/a.json"), "{");
    writeFileSync(join(path, "cases/b.json"), JSON.stringify({ shows: "x", given: [], expect: {} }));
    writeFileSync(
      join(path, "cases/c.json"),
      JSON.stringify({ shows: "x", given: [{ event_type: "y" }], expect: {} }),
    );
    expect(() => loadCases({ ...game!, path })).toThrow(/a\.json: .*JSON[\s\S]*b\.json: .*[\s\S]*given/);
  });

  it("finds none where there is no folder", () => {
    expect(loadCases({ ...game!, path: join(path, "elsewhere") })).toEqual([]);
  });
});
