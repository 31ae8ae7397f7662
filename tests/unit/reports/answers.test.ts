// Comparing reports with answers known beforehand: exactly, by name, and with the first place that differs.
import { describe, expect, test } from "vitest";
import { checkName, differenceOf, parseAnswers, planChecks } from "../../../orchestrator/reports/answers.ts";
import { parseReport } from "../../../orchestrator/reports/header.ts";

const whole = {
  pipeline: "p",
  rows: 3,
  seed: 1,
  damage: 0,
  read: 3,
  landed: 2,
  duplicates: 1,
  quarantined: 0,
  reports: [{ report: "sales", parameters: {}, columns: ["a", "b"], rows: [["1", null]] }],
};
const parse = (change: object) =>
  parseAnswers(JSON.stringify({ ...whole, ...change }), "x/answers.json", "p");
const columns = ["asin", "items", "price"].map((name) => ({ name, type: "bigint" }));
const answer = {
  report: "sales",
  parameters: {},
  columns: ["asin", "items", "price"],
  rows: [
    ["a", 1, "9223372036854775807"],
    ["b", null, "0.10"],
  ],
};
const differs = (rows: unknown[][], as = columns) => differenceOf({ columns: as, rows }, answer);

describe("answers.json", () => {
  test("is read whole", () => {
    expect(parse({})).toEqual(whole);
  });

  test.each([
    ["no JSON", () => parseAnswers("{", "x/answers.json", "p"), /x\/answers\.json is no JSON/],
    ["a field missing", () => parse({ read: undefined }), /x\/answers\.json: read: /],
    ["another pipeline", () => parse({ pipeline: "q" }), /answers for pipeline 'q', not for 'p'/],
    [
      "an uneven row",
      () => parse({ reports: [{ ...whole.reports[0], rows: [["1"]] }] }),
      /sales, row 1: 1 values for 2 columns/,
    ],
  ])("is refused with its path: %s", (_, work, message) => {
    expect(work).toThrow(message);
  });
});

describe("an answer", () => {
  test("is equal to the same values only", () => {
    expect(differs(answer.rows)).toBeUndefined();
  });

  test.each([
    [
      "BIGINT is text",
      [["a", "1", "9223372036854775807"], answer.rows[1]!],
      'row 1, column items: "1"; the answer has 1',
    ],
    ["the last digit", [["a", 1, "9223372036854775806"], answer.rows[1]!], "row 1, column price"],
    [
      "zeros of a DECIMAL",
      [answer.rows[0]!, ["b", null, "0.1"]],
      'row 2, column price: "0.1"; the answer has "0.10"',
    ],
    ["nothing is not 0", [answer.rows[0]!, ["b", 0, "0.10"]], "row 2, column items: 0; the answer has null"],
    ["a row is missing", [answer.rows[0]!], "1 rows; the answer has 2: row 2 is missing"],
    ["a row is too many", [...answer.rows, ["c", 1, "1"]], 'row 3 is too many: ["c",1,"1"]'],
    ["the order", [answer.rows[1]!, answer.rows[0]!], "row 1, column asin"],
  ])("differs: %s", (_, rows, expected) => {
    expect(differs(rows)).toContain(expected);
  });

  test("differs by a column's name", () => {
    expect(differs(answer.rows, [...columns].reverse())).toContain("columns are price, items, asin");
  });
});

test("each report has an answer, each answer its report and its parameters", () => {
  const report = (name: string) =>
    parseReport({
      name,
      path: `${name}.sql`,
      text: "-- A\n-- question: B?\n-- param: day = 1  A day\nSELECT '${day}'",
    });
  const asked = (name: string, parameters: Record<string, string>) => ({
    ...answer,
    report: name,
    parameters,
  });
  const checks = planChecks(
    [report("one"), report("two")],
    [asked("one", { day: "7" }), asked("one", {}), asked("one", { hour: "1" }), asked("three", {})],
  );
  expect(checks).toEqual([
    expect.objectContaining({
      parameters: { day: "7" },
      report: expect.objectContaining({ sql: "SELECT '7'" }),
    }),
    expect.objectContaining({ parameters: { day: "1" } }),
    expect.objectContaining({ name: "one", problem: "it has no parameter 'hour'" }),
    expect.objectContaining({ name: "three", problem: expect.stringContaining("no such report") }),
    expect.objectContaining({ name: "two", problem: expect.stringContaining("no answer") }),
  ]);
  expect(checkName("one", { day: "7" })).toBe("one (day = 7)");
});
