// Answers that are known exactly beforehand, and where a report's own differ from them. Pure.
import { z } from "zod";
import type { Answers, ReportAnswer } from "../../flink-sql/generator.ts";
import type { Report } from "./header.ts";
import { fillReport } from "./parameters.ts";
import { type Result, toJson, toParameterLine, toVisible } from "./result.ts";

const count = z.int().min(0);
const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const answersFile = z.object({
  pipeline: z.string().min(1),
  rows: count,
  seed: z.int(),
  damage: z.number().min(0).max(1),
  read: count,
  landed: count,
  duplicates: count,
  quarantined: count,
  reports: z.array(
    z.object({
      report: z.string().min(1),
      parameters: z.record(z.string(), z.string()),
      columns: z.array(z.string()).min(1),
      rows: z.array(z.array(value)),
      countsCopies: z.boolean().optional(),
    }),
  ),
});

/** What `swordlake generate` writes beside its files. */
export interface AnswersFile extends Answers {
  pipeline: string;
  rows: number;
  seed: number;
  damage: number;
}

/** Reads answers.json; `path` is for errors, which name every place that is wrong. */
export function parseAnswers(text: string, path: string, pipeline: string): AnswersFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Error(
      `${path} is no JSON: ${(cause as Error).message}. 'swordlake generate' writes such files.`,
      {
        cause,
      },
    );
  }
  const parsed = answersFile.safeParse(json);
  if (!parsed.success) {
    const lines = parsed.error.issues.slice(0, 20).map((i) => `${path}: ${i.path.join(".")}: ${i.message}`);
    throw new Error(`${lines.join("\n")}\nWrite it again with 'swordlake generate'.`);
  }
  if (parsed.data.pipeline !== pipeline)
    throw new Error(
      `${path} has answers for pipeline '${parsed.data.pipeline}', not for '${pipeline}': name that one.`,
    );
  const uneven = parsed.data.reports.flatMap((answer) =>
    answer.rows.flatMap((row, r) =>
      row.length === answer.columns.length
        ? []
        : [
            `${path}: ${answer.report}, row ${r + 1}: ${row.length} values for ${answer.columns.length} columns`,
          ],
    ),
  );
  if (uneven.length > 0) throw new Error(uneven.slice(0, 20).join("\n"));
  return parsed.data;
}

/** An answer with the report to run for it, or why it can't be run. */
export type Check =
  | { answer: ReportAnswer; report: Report; parameters: Record<string, string> }
  | { answer?: ReportAnswer; name: string; problem: string };

/** One check for each answer, and one for each report without any. */
export function planChecks(reports: Report[], answers: ReportAnswer[]): Check[] {
  const asked = answers.map((answer): Check => {
    const report = reports.find(({ name }) => name === answer.report);
    if (!report)
      return { answer, name: answer.report, problem: "there is an answer, but no such report: add its file" };
    const unknown = Object.keys(answer.parameters).filter(
      (name) => !report.parameters.some((parameter) => parameter.name === name),
    );
    if (unknown.length > 0)
      return { answer, name: report.name, problem: `it has no parameter '${unknown.join("', '")}'` };
    return { answer, ...fillReport(report, answer.parameters) };
  });
  const without = reports
    .filter(({ name }) => !answers.some((answer) => answer.report === name))
    .map(({ name }): Check => ({ name, problem: "no answer: let the pipeline's generate.ts count one" }));
  return [...asked, ...without];
}

const shown = (cell: unknown) => toVisible(toJson(cell ?? null).slice(0, 200));

/** Values are the same where their JSON is: "7" and 7 are not, nor are 1.5 and "1.50". */
const isSame = (a: unknown, b: unknown) => toJson(a ?? null) === toJson(b ?? null);

/** How a result differs from its answer, first place first; undefined where it is equal. */
export function differenceOf(
  result: Pick<Result, "columns" | "rows">,
  answer: ReportAnswer,
): string | undefined {
  const names = result.columns.map(({ name }) => name);
  if (!isSame(names, answer.columns))
    return `columns are ${names.join(", ")}; the answer has ${answer.columns.join(", ")}`;
  for (const [r, row] of answer.rows.entries()) {
    const own = result.rows[r];
    const lacking = `${result.rows.length} rows; the answer has ${answer.rows.length}`;
    if (!own) return `${lacking}: row ${r + 1} is missing: ${shown(row)}`;
    const c = row.findIndex((cell, index) => !isSame(own[index], cell));
    if (c >= 0)
      return `row ${r + 1}, column ${names[c]}: ${shown(own[c])}; the answer has ${shown(row[c])} (row: ${shown(own)}; answer: ${shown(row)})`;
  }
  const more = result.rows[answer.rows.length];
  if (more)
    return `${result.rows.length} rows; the answer has ${answer.rows.length}: row ${answer.rows.length + 1} is too many: ${shown(more)}`;
  return undefined;
}

/** `name (month = 2019-10)`: which of a report's answers is meant. */
export function checkName(name: string, parameters: Record<string, string>): string {
  const chosen = toParameterLine({ parameters });
  return chosen ? `${name} (${chosen})` : name;
}
