// Batches by their pipeline's schedule, as long as the orchestrator runs. A day whose files are not there yet is looked
// for again; what was missed while nothing ran is caught up, oldest day first.
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import type { Logger } from "pino";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { ScheduledBatch } from "../../flink-sql/pipeline.ts";
import { momentsOf } from "../cron.ts";
import { appliedPipelines, type Engines } from "../engines/engines.ts";
import { rounds } from "../rounds.ts";
import { runBackfill } from "./run.ts";

const lookMs = 20_000;
const dayMs = 24 * 3600 * 1000;
/** So many days at most are caught up: older ones are for a person to decide. */
const catchUpDaysMax = 31;

const dayBefore = (moment: Date, days: number) =>
  new Date(moment.getTime() - days * dayMs).toISOString().slice(0, 10);

/** Days whose batches fell due after `since` and until `now`, the oldest first, each once. */
export function dueDays({ schedule, daysBefore = 1 }: ScheduledBatch, since: Date, now: Date): string[] {
  const days = new Set(momentsOf(schedule, since, now).map((moment) => dayBefore(moment, daysBefore)));
  return [...days].slice(-catchUpDaysMax);
}

/** Files of a day: `{date}` in the pattern is the day, `*` in its last part anything. In name order. */
export function filesOf({ csv }: ScheduledBatch, folder: string, day: string): string[] {
  const named = csv.replaceAll("{date}", day);
  const path = isAbsolute(named) ? named : join(folder, named);
  const fits = new RegExp(
    `^${basename(path)
      .split("*")
      .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"))
      .join(".*")}$`,
  );
  const within = dirname(path);
  if (!existsSync(within)) return [];
  return readdirSync(within)
    .filter((name) => fits.test(name))
    .sort()
    .map((name) => join(within, name));
}

/** The moment up to which a pipeline's schedule was looked at, and days since that had no files yet. */
interface Standing {
  upTo: Date;
  waiting: string[];
}

const action = "batch-schedule";

async function standingOf({ store }: Engines, pipeline: string, begin: Date): Promise<Standing> {
  const { rows } = await store.transaction((client) =>
    client.query("SELECT detail FROM history WHERE action = $1 AND subject = $2 ORDER BY at DESC LIMIT 1", [
      action,
      pipeline,
    ]),
  );
  const { detail } = rows[0] ?? {};
  return detail ? { upTo: new Date(detail.upTo), waiting: detail.waiting } : { upTo: begin, waiting: [] };
}

/** Runs every batch of a pipeline that is due at `now`; those that fail or lack files stay due. */
export async function runDue(
  engines: Engines,
  pipeline: PipelineFolder,
  begin: Date,
  now: Date,
  logger: Logger,
): Promise<void> {
  const { batch, name } = pipeline;
  if (!batch) return;
  const before = await standingOf(engines, name, begin);
  const due = [...new Set([...before.waiting, ...dueDays(batch, before.upTo, now)])];
  if (due.length === 0) return;
  const waiting: string[] = [];
  for (const date of due) {
    const files = filesOf(batch, pipeline.path, date);
    if (files.length === 0) {
      waiting.push(date);
      continue;
    }
    try {
      const done = await runBackfill(engines, pipeline, { date, files, type: batch.event });
      logger.info(done, "batch ran by its schedule");
    } catch (error) {
      waiting.push(date);
      logger.error({ pipeline: name, date, reason: (error as Error).message }, "a scheduled batch failed");
    }
  }
  const isSame =
    waiting.length === before.waiting.length && waiting.every((day) => before.waiting.includes(day));
  // Written down only where something changed: a file that never comes must not fill the history.
  if (!isSame || due.length > waiting.length) {
    if (waiting.length > 0) logger.warn({ pipeline: name, days: waiting }, "days whose batch is still due");
    await engines.store.addHistory(action, name, { upTo: now.toISOString(), waiting });
  }
}

/** Looks at the schedules of all applied pipelines until aborted. */
export async function keepBatches(engines: Engines, logger: Logger, signal: AbortSignal): Promise<void> {
  const begin = new Date();
  const look = async () => {
    for (const pipeline of await appliedPipelines(engines))
      if (!signal.aborted) await runDue(engines, pipeline, begin, new Date(), logger);
    return lookMs;
  };
  await rounds("looking at schedules of batches", look, logger, signal);
}
