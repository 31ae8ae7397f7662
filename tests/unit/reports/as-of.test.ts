// Reports as of a past snapshot: which tables a statement names, and what it says of each.
import { describe, expect, test } from "vitest";
import type { Lake } from "../../../orchestrator/engines/trino.ts";
import { asOf, parseMoment, resolveVersions, tablesOf } from "../../../orchestrator/reports/as-of.ts";

const sql = `WITH x AS (SELECT lake.p.sales.n FROM lake.p.sales, Lake . "p" . "odd table" AS o)
SELECT 'lake.p.no' /* lake.p.no */ FROM x JOIN lake.p.sales s ON s.n = x.n -- lake.p.no
WHERE EXISTS (SELECT 1 FROM lake.p."sales$snapshots") AND other.lake.p.t = 1`;

describe("a statement's tables", () => {
  test("are those of the lake, not columns, text or comments", () => {
    expect(tablesOf(sql)).toEqual(["lake.p.sales", "lake.p.odd table"]);
  });

  test("each get their version, wherever they are named", () => {
    const then = asOf(sql, { "lake.p.sales": "1", "lake.p.odd table": "2" });
    expect(then).toBe(
      sql
        .replace("FROM lake.p.sales,", "FROM lake.p.sales FOR VERSION AS OF 1,")
        .replace('"odd table"', '"odd table" FOR VERSION AS OF 2')
        .replace("JOIN lake.p.sales s", "JOIN lake.p.sales FOR VERSION AS OF 1 s"),
    );
  });
});

test("a moment is a snapshot or a time", () => {
  expect(parseMoment("9223372036854775807")).toEqual({ snapshot: "9223372036854775807" });
  for (const text of [
    "2026-02-28T12:30",
    "2026-02-28 12:30:00",
    "2026-02-28T14:30+02:00",
    "2026-02-28T12:30:00.000Z",
  ])
    expect(parseMoment(text)).toEqual({ time: new Date("2026-02-28T12:30:00Z") });
  expect(parseMoment("2026-02-28")).toEqual({ time: new Date("2026-02-28T00:00:00Z") });
  for (const text of ["yesterday", "2026-13-01", "12:30", "", "1; DROP TABLE x"])
    expect(() => parseMoment(text)).toThrow(/give a snapshot's number, or a time/);
});

describe("versions", () => {
  const history: Record<string, [string, string][]> = {
    sales: [
      ["11", "2026-01-01T00:00:00.000Z"],
      ["12", "2026-01-03T00:00:00.000Z"],
    ],
    items: [["21", "2026-01-02T00:00:00.000Z"]],
  };
  const lake: Lake = {
    query: async (query) => ({ columns: [], rows: history[/"(\w+)\$history"/.exec(query)![1]!]! }),
  };
  const tables = ["lake.p.sales", "lake.p.items"];

  test("are those that were newest at a time", async () => {
    const found = await resolveVersions(lake, tables, parseMoment("2026-01-02"));
    expect(found.versions).toEqual({ "lake.p.sales": "11", "lake.p.items": "21" });
  });

  test("of a snapshot: its own, and the others as of its moment", async () => {
    const found = await resolveVersions(lake, tables, { snapshot: "12" });
    expect(found).toEqual({
      versions: { "lake.p.sales": "12", "lake.p.items": "21" },
      time: new Date("2026-01-03T00:00:00Z"),
    });
  });

  test("that are missing are an error with the table and what there is", async () => {
    await expect(resolveVersions(lake, tables, { snapshot: "99" })).rejects.toThrow(
      /no table of the report has this snapshot.\nlake\.p\.sales has 2 snapshots: 11 of 2026-01-01/,
    );
    await expect(resolveVersions(lake, tables, parseMoment("2026-01-01"))).rejects.toThrow(
      /lake\.p\.items has no snapshot as old as 2026-01-01T00:00:00\.000Z\. lake\.p\.items has 1 snapshots: 21 of/,
    );
  });
});
