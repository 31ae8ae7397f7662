// What is wrong with how a pipeline declares its batch.
import { dirname } from "node:path";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { scheduleProblems } from "../cron.ts";

/** Mistakes of a declared batch, as sentences with the cure; empty where there is none. */
export function batchProblems({ name, batch, path }: PipelineFolder): string[] {
  if (!batch) return [];
  const where = `${path}/pipeline.ts:1: pipeline '${name}', batch`;
  const problems = scheduleProblems(batch.schedule, "'15 2 * * *' (each day at 02:15, UTC)").map(
    (problem) => `${where}: ${problem}`,
  );
  if (!batch.csv.includes("{date}"))
    problems.push(
      `${where}: csv: '${batch.csv}' has no {date}: without it each day would be given the same files.`,
    );
  if (dirname(batch.csv).includes("*"))
    problems.push(`${where}: csv: '${batch.csv}': a * may stand in the last part of the path alone.`);
  const { daysBefore = 1 } = batch;
  if (!Number.isInteger(daysBefore) || daysBefore < 0)
    problems.push(`${where}: daysBefore: ${daysBefore}: give a whole number, 0 or more.`);
  return problems;
}
