// Checks folders before anything is touched: statements on Flink's planner, reports on Trino.
// All problems at once, each with file and line.
import type { PipelineFolder } from "../flink-sql/folders.ts";
import { render } from "../flink-sql/render.ts";
import { jobsOf, tableStatements } from "../flink-sql/script.ts";
import type { Engines } from "./engines.ts";
import { parseReports } from "./reports/header.ts";

/** Problems that can be seen without any engine: templates, quotes, report headers. */
function textProblems({ connection }: Engines, pipeline: PipelineFolder): string[] {
  const problems: string[] = [];
  const attempt = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      problems.push((error as Error).message);
    }
  };
  attempt(() => parseReports(pipeline.reports));
  attempt(() => {
    for (const { text, source } of [
      ...tableStatements(pipeline),
      ...jobsOf(pipeline).flatMap((job) => job.statements),
    ])
      attempt(() => {
        try {
          render(text, connection.sqlValues);
        } catch (error) {
          throw new Error(`${source}: ${(error as Error).message}`, { cause: error });
        }
      });
  });
  return problems;
}

/** Throws one error with every problem of the given pipelines. */
export async function validate(engines: Engines, pipelines: PipelineFolder[]): Promise<void> {
  const problems = pipelines.flatMap((pipeline) => textProblems(engines, pipeline));
  if (problems.length > 0) throw new Error(problems.join("\n"));
}
