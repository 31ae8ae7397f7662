// From folders and engines to a plan, and from a plan to what is done: the same for the command line and the console.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { PlanChange } from "../console/api.ts";
import { type Engines, pipelineNamed, readablePipelines } from "../engines/engines.ts";
import { chooseRebuilds } from "../rebuild/choose.ts";
import { type RebuildAction, rebuild as rebuildJob } from "../rebuild/run.ts";
import { judge } from "../state/judge.ts";
import { moved, nameOf, toChanges } from "./changes.ts";
import { evolutions } from "./evolve.ts";
import { execute, type StraightAction } from "./execute.ts";
import { expectations } from "./forecast.ts";
import { keptPlan } from "./kept-plans.ts";
import { observe } from "./observe.ts";
import {
  type Action,
  describeAction,
  driftNotes,
  pipelineOf,
  reconcile,
  tablesOf,
  topicsOf,
} from "./reconcile.ts";
import { refusals } from "./refusals.ts";
import { settleLeft } from "./settle.ts";
import { validate, validateReports } from "./validate.ts";

export interface Decision {
  actions: Action[];
  changes: PlanChange[];
  /** Stands for these changes to this state; the same as long as both are the same. */
  hash: string;
  /** What is not as declared and apply leaves alone, a sentence each. */
  notes: string[];
  pipelines: PipelineFolder[];
}

/** A field that is left out for now is not gone. */
const isOfUnread = ({ unread = [] }: PipelineFolder, problem: string) =>
  unread.some((field) => problem.includes(`'${field}' is gone`));

/** Actions for all pipelines or one; `rebuild` names jobs to be rebuilt. Throws every problem of the folders at once. */
export async function decide(
  engines: Engines,
  pipeline: string | undefined,
  rebuild: string[] = [],
): Promise<Decision> {
  const { pipelines, problems } = await readablePipelines(engines.config);
  // A folder that can't be read has no name here; its problems are told.
  if (pipeline && problems.length === 0) pipelineNamed(pipelines, pipeline);
  const looked = pipelines.filter(({ name }) => pipeline === undefined || name === pipeline);
  const topics = looked.flatMap((one) => topicsOf(one).map(([topic]) => topic));
  const [recorded, observed] = await Promise.all([engines.store.jobs(), observe(engines, topics)]);
  const evolved = await evolutions(engines, looked, observed.tables, recorded);
  const unread = looked.filter((one) => one.unread);
  const isMade = (one: PipelineFolder) =>
    tablesOf(one).every((table) => observed.tables.includes(`${one.name}.${table}`));
  await validate(engines, looked, {
    problems: [
      ...problems,
      ...evolved.problems.filter((problem) => !unread.some((one) => isOfUnread(one, problem))),
    ],
    isMade,
    fresh: (one) =>
      evolved.columns.flatMap((action) =>
        action.kind === "add-columns" && action.pipeline === one
          ? action.columns.map(({ name }) => name)
          : [],
      ),
  });
  // With no name given, jobs of folders that are gone are stopped too.
  const only = pipeline
    ? [pipeline]
    : [...pipelines.map((p) => p.name), ...recorded.map((job) => job.pipeline)];
  // The order is what lets old and new clients write meanwhile: columns, jobs, API.
  const judged = [
    ...evolved.columns,
    ...(await judge(engines, pipelines, reconcile(pipelines, recorded, observed, only), recorded, observed)),
    ...evolved.contracts,
  ];
  const { actions, problems: unable } = await chooseRebuilds(engines, looked, judged, recorded, rebuild);
  const refused = [...unable, ...refusals(actions, recorded, pipelines)];
  if (refused.length > 0) throw new Error(refused.join("\n"));
  const changes = toChanges(actions, recorded);
  return { actions, changes, hash: nameOf(changes), notes: driftNotes(looked, observed), pipelines };
}

/** Lines below a plan's actions that are no part of what is done: who reads downstream, how long a job is down. */
export const expected = (engines: Engines, { actions, pipelines }: Decision): Promise<string[][]> =>
  expectations(engines, actions, pipelines);

type TableAction = Extract<Action, { kind: "create-tables" | "add-columns" }>;
const changesTables = (action: Action): action is TableAction =>
  action.kind === "create-tables" || action.kind === "add-columns";

/** Does actions in their order; `tell` gets each before it is done. Reports are checked as soon as Trino can. */
async function executeAll(
  engines: Engines,
  actions: StraightAction[],
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

export interface Apply {
  pipeline: string | undefined;
  /** Nothing is done unless the plan still has this name. */
  plan?: string | undefined;
  /** For the history. */
  why?: string | undefined;
  /** Jobs to be rebuilt, `<pipeline>/<file>` or `<file>`. */
  rebuild?: string[] | undefined;
  /** Gets how far a rebuild is. */
  progress?: (line: string) => void;
}

/** A rebuild comes after all else but the contracts: the API takes new fields last. */
function inTurn(actions: Action[]): {
  first: StraightAction[];
  rebuilds: RebuildAction[];
  last: StraightAction[];
} {
  const rebuilds = actions.filter((action) => action.kind === "rebuild-job");
  const straight = actions.filter((action) => action.kind !== "rebuild-job");
  const isLast = ({ kind }: StraightAction) => rebuilds.length > 0 && kind === "change-contract";
  return { first: straight.filter((one) => !isLast(one)), rebuilds, last: straight.filter(isLast) };
}

/** Does what is to be done, under the lease. Throws, with nothing touched, where it isn't what was planned. */
export async function applyDecision(
  engines: Engines,
  { pipeline, plan, why, rebuild, progress = () => {} }: Apply,
  tell: (line: string) => void,
): Promise<Decision> {
  const done = await engines.store.withLease(async () => {
    await settleLeft(engines, pipeline);
    const decision = await decide(engines, pipeline, rebuild);
    const { actions, changes, hash } = decision;
    if (plan !== undefined && plan !== hash) throw new Error(movedText(engines, plan, decision));
    if (actions.length > 0)
      await engines.store.addHistory("apply", pipeline ?? "all", {
        plan: hash,
        changes: changes.map(({ line }) => line),
        ...(why ? { why } : {}),
      });
    await executeAll(engines, inTurn(actions).first, tell);
    return decision;
  }, true);
  if (!done) throw new Error("Another orchestrator holds the lease. Run the command again.");
  const { rebuilds, last } = inTurn(done.actions);
  for (const action of rebuilds) {
    tell(describeAction(action));
    await rebuildJob(engines, action, { why: why ?? null, progress });
  }
  if (last.length > 0) await engines.store.withLease(() => executeAll(engines, last, tell), true);
  return done;
}

function movedText({ config }: Engines, plan: string, { changes, hash }: Decision): string {
  const before = keptPlan(config, plan);
  const lines = before
    ? moved(before, changes)
    : [
        "  that plan isn't known on this machine; to be done now:",
        ...changes.map(({ line }) => `    ${line}`),
        ...(changes.length === 0 ? ["    nothing"] : []),
      ];
  return (
    `The plan is another one by now (${hash}, not ${plan}): look at it again before it is applied. ` +
    `Nothing was touched.\n${lines.join("\n")}`
  );
}
