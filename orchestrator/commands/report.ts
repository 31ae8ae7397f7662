// report, sql: questions to the lake.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { readStackConfig } from "../../stack/config.ts";
import { resolveConnection } from "../connection.ts";
import { declaredPipelines, pipelineNamed } from "../engines.ts";
import { renderCsv, renderJson, renderTable } from "../reports/formats.ts";
import { parseReports, type Report } from "../reports/header.ts";
import { renderHtml } from "../reports/page.ts";
import { fillReport, parseChoices } from "../reports/parameters.ts";
import type { Result } from "../reports/result.ts";
import { connectTrino, type QueryResult } from "../trino.ts";
import { printJson, printLine, textTable } from "./output.ts";

const formats = ["table", "json", "csv", "html"] as const;

export async function report(
  pipelineName: string,
  names: string[],
  options: { format: string; rows: string; out?: string; param?: string[]; list?: boolean },
): Promise<void> {
  const format = formats.find((known) => known === options.format);
  if (!format) throw new Error(`--format ${options.format}: use one of ${formats.join(", ")}.`);
  const rowsMax = Number(options.rows);
  if (!Number.isInteger(rowsMax) || rowsMax < 1)
    throw new Error(`--rows ${options.rows}: give a whole number, 1 or more.`);
  const config = readStackConfig();
  const pipeline = pipelineNamed(await declaredPipelines(config), pipelineName);
  const reports = parseReports(pipeline.reports);
  const unknown = names.filter((name) => !reports.some((known) => known.name === name));
  if (unknown.length > 0) {
    const known = reports.map((known) => known.name).join(", ") || "none";
    throw new Error(`Pipeline '${pipelineName}' has no report '${unknown.join("', '")}'. Known: ${known}.`);
  }
  const wanted = names.length > 0 ? reports.filter((known) => names.includes(known.name)) : reports;
  if (options.list) return printReports(wanted);
  const choices = parseChoices(options.param ?? [], wanted);
  const filled = wanted.map((one) => fillReport(one, choices));
  const lake = connectTrino(resolveConnection(config).addresses.trino);
  const results: Result[] = [];
  for (const one of filled) results.push({ ...one, ...(await lake.query(one.report.sql)) });
  const text = await renderAs(format, pipeline, results, rowsMax);
  if (!options.out) return void process.stdout.write(text);
  writeFileSync(options.out, text);
  printLine(`Written to ${resolve(options.out)}`);
}

/** Each report with its question and what its reader may choose. */
function printReports(reports: Report[]): void {
  for (const { name, title, question, parameters } of reports) {
    printLine(`${name}: ${title}. ${question}`);
    for (const { name: parameter, value, meaning } of parameters)
      printLine(`  --param ${parameter}=${value}  ${meaning}`);
  }
}

async function renderAs(
  format: (typeof formats)[number],
  pipeline: PipelineFolder,
  results: Result[],
  rowsMax: number,
) {
  if (format === "html")
    return renderHtml({ title: pipeline.title, pipeline: pipeline.name, generatedAt: new Date(), results });
  if (format === "json") return `${renderJson(results).trimEnd()}\n`;
  return `${results.map((result) => (format === "csv" ? renderCsv(result) : renderTable(result, rowsMax)).trimEnd()).join("\n\n")}\n`;
}

export async function sql(query: string, options: { json?: boolean }): Promise<void> {
  const lake = connectTrino(resolveConnection(readStackConfig()).addresses.trino);
  const result: QueryResult = await lake.query(query);
  if (options.json) return void printJson(result);
  const text = (value: unknown) =>
    value === null ? null : typeof value === "object" ? JSON.stringify(value) : String(value);
  printLine(
    textTable(
      result.columns.map((column) => column.name),
      result.rows.map((row) => row.map(text)),
    ),
  );
}
