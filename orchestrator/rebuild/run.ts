// A rebuild from its beginning to its end: tables are filled beside the live ones while the old version goes on, then it
// stops, the live ones are made equal, and the new version goes on. Each step is written down before it is done.
import { waitFor } from "../../stack/wait.ts";
import type { Action } from "../deploy/reconcile.ts";
import { lostState } from "../deploy/refusals.ts";
import { recordOf, runToStop } from "../deploy/runs.ts";
import { settleJob } from "../deploy/settle.ts";
import { newRunId, stop, toRecord } from "../deploy/submit.ts";
import { openUpgrades, saveUpgrade, type Upgrade } from "../deploy/upgrades.ts";
import type { Engines } from "../engines/engines.ts";
import { savepointsOf } from "../engines/flink.ts";
import { maintenanceLease } from "../maintain/tables.ts";
import { assertNotRewinding } from "../rewind/points.ts";
import { currentSnapshot } from "../rewind/snapshots.ts";
import { leavePointAlone } from "../rewind/take.ts";
import { compilePlan } from "../state/compile.ts";
import { judgeJob } from "../state/judge.ts";
import { describeStep } from "../state/verdict.ts";
import { rebuildProblems } from "./checks.ts";
import { bothAt, recordsBehind, untilNear } from "./fill.ts";
import { ownerLease, whileHeld, writerLeases } from "./leases.ts";
import { present } from "./present.ts";
import { makeStage } from "./stage.ts";
import { stagedJob } from "./staged.ts";
import { exchangeTables, rehearse } from "./swap.ts";

export type RebuildAction = Extract<Action, { kind: "rebuild-job" }>;

export interface RebuildOptions {
  /** For the history. */
  why: string | null;
  /** Gets how far the tables are. */
  progress: (line: string) => void;
}

/** What the two versions may differ by while one stops: a checkpoint, and what comes in meanwhile. */
const catchUpMsMax = 120_000;

/** Writes the rebuild down, makes the tables and starts the job that fills them. Needs the lease. */
async function begin(
  engines: Engines,
  { job, folder, tables }: RebuildAction,
  why: string | null,
): Promise<Upgrade> {
  const { connection, store } = engines;
  await assertNotRewinding(store, job.pipeline);
  await settleJob(engines, job.name);
  const recorded = await recordOf(engines, job.name);
  if (!recorded) throw new Error(`Job ${job.name} has no record. Run the command again.`);
  // Once more, with the tables as they are now.
  const verdict = await judgeJob(engines, job, recorded);
  const problems = rebuildProblems(folder, job, verdict, await present(engines, folder, job));
  if (lostState(job, verdict, recorded).length === 0)
    problems.push(`Job ${job.name} needs no rebuild any more. Run the command without --rebuild.`);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const plan = await compilePlan(connection, job);
  const next = toRecord(job);
  const upgrade: Upgrade = {
    job: job.name,
    phase: "filling",
    old: recorded,
    next,
    runs: [],
    readBefore: 0,
    reason: null,
    state: verdict?.steps.map(describeStep) ?? [],
    rebuild: { staged: stagedJob(next, plan, newRunId()), tables, why, begunAt: Date.now() },
  };
  await saveUpgrade(store, upgrade);
  const { name, flinkJobId } = upgrade.rebuild!.staged;
  await store.addHistory("rebuild-begun", job.name, {
    flinkJobId,
    beside: name,
    why,
    tables: tables.map((table) => table.name),
  });
  await makeStage(engines, upgrade.rebuild!);
  return upgrade;
}

/** The old version ends with a savepoint, and the job beside it with one that is at or past it everywhere. */
async function stopBoth(engines: Engines, upgrade: Upgrade, id: string): Promise<Upgrade> {
  const { flink, lake, connection } = engines;
  const { job, old, rebuild } = upgrade;
  const stopped = await stop(engines, old, id);
  await leavePointAlone(engines, [stopped], "upgrade", `before the rebuild of ${job}`);
  await waitFor(
    `${rebuild!.staged.name} has read what the old version of ${job} had read`,
    async () => {
      const at = await bothAt(engines, rebuild!, old.definition.groups);
      return recordsBehind(at.old, at.staged) === 0;
    },
    { intervalMs: 200, timeoutMs: catchUpMsMax },
  );
  const run = rebuild!.staged.flinkJobId!;
  const savepoint = await flink.stopWithSavepoint(run, savepointsOf(connection.checkpoints, run));
  const tables = await Promise.all(
    rebuild!.tables.map(async (table) => ({
      ...table,
      snapshot: await currentSnapshot(lake, { name: old.pipeline }, table.name),
    })),
  );
  const staged = { ...rebuild!.staged, restorePath: savepoint };
  return { ...upgrade, phase: "swapping", old: stopped, rebuild: { ...rebuild!, staged, tables } };
}

