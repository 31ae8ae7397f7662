// plan, apply, stop: what the folders declare against what the engines hold.

import { render } from "../../flink-sql/render.ts";
import { catalogStatements, jobsOf, tableStatements } from "../../flink-sql/script.ts";
import { readStackConfig } from "../../stack/config.ts";
import { allOrEveryProblem } from "../../stack/fetch.ts";
import { evolutions } from "../deploy/evolve.ts";
import { execute, stopJobs } from "../deploy/execute.ts";
import { observe } from "../deploy/observe.ts";
import { type Action, describeAction, pipelineOf, reconcile, tablesOf } from "../deploy/reconcile.ts";
import { refusals } from "../deploy/refusals.ts";
import { validate, validateReports } from "../deploy/validate.ts";
import { resolveConnection } from "../engines/connection.ts";
import { declaredPipelines, type Engines, pipelineNamed, withEngines } from "../engines/engines.ts";
import { judge } from "../state/judge.ts";
import { printJson, printLine } from "./output.ts";

/** Actions for all pipelines or one, with all problems of the folders checked first. */
export async function decide(engines: Engines, pipeline: string | undefined): Promise<Action[]> {
  const pipelines = await declaredPipelines(engines.config);
  const chosen = pipeline ? [pipelineNamed(pipelines, pipeline)] : pipelines;
  const [recorded, observed] = await Promise.all([engines.store.jobs(), observe(engines)]);
  const evolved = await evolutions(engines, chosen, observed.tables);
  await validate(engines, chosen, evolved.problems);
  // With no name given, jobs of folders that are gone are stopped too.
  const only = pipeline
    ? [pipeline]
    : [...pipelines.map((p) => p.name), ...recorded.map((job) => job.pipeline)];
  // The order is what lets old and new clients write meanwhile: columns, jobs, API.
  const actions = [
    ...evolved.columns,
    ...(await judge(engines, pipelines, reconcile(pipelines, recorded, observed, only), recorded, observed)),
    ...evolved.contracts,
  ];
  const refused = refusals(actions, recorded, pipelines);
  if (refused.length > 0) throw new Error(refused.join("\n"));
  const changed = pipelines.filter((p) => actions.some((action) => pipelineOf(action) === p.name));
  const complete = changed.filter(
    (p) =>
      tablesOf(p).every((table) => observed.tables.includes(`${p.name}.${table}`)) &&
      !evolved.columns.some((action) => action.pipeline.name === p.name),
  );
  await allOrEveryProblem(complete.map((p) => validateReports(engines, p)));
  return actions;
}

type TableAction = Extract<Action, { kind: "create-tables" | "add-columns" }>;
const changesTables = (action: Action): action is TableAction =>
  action.kind === "create-tables" || action.kind === "add-columns";

/** Does actions in their order; `tell` gets each before it is done. Reports are checked as soon as Trino can. */
export async function executeAll(
  engines: Engines,
  actions: Action[],
  tell: (line: string) => void,
): Promise<void> {
  for (const [index, action] of actions.entries()) {
    tell(describeAction(action));
    await execute(engines, action);
    // Before its last one, Trino lacks tables or columns to check the reports against.
    const ofSame = (other: Action) => changesTables(other) && pipelineOf(other) === pipelineOf(action);
    if (changesTables(action) && !actions.slice(index + 1).some(ofSame))
      await validateReports(engines, action.pipeline);
  }
}

/** Applies everything; `tell` gets each action as it is done. Returns what was done. */
export async function applyAll(
  tell: (step: string, line: string) => void,
  pipeline?: string,
): Promise<string[]> {
  return withEngines(async (engines) => {
    const done = await engines.store.withLease(async () => {
      const actions = await decide(engines, pipeline);
      await executeAll(engines, actions, (line) => tell("apply", line));
      return actions.map(describeAction);
    }, true);
    return done ?? [];
  });
}

export async function plan(
  pipeline: string | undefined,
  options: { json?: boolean; sql?: boolean },
): Promise<void> {
  if (options.sql) return printSql(pipeline);
  const lines = await withEngines(async (engines) => (await decide(engines, pipeline)).map(describeAction));
  if (options.json) return void printJson({ actions: lines });
  printLine(lines.length === 0 ? "Nothing to do: the engines match the folders." : lines.join("\n"));
  if (lines.length > 0) printLine("\n'npx swordlake apply' does this.");
}

/** The whole Flink SQL of a pipeline, with this instance's addresses. */
async function printSql(pipeline: string | undefined): Promise<void> {
  const config = readStackConfig();
  const { sqlValues, store } = resolveConnection(config);
  const all = await declaredPipelines(config);
  for (const folder of pipeline ? [pipelineNamed(all, pipeline)] : all) {
    const shared = [...catalogStatements(folder.name, store), ...tableStatements(folder)];
    for (const job of jobsOf(folder)) {
      printLine(`-- Job ${job.name}, in a session of its own`);
      for (const [name, value] of Object.entries(job.settings)) printLine(`SET '${name}' = '${value}';`);
      for (const statement of [...shared, ...job.statements])
        printLine(`\n${render(statement.text, sqlValues)};`);
    }
  }
}

export async function apply(pipeline: string | undefined, options: { json?: boolean }): Promise<void> {
  const done = await applyAll((_step, line) => process.stderr.write(`${line}\n`), pipeline);
  if (options.json) printJson({ actions: done });
  else
    printLine(done.length === 0 ? "Nothing to do: the engines match the folders." : `${done.length} done.`);
}

export async function stop(pipeline: string | undefined, options: { json?: boolean }): Promise<void> {
  const stopped = await withEngines(async (engines) => {
    if (pipeline) pipelineNamed(await declaredPipelines(engines.config), pipeline);
    return (await engines.store.withLease(() => stopJobs(engines, pipeline), true)) ?? [];
  });
  if (options.json) return void printJson({ stopped });
  printLine(
    stopped.length === 0
      ? "No job ran."
      : `Stopped with savepoints: ${stopped.join(", ")}. 'npx swordlake apply' goes on from there.`,
  );
}
