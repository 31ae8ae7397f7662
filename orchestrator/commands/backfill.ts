// backfill: a batch of one day, for people and for programs.
import { existsSync } from "node:fs";
import { type Backfilled, runBackfill } from "../backfill/run.ts";
import { declaredPipelines, pipelineNamed, withEngines } from "../engines/engines.ts";
import { printJson, printLine, progressLine } from "./output.ts";

const isDay = (text: string) =>
  /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true;

export async function backfill(
  name: string,
  options: { date: string; csv: string[]; type?: string; json?: boolean },
): Promise<void> {
  const { date, csv, type } = options;
  const absent = csv.filter((path) => !existsSync(path));
  const problems = [
    ...(isDay(date) ? [] : [`--date ${date}: give a day as YYYY-MM-DD.`]),
    ...absent.map((path) => `--csv ${path}: there is no such file.`),
  ];
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const line = progressLine();
  const done = await withEngines(async (engines) => {
    const pipeline = pipelineNamed(await declaredPipelines(engines.config), name);
    return runBackfill(engines, pipeline, { date, files: csv, type }, line.tell);
  }).finally(line.end);
  if (options.json) printJson(done);
  else printBackfilled(done);
}

function printBackfilled(done: Backfilled): void {
  const number = (value: number) => value.toLocaleString("en");
  const others = done.otherDays > 0 ? ` + ${number(done.otherDays)} of other days` : "";
  const filtered = done.filtered > 0 ? ` + ${number(done.filtered)} filtered` : "";
  printLine(
    `${done.pipeline}, ${done.date}: rows read ${number(done.read)} = landed ${number(done.landed)} + already there ` +
      `${number(done.alreadyThere)}${filtered} + quarantined ${number(done.quarantined)}${others}`,
  );
  if (done.untouched.length > 0)
    printLine(`Not of events, so left to their own jobs: ${done.untouched.join(", ")}`);
}
