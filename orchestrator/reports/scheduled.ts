// Pages of all reports by a pipeline's schedule, one a day in the instance's folder, as long as the orchestrator runs.
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { StackConfig } from "../../stack/config.ts";
import { instanceFolder, writePrivate } from "../../stack/instance.ts";
import { momentsOf, scheduleProblems } from "../cron.ts";
import { appliedPipelines, type Engines } from "../engines/engines.ts";
import { type Lake, TrinoError } from "../engines/trino.ts";
import { rounds } from "../rounds.ts";
import { parseReports, type Report } from "./header.ts";
import { fillReport } from "./parameters.ts";
import type { Result } from "./result.ts";

const lookMs = 20_000;
/** Reports are work for Trino: what failed isn't tried again at each look. */
const pauseMs = 300_000;
const dayMs = 24 * 3600 * 1000;
const keepDaysUsual = 30;
const form = /^\d{4}-\d\d-\d\d\.html$/;

type Declared = Pick<PipelineFolder, "name" | "path" | "reportPages" | "reports">;

/** Mistakes of declared pages, as sentences with the cure; empty where there is none. */
export function reportPagesProblems({ name, path, reportPages, reports }: Declared): string[] {
  if (!reportPages) return [];
  const { schedule, keepDays = keepDaysUsual } = reportPages;
  const problems = scheduleProblems(schedule, "'0 6 * * *' (each day at 06:00, UTC)");
  if (!Number.isInteger(keepDays) || keepDays < 1)
    problems.push(`keepDays: ${keepDays}: give a whole number, 1 or more.`);
  if (reports.length === 0)
    problems.push(`there is no report to put on a page: write one into ${path}/reports/.`);
  return problems.map((problem) => `${path}/pipeline.ts:1: pipeline '${name}', reportPages: ${problem}`);
}

/** The last moment that a schedule names after `since` and until `now`, within a month; undefined where it names none. */
export const lastDue = (schedule: string, since: Date, now: Date): Date | undefined =>
  momentsOf(schedule, new Date(Math.max(since.getTime(), now.getTime() - 31 * dayMs)), now).at(-1);

export const pagesFolder = (config: StackConfig, pipeline: string) =>
  join(instanceFolder(config), "reports", pipeline);

/** Days of which there is a page, the newest first. */
export function pageDays(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => form.test(name))
    .map((name) => name.slice(0, 10))
    .sort()
    .reverse();
}

/** Days whose pages have been kept long enough. */
export const expiredDays = (days: string[], now: Date, keepDays = keepDaysUsual): string[] =>
  days.filter((day) => Date.parse(day) <= now.getTime() - (keepDays + 1) * dayMs);

/** Each report with its defaults. One that Trino refuses says so on the page; throws where none was answered. */
async function answerAll(lake: Lake, reports: Report[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const report of reports) {
    const { report: filled, parameters } = fillReport(report, {});
    try {
      results.push({ report: filled, parameters, ...(await lake.query(filled.sql)) });
    } catch (error) {
      if (!(error instanceof TrinoError)) throw error;
      results.push({ report: filled, parameters, columns: [], rows: [], problem: error.reason });
    }
  }
  const [first] = results;
  if (first && results.every(({ problem }) => problem))
    throw new Error(`no report was answered: ${first.problem}`);
  return results;
}

/**
 * Writes a pipeline's page where its schedule names a moment after the newest page, or after `begin` where there is
 * none, and removes those that are too old. Gives the file that was written.
 */
export async function writeDuePage(
  { config, lake }: Pick<Engines, "config" | "lake">,
  pipeline: PipelineFolder,
  begin: Date,
  now: Date,
): Promise<string | undefined> {
  if (!pipeline.reportPages) return undefined;
  const { schedule, keepDays } = pipeline.reportPages;
  const folder = pagesFolder(config, pipeline.name);
  for (const day of expiredDays(pageDays(folder), now, keepDays)) rmSync(join(folder, `${day}.html`));
  const [newest] = pageDays(folder);
  const due = lastDue(schedule, newest ? statSync(join(folder, `${newest}.html`)).mtime : begin, now);
  if (!due) return undefined;
  const results = await answerAll(lake, parseReports(pipeline.reports));
  const { title, name } = pipeline;
  // What draws pictures takes half a second to load, and commands that only check a schedule draw none.
  const { renderHtml } = await import("./page.ts");
  const text = await renderHtml({ title, pipeline: name, generatedAt: now, results });
  mkdirSync(folder, { recursive: true });
  // Reports tell of people: the page is its owner's alone, as the lake is.
  const file = join(folder, `${due.toISOString().slice(0, 10)}.html`);
  writePrivate(file, text);
  return file;
}

/** Looks at the schedules of all applied pipelines until aborted. */
export async function keepPages(engines: Engines, logger: Logger, signal: AbortSignal): Promise<void> {
  const begin = new Date();
  const notBefore = new Map<string, number>();
  const look = async () => {
    for (const pipeline of await appliedPipelines(engines)) {
      const { name } = pipeline;
      if (signal.aborted || (notBefore.get(name) ?? 0) > Date.now()) continue;
      try {
        const file = await writeDuePage(engines, pipeline, begin, new Date());
        if (file) logger.info({ pipeline: name, file }, "page of reports written");
      } catch (error) {
        notBefore.set(name, Date.now() + pauseMs);
        logger.warn(
          { pipeline: name, reason: (error as Error).message },
          "the page of reports was not written",
        );
      }
    }
    return lookMs;
  };
  await rounds("looking at schedules of report pages", look, logger, signal);
}
