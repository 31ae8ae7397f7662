// Checks folders before anything is touched: statements on Flink's planner, reports on Trino.
// All problems at once, each with file and line.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { logJob } from "../../flink-sql/log.ts";
import { render } from "../../flink-sql/render.ts";
import { jobsOf, resetsOf, type SourcedStatement, tableStatements } from "../../flink-sql/script.ts";
import { withoutSink } from "../../flink-sql/statements.ts";
import { declaredTables } from "../../flink-sql/tables.ts";
import { parseAssertions } from "../assertions/declared.ts";
import { batchProblems } from "../backfill/settings.ts";
import type { Engines } from "../engines/engines.ts";
import { FlinkSqlError, openSession } from "../engines/gateway.ts";
import { TrinoError } from "../engines/trino.ts";
import { expiredRows } from "../forget/retain.ts";
import { personColumns } from "../forget/sql.ts";
import { placeProblems } from "../ledger/rules.ts";
import { maintenanceProblems } from "../maintain/settings.ts";
import { parseReports } from "../reports/header.ts";
import { fillReport } from "../reports/parameters.ts";
import { reportPagesProblems } from "../reports/scheduled.ts";

/** "path:line: reason", with the line that the engine's message names counted within the file. */
export function located(source: string, reason: string): string {
  const within = /\b[Ll]ine (\d+)/.exec(reason)?.[1];
  const [, path, first] = /^(.*):(\d+)$/.exec(source) ?? [];
  const where = path && within ? `${path}:${Number(first) + Number(within) - 1}` : source;
  return `${where}: ${reason.replace(/\s+/g, " ").trim()}`;
}

/** The folder's tables before they are made; a type begins in Trino as in Flink where it tells a time. */
const asDeclared = (pipeline: PipelineFolder) =>
  declaredTables(pipeline).map(({ name, columns }) => ({
    name,
    columns: columns.map((column) => ({ name: column.name, type: column.type.toLowerCase() })),
  }));

/** Problems that can be seen without any engine: templates, quotes, report headers; and whether there is SQL to plan. */
function textProblems(
  { connection }: Engines,
  pipeline: PipelineFolder,
): { problems: string[]; isPlannable: boolean } {
  const problems: string[] = [];
  const attempt = (work: () => unknown, name = (message: string) => message) => {
    try {
      work();
    } catch (error) {
      problems.push(name((error as Error).message));
    }
  };
  attempt(() => parseReports(pipeline.reports));
  attempt(() => parseAssertions(pipeline));
  attempt(() => pipeline.person !== undefined && personColumns(pipeline));
  attempt(() => expiredRows(pipeline, asDeclared(pipeline), new Date()));
  // What can't be read as SQL is told below.
  attempt(
    () => problems.push(...placeProblems(pipeline)),
    () => "",
  );
  problems.push(...maintenanceProblems(pipeline), ...batchProblems(pipeline));
  problems.push(...reportPagesProblems(pipeline));
  const before = problems.length;
  attempt(() => {
    const statements = [...tableStatements(pipeline), ...jobsOf(pipeline).flatMap((job) => job.statements)];
    for (const { text, source } of statements)
      attempt(
        () => render(text, connection.sqlValues),
        (message) => located(source, message),
      );
  });
  const isPlannable = problems.length === before;
  return { problems: problems.filter(Boolean), isPlannable };
}

/** The EXPLAIN of a statement, on the same lines. */
const explained = (statement: string) => `EXPLAIN ${statement.replace(/^EXECUTE\s+(?=STATEMENT\b)/i, "")}`;

/**
 * Plans a pipeline's statements on the real planner, in a session of its own that reads nothing and
 * writes nothing: its tables are blackholes there.
 */
