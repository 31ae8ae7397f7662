// plan, apply, stop: what the folders declare against what the engines hold.

import { render } from "../../flink-sql/render.ts";
import { catalogStatements, jobsOf, tableStatements } from "../../flink-sql/script.ts";
import { readStackConfig } from "../../stack/config.ts";
import { applyDecision, decide, expected } from "../deploy/decide.ts";
import { stopJobs } from "../deploy/execute.ts";
import { keepPlan } from "../deploy/kept-plans.ts";
import { describeAction } from "../deploy/reconcile.ts";
import { resolveConnection } from "../engines/connection.ts";
import { declaredPipelines, pipelineNamed, withEngines } from "../engines/engines.ts";
import { printJson, printLine, progressLine } from "./output.ts";

export interface ApplyOptions {
  json?: boolean;
  plan?: string;
  why?: string;
  rebuild?: string[];
}

/** Applies everything; `tell` gets each action as it is done. Returns what was done. */
export async function applyAll(
  tell: (step: string, line: string) => void,
  pipeline?: string,
  { plan, why, rebuild }: ApplyOptions = {},
): Promise<string[]> {
  const line = progressLine();
  const asked = { pipeline, plan, why, rebuild, progress: line.tell };
  return withEngines(async (engines) => {
    const { actions } = await applyDecision(engines, asked, (text) => {
      line.end();
      tell("apply", text);
    });
    return actions.map(describeAction);
  }).finally(() => line.end());
}

/** What `plan --json` prints. */
export interface PlanDocument {
  /** For apply --plan; null where there are problems. */
  hash: string | null;
  actions: string[];
  /** By action: whom it reaches downstream, and how long a job is down. */
  expected: string[][];
  notes: string[];
  problems: string[];
}

async function planned(pipeline: string | undefined, rebuild: string[] = []): Promise<PlanDocument> {
  return withEngines(async (engines) => {
    const decision = await decide(engines, pipeline, rebuild);
    const { actions, changes, hash, notes } = decision;
    keepPlan(engines.config, hash, changes);
    return {
      hash,
      actions: actions.map(describeAction),
      expected: await expected(engines, decision),
      notes,
      problems: [],
    };
  });
}

export async function plan(
  pipeline: string | undefined,
  options: { json?: boolean; sql?: boolean; rebuild?: string[] },
): Promise<void> {
  if (options.sql) return printSql(pipeline);
  if (options.json) {
    const document = await planned(pipeline, options.rebuild).catch(
      (error: Error): PlanDocument => ({
        hash: null,
        actions: [],
        expected: [],
        notes: [],
        problems: error.message.split("\n"),
      }),
    );
    if (document.problems.length > 0) process.exitCode = 1;
    return void printJson(document);
  }
  const { hash, actions, expected, notes } = await planned(pipeline, options.rebuild);
  for (const [index, line] of actions.entries())
    printLine([line, ...expected[index]!.map((more) => `    ${more}`)].join("\n"));
  for (const note of notes) printLine(note);
  if (actions.length === 0) return void printLine("Nothing to do: the engines match the folders.");
  const name = [pipeline, ...(options.rebuild ?? []).map((job) => `--rebuild ${job}`)]
    .filter(Boolean)
    .map((part) => ` ${part}`)
    .join("");
  printLine(`\n'npx swordlake apply${name} --plan ${hash}' does this, and nothing else.`);
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

export async function apply(pipeline: string | undefined, options: ApplyOptions): Promise<void> {
  const { plan } = options;
  if (plan !== undefined && !/^[0-9a-f]{16}$/.test(plan))
    throw new Error(`--plan ${plan}: give the 16 characters that 'npx swordlake plan' printed.`);
  const done = await applyAll((_step, line) => process.stderr.write(`${line}\n`), pipeline, options);
  if (options.json) printJson({ actions: done });
  else
    printLine(done.length === 0 ? "Nothing to do: the engines match the folders." : `${done.length} done.`);
}

export async function stop(pipeline: string | undefined, options: { json?: boolean }): Promise<void> {
  const stopped = await withEngines(async (engines) => {
    // By the records: a folder that is broken, or gone, must not keep its jobs running.
    const isKnown = (await engines.store.jobs()).some((job) => job.pipeline === pipeline);
    if (pipeline && !isKnown) pipelineNamed(await declaredPipelines(engines.config), pipeline);
    return (await engines.store.withLease(() => stopJobs(engines, pipeline), true)) ?? [];
  });
  if (options.json) return void printJson({ stopped });
  printLine(
    stopped.length === 0
      ? "No job ran."
      : `Stopped with savepoints: ${stopped.join(", ")}. 'npx swordlake apply' goes on from there.`,
  );
}
