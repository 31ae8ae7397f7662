import { describe, expect, test } from "vitest";
import { loadPipelines } from "../../../flink-sql/folders.ts";
import { parseReport, parseReports } from "../../../orchestrator/reports/header.ts";

const file = (text: string, name = "members") => ({ name, path: `reports/${name}.sql`, text });
const good = `-- Members by guild
-- question: How many players are in each guild?
-- chart: bar x=guild_name y=members color=region
SELECT guild_name, region, COUNT(*) AS members
FROM lake.game.guilds -- the ; here ends nothing
WHERE note <> 'a;b' AND "odd;name" = 1 /* ; */
GROUP BY 1, 2;
`;
const problemsOf = (text: string, name?: string) => {
  try {
    parseReport(file(text, name));
  } catch (error) {
    return (error as Error).message.split("\n");
  }
  return [];
};

describe("a good header", () => {
  test("gives title, question, chart and one statement without its semicolon", () => {
    expect(parseReport(file(good))).toEqual({
      name: "members",
      title: "Members by guild",
      question: "How many players are in each guild?",
      chart: { kind: "bar", x: "guild_name", y: "members", color: "region" },
      parameters: [],
      sql: good.split("\n").slice(3).join("\n").trim().slice(0, -1),
    });
  });

  test("needs no chart, and bears CRLF, a byte order mark and comments after the statement", () => {
    const text = "\uFEFF-- Count: all\r\n-- question: How many?\r\nSELECT 1;\r\n-- that's all\r\n";
    expect(parseReport(file(text))).toEqual({
      name: "members",
      title: "Count: all",
      question: "How many?",
      parameters: [],
      sql: "SELECT 1",
    });
  });
});

describe("a bad header", () => {
  test.each([
    ["no title", "-- question: Why?\nSELECT 1", "reports/members.sql:1: no title in '-- question: Why?'"],
    ["empty file", "", "reports/members.sql:1: no title in ''"],
    ["no question", "-- A\nSELECT 1", "reports/members.sql:2: no question: add '-- question:"],
    [
      "empty question",
      "-- A\n-- chart: bar x=a y=b\n-- question:\nSELECT 1",
      "reports/members.sql:3: no question",
    ],
    [
      "unknown key",
      "-- A\n-- question: B?\n-- colour: red\nSELECT 1",
      "reports/members.sql:3: '-- colour: red'",
    ],
    [
      "key twice",
      "-- A\n-- question: B?\n-- question: C?\nSELECT 1",
      "reports/members.sql:3: 'question:' is here",
    ],
    [
      "unknown kind",
      "-- A\n-- question: B?\n-- chart: pie x=a y=b\nSELECT 1",
      "chart kind 'pie' is unknown: use bar",
    ],
    ["no y", "-- A\n-- question: B?\n-- chart: bar x=a\nSELECT 1", "has no y=: name a column"],
    ["not a column", "-- A\n-- question: B?\n-- chart: bar x=a y=B()\nSELECT 1", "chart column 'B()'"],
    ["setting twice", "-- A\n-- question: B?\n-- chart: bar x=a x=b y=c\nSELECT 1", "'x=b' repeats x="],
    [
      "open quote",
      "-- A\n-- question: B?\nSELECT\n'a",
      "reports/members.sql:4: a ' is opened and never closed: close it",
    ],
    ["no SQL", "-- A\n-- question: B?\n\n-- later\n", "no SQL after the header"],
    [
      "two statements",
      "-- A\n-- question: B?\nSELECT 1;\nSELECT 2;",
      "reports/members.sql:4: 'SELECT' starts a second statement",
    ],
  ])("%s", (_, text, expected) => {
    expect(problemsOf(text).join("\n")).toContain(expected);
  });

  test("names all problems at once, each with its line", () => {
    const problems = problemsOf("SELECT 1;\nSELECT 2", "Bad-Name");
    expect(problems).toEqual([
      expect.stringContaining("reports/Bad-Name.sql:1: report 'Bad-Name' is no SQL identifier"),
      expect.stringContaining("reports/Bad-Name.sql:1: no title in 'SELECT 1;'"),
      expect.stringContaining("reports/Bad-Name.sql:2: no question"),
      expect.stringContaining("reports/Bad-Name.sql:2: 'SELECT' starts a second"),
    ]);
    expect(problemsOf("-- A\n-- question: B?\n-- chart: pie x=1 z=b\nSELECT 1")).toHaveLength(4);
  });

  test("of several files comes as one error", () => {
    const parse = () =>
      parseReports([file("SELECT 1", "one"), file(good, "two"), file("-- A\nSELECT 1", "three")]);
    expect(parse).toThrow(/one\.sql:1: no title(.|\n)*three\.sql:2: no question/);
    expect(parse).not.toThrow(/two\.sql/);
  });
});

describe("every pipeline's reports", async () => {
  const pipelines = await loadPipelines();
  test.each(pipelines.map((pipeline) => [pipeline.name, pipeline] as const))("%s", (name, pipeline) => {
    const reports = parseReports(pipeline.reports);
    for (const report of reports) {
      expect(report.sql, `${report.name} names its tables in full`).toContain(`lake.${name}.`);
      for (const column of [report.chart?.x, report.chart?.y, report.chart?.color])
        if (column)
          expect(report.sql, `${report.name} selects what it draws`).toMatch(new RegExp(`\\b${column}\\b`));
    }
    // A header's line is one value, however long its words are.
    for (const { path, text } of pipeline.reports)
      for (const line of text.split("\n").filter((each) => !each.startsWith("--")))
        expect(line.length, `${path}: ${line}`).toBeLessThanOrEqual(120);
  });
});