/** From the old version to the new one. Needs the lease, and nobody else may write to the tables. */
async function swap(engines: Engines, { job, folder }: RebuildAction, begun: Upgrade): Promise<void> {
  const { store } = engines;
  const recorded = await recordOf(engines, job.name);
  const [open] = await openUpgrades(store, job.name);
  if (open?.phase !== "filling" || recorded?.sqlHash !== begun.old.sqlHash)
    throw new Error(`job ${job.name} was changed by another command meanwhile`);
  const { places, ...now } = await present(engines, folder, job);
  // What Kafka has removed since was read by then; slots are the job's own.
  const first = places.map((place) => ({ ...place, low: 0 }));
  const verdict = await judgeJob(engines, job, recorded);
  const problems = rebuildProblems(folder, job, verdict, {
    ...now,
    places: first,
    freeSlots: Number.MAX_VALUE,
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const id = await runToStop(engines, recorded);
  if (id === undefined) throw new Error(`the old version of ${job.name} doesn't run any more`);
  const stopping: Upgrade = { ...open, phase: "stopping", old: recorded };
  await saveUpgrade(store, stopping);
  const swapping = await stopBoth(engines, stopping, id);
  await saveUpgrade(store, swapping);
  await exchangeTables(engines, swapping);
  const outcome = await settleJob(engines, job.name);
  if (outcome && !outcome.isWhole) throw new Error(outcome.says);
}

/** Brings the old version back, or leaves what must go on; what became of it, for the one who asked. */
async function brokenOff(engines: Engines, job: string, cause: Error): Promise<Error> {
  const { store } = engines;
  const [open] = await openUpgrades(store, job);
  const isBefore = open?.phase === "filling" || open?.phase === "stopping";
  // Where an engine is away, the orchestrator or the next apply does it.
  const isBack =
    isBefore &&
    (await store
      .withLease(() => settleJob(engines, job), true)
      .then(
        () => true,
        () => false,
      ));
  const after = isBack
    ? "The old version goes on, and its tables are as they were."
    : open
      ? "The orchestrator, or the next 'npx swordlake apply', takes it from where it was broken off."
      : "";
  return new Error(`The rebuild of ${job} was broken off: ${cause.message}\n${after}`.trim(), { cause });
}

/**
 * Rebuilds a job's tables and swaps versions. The lease is held only while it begins and while versions change: whatever
 * else is to be brought back meanwhile is. Throws, with the old version running, where the tables can't be filled.
 */
export async function rebuild(
  engines: Engines,
  action: RebuildAction,
  { why, progress }: RebuildOptions,
): Promise<void> {
  const { store } = engines;
  const { job } = action;
  const work = async () => {
    try {
      const begun = (await store.withLease(() => begin(engines, action, why), true))!;
      const { groups } = begun.old.definition;
      await untilNear(engines, job.name, begun.rebuild!, groups, progress);
      progress(`${job.name}: comparing tables`);
      await rehearse(engines, begun.rebuild!);
      progress(`${job.name}: waiting for the maintenance of ${job.pipeline}, if any`);
      const alone = () => store.withLease(() => swap(engines, action, begun), true);
      await store.withLease(alone, true, maintenanceLease({ name: job.pipeline }));
    } catch (error) {
      throw await brokenOff(engines, job.name, error as Error);
    }
  };
  const done = await whileHeld(store, [ownerLease(job.name), ...writerLeases(job.pipeline)], work);
  if (!done)
    throw new Error(
      `Another rebuild of ${job.name} is under way, or a backfill or replay of ${job.pipeline}: wait for its end.`,
    );
}
