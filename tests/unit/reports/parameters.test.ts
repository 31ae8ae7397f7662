// Parameters of reports: read from the header, chosen by --param, and never read as SQL.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tokenize } from "../../../flink-sql/statements.ts";
import { renderJson, renderTable } from "../../../orchestrator/reports/formats.ts";
import { parseReport } from "../../../orchestrator/reports/header.ts";
import { renderHtml } from "../../../orchestrator/reports/page.ts";
import { fillReport, parseChoices, valueLengthMax } from "../../../orchestrator/reports/parameters.ts";

const file = (text: string) => ({ name: "sales", path: "reports/sales.sql", text });
const text = `-- Sales
-- question: What was sold?
-- param: month = 2019-10  Month, yyyy-MM
-- param: country = ''  Country code; empty means all
SELECT 'all of \${month}', country -- \${nothing} in a comment
FROM lake.p.sales
WHERE date_format(day, '%Y-%m') = '\${month}' AND ('\${country}' = '' OR country = '\${country}')
ORDER BY "odd\${name}";
`.replace("odd${name}", "odd_name");
const report = parseReport(file(text));
const wrong = (source: string) => {
  try {
    parseReport(file(source));
  } catch (error) {
    return (error as Error).message.split("\n");
  }
  return [];
};
const head = "-- A\n-- question: B?\n";

describe("parameters in the header", () => {
  test("have a name, a default and a meaning", () => {
    expect(report.parameters).toEqual([
      { name: "month", value: "2019-10", meaning: "Month, yyyy-MM" },
      { name: "country", value: "", meaning: "Country code; empty means all" },
    ]);
    const quoted = parseReport(
      file(`${head}-- param: who = 'O''Brien  jun'  A name\nSELECT 1 WHERE '\${who}' = ''`),
    );
    expect(quoted.parameters[0]?.value).toBe("O'Brien  jun");
  });

  test.each([
    ["unknown name", `${head}SELECT 1,\n'\${day}'`, "sales.sql:4: ${day} is no parameter of this report"],
    [
      "unused parameter",
      `${head}-- param: day = 1  A day\nSELECT 1 -- '\${day}'`,
      "sales.sql:3: parameter 'day' is not in the SQL",
    ],
    [
      "outside a literal",
      `${head}-- param: day = 1  A day\nSELECT '\${day}'\nLIMIT \${day}`,
      "sales.sql:5: ${NAME} is only filled inside a string literal",
    ],
    [
      "in a quoted name",
      `${head}-- param: day = 1  A day\nSELECT '\${day}' AS "\${day}"`,
      "sales.sql:4: ${NAME}",
    ],
    [
      "no meaning",
      `${head}-- param: day = 1\nSELECT '\${day}'`,
      "sales.sql:3: parameter 'day = 1' can't be read",
    ],
    ["no default", `${head}-- param: day =  A day\nSELECT '\${day}'`, "sales.sql:3: parameter"],
    ["a name that is none", `${head}-- param: Day-1 = 1  A day\nSELECT 1`, "sales.sql:3: parameter 'Day-1"],
    [
      "twice",
      `${head}-- param: day = 1  A\n-- param: day = 2  B\nSELECT '\${day}'`,
      "sales.sql:4: parameter 'day' is here a second time",
    ],
    [
      "too long",
      `${head}-- param: day = ${"x".repeat(valueLengthMax + 1)}  A\nSELECT '\${day}'`,
      "sales.sql:3: the default of parameter 'day' has 201 characters",
    ],
  ])("refused: %s", (_, source, expected) => {
    expect(wrong(source).join("\n")).toContain(expected);
  });

  test("are refused all at once, each with its line", () => {
    expect(wrong(`${head}-- param: a = 1  A\n-- param: b\nSELECT\n'\${c}', '\${d}'`)).toEqual([
      expect.stringContaining("sales.sql:4: parameter 'b' can't be read"),
      expect.stringContaining("sales.sql:3: parameter 'a' is not in the SQL"),
      expect.stringContaining("sales.sql:6: ${c}"),
      expect.stringContaining("sales.sql:6: ${d}"),
    ]);
  });
});

describe("--param", () => {
  const other = parseReport({ ...file(`${head}SELECT 1`), name: "other" });

  test("chooses values; what isn't chosen has its default", () => {
    const choices = parseChoices(["month=2019-11", "country="], [report, other]);
    expect(fillReport(report, choices).parameters).toEqual({ month: "2019-11", country: "" });
    expect(fillReport(report, { month: "a=b" }).report.sql).toContain("= 'a=b'");
    expect(fillReport(report, {}).report.sql).toContain("SELECT 'all of 2019-10'");
    expect(fillReport(other, choices)).toEqual({ report: other, parameters: {} });
  });

  test("is refused with report, parameter and cure, all at once", () => {
    const given = ["day=1", "month", "country=a", "country=b", `month=${"x".repeat(201)}`];
    expect(() => parseChoices(given, [report])).toThrow(
      new RegExp(
        [
          "--param day=1: there is no parameter 'day': report 'sales' has month \\(Month, yyyy-MM\\), country",
          "--param month: write it as name=value",
          "--param country=b: 'country' is here a second time",
          "--param month: its value has 201 characters, and report 'sales' takes 200 at most",
        ].join("[^\n]*\n"),
      ),
    );
  });
});

test("no value is ever read as SQL", { timeout: 30_000 }, () => {
  const literal = (sql: string) => sql.slice(1, -1).replaceAll("''", "'");
  const template = tokenize(report.sql);
  const value = fc.string({
    unit: fc.oneof(
      fc.constantFrom(
        "'",
        "''",
        '"',
        ";",
        "--",
        "/*",
        "*/",
        "${",
        "}",
        "${month}",
        "\\",
        "\n",
        "\r",
        "$&",
        "’",
      ),
      fc.string({ unit: "binary", minLength: 1, maxLength: 3 }),
    ),
    maxLength: 20,
  });
  fc.assert(
    fc.property(value, value, (month, country) => {
      const filled = tokenize(fillReport(report, { month, country }).report.sql);
      const expected = template.map(({ kind, text: before }) =>
        kind === "string"
          ? `string ${literal(before)
              .split(/(\$\{month\}|\$\{country\})/)
              .map((part) => ({ "${month}": month, "${country}": country })[part] ?? part)
              .join("")}`
          : `${kind} ${before}`,
      );
      const read = filled.map(
        ({ kind, text: after }) => `${kind} ${kind === "string" ? literal(after) : after}`,
      );
      return read.join("\u0000") === expected.join("\u0000");
    }),
    { numRuns: 100 },
  );
});

test("every form shows the values that were used", async () => {
  const filled = fillReport(report, { month: "<b>\u202E1" });
  const result = { ...filled, columns: [{ name: "n", type: "integer" }], rows: [[1]] };
  expect(renderTable(result)).toContain("month = <b>\\u202e1, country = ''\n");
  expect(JSON.parse(renderJson([result]))[0].parameters).toEqual({ month: "<b>\u202E1", country: "" });
  const page = await renderHtml({ title: "P", pipeline: "p", generatedAt: new Date(0), results: [result] });
  expect(page).toContain("month = &lt;b&gt;\\u202e1, country = &#39;&#39;");
});
