// Reports as text table, JSON and CSV. Pure; the web page is page.ts.
import Table from "cli-table3";
import { stringify } from "csv-stringify/sync";
import {
  type Column,
  isNumber,
  isText,
  type Result,
  toJson,
  toParameterLine,
  toText,
  toVisible,
} from "./result.ts";

const tableWidthMax = 100;
const cellWidthMin = 8;

/** Characters of each column: as wide as its content, the widest cut first until the table fits. */
function columnWidths(cells: string[][]): number[] {
  const widths = cells[0]!.map((_, c) =>
    cells.reduce((width, row) => Math.max(width, [...row[c]!].length), 0),
  );
  // Each column costs two spaces and a border.
  let over = widths.reduce((sum, width) => sum + width + 3, 1) - tableWidthMax;
  while (over > 0) {
    const widest = Math.max(...widths);
    if (widest <= cellWidthMin) break;
    widths[widths.indexOf(widest)] = widest - 1;
    over--;
  }
  return widths;
}

const cut = (text: string, width: number) =>
  [...text].length > width ? `${[...text].slice(0, width - 1).join("")}…` : text;

const alignment = (column: Column) => (isNumber(column) ? "right" : "left");

/**
 * A table for the terminal under its title and question: up to 100 columns wide, numbers to the right,
 * longer text cut with `…`, the first `rowsMax` rows.
 */
export function renderTable(result: Result, rowsMax = 20): string {
  const { report, columns, rows: all } = result;
  const rows = all.slice(0, rowsMax);
  const names = columns.map((column) => toVisible(column.name));
  const cells = rows.map((row) => columns.map((_, c) => toVisible(toText(row[c]))));
  const widths = columnWidths([names, ...cells]);
  const table = new Table({
    head: names.map((name, c) => cut(name, widths[c]!)),
    colAligns: columns.map(alignment),
    style: { head: [], border: [], compact: true },
  });
  table.push(...cells.map((row) => row.map((cell, c) => cut(cell, widths[c]!))));
  const counted = all.length === 1 ? "1 row" : `${all.length === 0 ? "no" : all.length} rows`;
  const rest =
    all.length > rows.length ? `, the first ${rows.length} shown; --rows and --format csv give more` : "";
  const chosen = toParameterLine(result);
  const asked = `${toVisible(report.question)}${chosen && `\n${chosen}`}`;
  return `${toVisible(report.title)} (${report.name})\n${asked}\n${table.toString()}\n${counted}${rest}`;
}

/** All results as one JSON array, each row an object; bigint and decimal are strings, thus exact. */
export function renderJson(results: Result[]): string {
  const answers = results.map(({ report, parameters, asOf, columns, rows }) => ({
    report: report.name,
    title: report.title,
    question: report.question,
    parameters: parameters ?? {},
    ...(asOf ? { asOf: asOf.toISOString() } : {}),
    columns,
    rows: rows.map((row) => Object.fromEntries(columns.map(({ name }, c) => [name, row[c] ?? null]))),
  }));
  return toJson(answers, 2);
}

// A spreadsheet runs a cell that starts so; a quote before it makes it text.
const formula = /^[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/;

/** RFC 4180 with names in the first line: null is empty, empty text `""`, text like a formula quoted. */
export function renderCsv({ columns, rows }: Result): string {
  const guard = (text: string) => (formula.test(text) ? `'${text}` : text);
  const cell = (column: Column, value: unknown) => {
    if (value === null || value === undefined) return null;
    const text = toText(value);
    return isText(column) ? guard(text) : text;
  };
  return stringify(
    [
      columns.map((column) => guard(column.name)),
      ...rows.map((row) => columns.map((column, c) => cell(column, row[c]))),
    ],
    { quoted_match: /^$/ },
  );
}