async function plannerProblems({ connection }: Engines, pipeline: PipelineFolder): Promise<string[]> {
  const session = await openSession(connection.addresses.gateway, {});
  const problems: string[] = [];
  const attempt = async ({ text, source }: SourcedStatement) => {
    try {
      await session.execute(render(text, connection.sqlValues));
    } catch (error) {
      if (!(error instanceof FlinkSqlError)) throw error;
      problems.push(located(source, error.reason));
    }
  };
  try {
    for (const { text, source } of tableStatements(pipeline))
      await attempt({ text: withoutSink(text), source });
    const known = new Set<string>();
    // The engine's own job is derived from the contract alone: nobody's SQL can be wrong in it.
    for (const job of jobsOf(pipeline).filter(({ name }) => !name.endsWith(`/${logJob}`))) {
      for (const statement of job.statements) {
        // Sources of two jobs differ in their consumer group alone.
        const name = /^CREATE TEMPORARY (?:TABLE|VIEW) (\S+)/.exec(statement.text)?.[1];
        if (name && known.has(name)) continue;
        if (name) known.add(name);
        const starts = statement === job.statements.at(-1);
        await attempt(starts ? { ...statement, text: explained(statement.text) } : statement);
      }
      for (const reset of resetsOf(job)) await attempt(reset);
    }
  } finally {
    await session.close();
  }
  return problems;
}

/** Problems of reports whose tables are in the lake, by Trino, with their defaults; columns yet to be added aside. */
async function reportProblems(
  { lake }: Engines,
  pipeline: PipelineFolder,
  fresh: string[] = [],
): Promise<string[]> {
  const problems = await Promise.all(
    readableReports(pipeline).map(async (report) => {
      const path = pipeline.reports.find((file) => file.name === report.name)?.path ?? report.name;
      return lake.query(`EXPLAIN (TYPE VALIDATE) ${fillReport(report, {}).report.sql}`).then(
        () => [],
        (error: unknown) => {
          if (!(error instanceof TrinoError)) throw error;
          const column = /Column '([^']+)' cannot be resolved/.exec(error.reason)?.[1]?.split(".").at(-1);
          return column && fresh.includes(column) ? [] : [located(`${path}:1`, error.reason)];
        },
      );
    }),
  );
  return problems.flat();
}

/** Those whose header can be read: of the others it is told elsewhere. */
const readableReports = (pipeline: PipelineFolder) =>
  pipeline.reports.flatMap((file) => {
    try {
      return parseReports([file]);
    } catch {
      return [];
    }
  });

/** What is known of pipelines before they are validated. */
export interface Known {
  /** Problems that were found already. */
  problems: string[];
  /** Whether all tables of a pipeline are in the lake, so that Trino can check its reports. */
  isMade(pipeline: PipelineFolder): boolean;
  /** Columns that apply will add to tables of a pipeline first. */
  fresh(pipeline: PipelineFolder): string[];
}

/** Throws one error with every problem of the given pipelines. */
export async function validate(engines: Engines, pipelines: PipelineFolder[], known: Known): Promise<void> {
  const early = new Map(pipelines.map((pipeline) => [pipeline, textProblems(engines, pipeline)]));
  // Of a text that can't be read the planner would only say so again.
  const plannable = pipelines.filter((pipeline) => early.get(pipeline)!.isPlannable);
  const [planned, reports] = await Promise.all([
    Promise.all(plannable.map((pipeline) => plannerProblems(engines, pipeline))),
    Promise.all(
      pipelines
        .filter((pipeline) => known.isMade(pipeline))
        .map((pipeline) => reportProblems(engines, pipeline, known.fresh(pipeline))),
    ),
  ]);
  const texts = [...early.values()].flatMap(({ problems }) => problems);
  const problems = [...new Set([...known.problems, ...texts, ...planned.flat(), ...reports.flat()])];
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** Has Trino check every report of a pipeline whose tables exist, with its defaults. Throws all problems at once. */
export async function validateReports(engines: Engines, pipeline: PipelineFolder): Promise<void> {
  const problems = await reportProblems(engines, pipeline);
  if (problems.length > 0) throw new Error(problems.join("\n"));
}
