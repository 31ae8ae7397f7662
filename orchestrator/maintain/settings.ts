// What is wrong with how a pipeline declares its maintenance.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { scheduleProblems } from "../cron.ts";

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
  const points = maintenance.restorePoints;
  const count =
    Number.isInteger(points) && points >= 1
      ? []
      : [`${where}: restorePoints: ${points}: give a whole number, 1 or more.`];
  const schedule = scheduleProblems(maintenance.schedule, "'7 * * * *' (each hour, 7 minutes past; UTC)");
  return [...times, ...count, ...schedule.map((problem) => `${where}: ${problem}`)];
}
