// When a pipeline's maintenance is due, and what is wrong with how it is declared.
import { Cron } from "croner";
import type { PipelineFolder } from "../../flink-sql/folders.ts";

/** Stands for no schedule: `swordlake maintain` alone does it. */
const never = "never";

const atLeastMs = { historyMs: 0, restorePointsMs: 0, orphansMs: 3600 * 1000 };

/** Mistakes of `maintenance`, as sentences with the cure; empty where there is none. */
export function maintenanceProblems({ name, maintenance }: PipelineFolder): string[] {
  const where = `Pipeline '${name}', maintenance`;
  const times = Object.entries(atLeastMs).flatMap(([key, least]) => {
    const value = maintenance[key as keyof typeof atLeastMs];
    return Number.isInteger(value) && value >= least
      ? []
      : [`${where}: ${key}: ${value}: give whole milliseconds, ${least} or more.`];
  });
  try {
    nextRun(maintenance.schedule, new Date());
  } catch (error) {
    times.push(
      `${where}: schedule: '${maintenance.schedule}': ${(error as Error).message.replace(/\.$/, "")}. ` +
        "Give a cron expression such as '7 * * * *' (each hour, 7 minutes past; UTC), or 'never'.",
    );
  }
  return times;
}

/** The first moment after `since` that a schedule names; undefined where there is none. Throws what is no schedule. */
export function nextRun(schedule: string, since: Date): Date | undefined {
  if (schedule === never) return undefined;
  return new Cron(schedule, { timezone: "UTC", paused: true }).nextRun(since) ?? undefined;
}
