// Maintains each pipeline when its schedule says so, as long as the orchestrator runs. Beside the loop that keeps
// jobs running: a rewrite takes minutes, and must not hold that up.
import type { Logger } from "pino";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { nextRun } from "../cron.ts";
import { appliedPipelines, type Engines } from "../engines/engines.ts";
import { rounds } from "../rounds.ts";
import { lastMaintained, maintain } from "./maintain.ts";

const intervalMs = 20_000;

/** Whether a pipeline is due: its schedule names a moment between `since` and now. */
export function isDue({ maintenance }: Pick<PipelineFolder, "maintenance">, since: Date, now: Date): boolean {
  const next = nextRun(maintenance.schedule, since);
  return next !== undefined && next <= now;
}

/** Runs until aborted. What goes wrong is logged and tried again at the schedule's next moment. */
export async function keepMaintained(engines: Engines, logger: Logger, signal: AbortSignal): Promise<void> {
  const startedAt = new Date();
  const tried = new Map<string, Date>();
  const round = async () => {
    for (const pipeline of await appliedPipelines(engines)) {
      if (signal.aborted) break;
      const { name } = pipeline;
      const last = (await lastMaintained(engines, name)) ?? startedAt;
      const since = new Date(Math.max(last.getTime(), tried.get(name)?.getTime() ?? 0));
      if (!isDue(pipeline, since, new Date())) continue;
      tried.set(name, new Date());
      try {
        const tables = await maintain(engines, pipeline, { tell: () => {} });
        for (const { table, before, after, seconds } of tables ?? [])
          logger.info({ pipeline: name, table, before, after, seconds }, "table maintained");
      } catch (error) {
        logger.warn({ pipeline: name, reason: (error as Error).message }, "maintenance was not done");
      }
    }
    return intervalMs;
  };
  await rounds("a look at schedules", round, logger, signal);
}
