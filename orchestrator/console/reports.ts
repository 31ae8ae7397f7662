// Reports for the page: rows, picture and SQL of one; and as a file of CSV.
import { createHash } from "node:crypto";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { Lake } from "../engines/trino.ts";
import { tablesOf } from "../reports/as-of.ts";
import { drawPicture } from "../reports/chart.ts";
import { renderCsv } from "../reports/formats.ts";
import { parseReports, type Report } from "../reports/header.ts";
import { fillReport, valueLengthMax } from "../reports/parameters.ts";
import type { Result } from "../reports/result.ts";
import type { ReportAnswer, ReportHead } from "./api.ts";
import { errors } from "./errors.ts";

const rowsShownMax = 500;
/** A phone's page shows a picture drawn for it: a wide one shrunk has letters too small to read. */
const widths = { wide: 860, narrow: 320 };

export const headOf = ({ name, title, question, chart, parameters }: Report): ReportHead => ({
  name,
  title,
  question,
  isDrawn: chart !== undefined,
  parameters,
});

/** A report with the reader's choices filled in. Throws 404 for an unknown one, 400 for a choice it doesn't have. */
export function chosenReport(pipeline: PipelineFolder, name: string, choices: Record<string, string>) {
  const reports = parseReports(pipeline.reports);
  const report = reports.find((known) => known.name === name);
  if (!report) {
    const known = reports.map((one) => one.name).join(", ") || "none";
    throw errors.NotFound(
      `Pipeline '${pipeline.name}' has no report '${name.slice(0, 64)}'. Known: ${known}.`,
    );
  }
  const wrong = Object.entries(choices).flatMap(([parameter, value]) => {
    if (!report.parameters.some((one) => one.name === parameter))
      return [`'${name}' has no parameter '${parameter.slice(0, 64)}'`];
    return value.length > valueLengthMax
      ? [`'${parameter}' has ${value.length} characters: ${valueLengthMax} at most`]
      : [];
  });
  if (wrong.length > 0) throw errors.Input(wrong.join("; "));
  const { report: chosen, parameters } = fillReport(report, choices);
  return { report, chosen, parameters };
}

/** Names an answer: the same while the SQL and its tables' newest snapshots are the same. */
export async function versionOf(lake: Lake, sql: string): Promise<string> {
  const parts = tablesOf(sql).map((table) => {
    const [catalog, schema, name] = table.split(".");
    return `SELECT '${name}', max_by(snapshot_id, committed_at) FROM ${catalog}."${schema}"."${name}$snapshots"`;
  });
  const { rows } = parts.length > 0 ? await lake.query(parts.join("\nUNION ALL ")) : { rows: [] };
  const read = rows.map((row) => row.join(" ")).sort();
  return createHash("sha256")
    .update([sql, ...read].join("\n"))
    .digest("hex")
    .slice(0, 16);
}

async function picturesOf(result: Result): Promise<ReportAnswer["picture"]> {
  const { chart } = result.report;
  if (!chart || result.rows.length === 0) return null;
  try {
    const wide = await drawPicture(result, chart, widths.wide);
    const narrow = await drawPicture(result, chart, widths.narrow);
    return { wide: wide.svg, narrow: narrow.svg, note: wide.omission };
  } catch (error) {
    // One report's picture must not cost the reader its rows.
    return { wide: "", narrow: "", note: `No picture: ${(error as Error).message}` };
  }
}

export async function answerReport(
  lake: Lake,
  pipeline: PipelineFolder,
  name: string,
  choices: Record<string, string>,
): Promise<ReportAnswer> {
  const { report, chosen, parameters } = chosenReport(pipeline, name, choices);
  const started = performance.now();
  const answer = await lake.query(chosen.sql);
  const tookMs = Math.round(performance.now() - started);
  return {
    report: headOf(report),
    sql: chosen.sql,
    parameters,
    columns: answer.columns,
    rows: answer.rows.slice(0, rowsShownMax),
    isCut: answer.rows.length > rowsShownMax,
    picture: await picturesOf({ report: chosen, parameters, ...answer }),
    at: new Date().toISOString(),
    tookMs,
  };
}

export async function csvOf(
  lake: Lake,
  pipeline: PipelineFolder,
  name: string,
  choices: Record<string, string>,
): Promise<string> {
  const { chosen, parameters } = chosenReport(pipeline, name, choices);
  return renderCsv({ report: chosen, parameters, ...(await lake.query(chosen.sql)) });
}
