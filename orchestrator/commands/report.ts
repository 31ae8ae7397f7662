// report: a pipeline's reports, printed or compared with answers that are known.
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { readStackConfig } from "../../stack/config.ts";
import { resolveConnection } from "../engines/connection.ts";
import { declaredPipelines, pipelineNamed } from "../engines/engines.ts";
import { connectTrino, type Lake, TrinoError } from "../engines/trino.ts";
import { type Check, checkName, differenceOf, parseAnswers, planChecks } from "../reports/answers.ts";
import { asOf, parseMoment, resolveVersions, tablesOf } from "../reports/as-of.ts";
import { renderCsv, renderJson, renderTable } from "../reports/formats.ts";
import { parseReports, type Report } from "../reports/header.ts";
import { fillReport, parseChoices } from "../reports/parameters.ts";
import type { Result } from "../reports/result.ts";
import { printLine } from "./output.ts";

const formats = ["table", "json", "csv", "html"] as const;

export interface ReportOptions {
  format: string;
  rows: string;
  out?: string;
  param: string[];
  list?: boolean;
  asOf?: string;
  answers?: string;
  again?: boolean;
}

export async function report(pipelineName: string, names: string[], options: ReportOptions): Promise<void> {
  const format = formats.find((known) => known === options.format);
  if (!format) throw new Error(`--format ${options.format}: use one of ${formats.join(", ")}.`);
  const rowsMax = Number(options.rows);
  if (!Number.isInteger(rowsMax) || rowsMax < 1)
    throw new Error(`--rows ${options.rows}: give a whole number, 1 or more.`);
  const moment = options.asOf === undefined ? undefined : parseMoment(options.asOf);
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
  const choices = parseChoices(options.param, wanted);
  const lake = connectTrino(resolveConnection(config).addresses.trino);
  if (options.answers !== undefined) {
    if (options.param.length > 0 || moment)
      throw new Error("--answers has its own parameters: leave --param and --as-of out.");
    const { reports: known } = parseAnswers(
      readFileSync(options.answers, "utf8"),
      options.answers,
      pipeline.name,
    );
    const asked = known.filter((answer) => names.length === 0 || names.includes(answer.report));
    const checks = planChecks(wanted, asked);
    const left = options.again ? checks.filter(({ answer }) => answer?.countsCopies) : [];
    for (const { answer } of left)
      printLine(`${answer!.report}: left out, for it counts copies too, and the files were loaded again`);
    return checkAnswers(
      lake,
      checks.filter((check) => !left.includes(check)),
    );
  }
  const results: Result[] = [];
  for (const one of wanted) {
    const { report: filled, parameters } = fillReport(one, choices);
    const then = moment && (await resolveVersions(lake, tablesOf(filled.sql), moment));
    const run = then ? { ...filled, sql: asOf(filled.sql, then.versions) } : filled;
    const answer = await lake.query(run.sql);
    results.push({ report: run, parameters, ...(then ? { asOf: then.time } : {}), ...answer });
  }
  const text = await renderAs(format, pipeline, results, rowsMax);
  if (!options.out) return void process.stdout.write(text);
  writeFileSync(options.out, text);
  printLine(`Written to ${resolve(options.out)}`);
}

/** Runs each report that there is an answer for; one line each. Exit 1 where any differs or has none. */
async function checkAnswers(lake: Lake, checks: Check[]): Promise<void> {
  let wrong = 0;
  for (const check of checks) {
    const outcome = "problem" in check ? check.problem : await differenceFrom(lake, check);
    const name = "problem" in check ? check.name : checkName(check.report.name, check.parameters);
    const rows = "problem" in check ? 0 : check.answer.rows.length;
    printLine(
      `${name}: ${outcome ? `DIFFERS: ${outcome}` : `equal, ${rows === 1 ? "1 row" : `${rows} rows`}`}`,
    );
    if (outcome) wrong += 1;
  }
  printLine(
    wrong === 0 ? `All ${checks.length} answers are equal.` : `${wrong} of ${checks.length} are not equal.`,
  );
  if (wrong > 0) process.exitCode = 1;
}

/** A report that Trino refuses differs too: the others are still compared. */
async function differenceFrom(
  lake: Lake,
  { report, answer }: Extract<Check, { report: Report }>,
): Promise<string | undefined> {
  try {
    return differenceOf(await lake.query(report.sql), answer);
  } catch (error) {
    if (error instanceof TrinoError) return error.reason.replace(/\s+/g, " ");
    throw error;
  }
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
  if (format === "html") {
    // What draws pictures takes half a second to load.
    const { renderHtml } = await import("../reports/page.ts");
    return renderHtml({ title: pipeline.title, pipeline: pipeline.name, generatedAt: new Date(), results });
  }
  if (format === "json") return `${renderJson(results).trimEnd()}\n`;
  return `${results.map((result) => (format === "csv" ? renderCsv(result) : renderTable(result, rowsMax)).trimEnd()).join("\n\n")}\n`;
}
