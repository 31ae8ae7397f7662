// A changed job: the old version stops with a savepoint, the new one takes its state, and if it doesn't get going the
// old version comes back with the state that it had. Each step is written down before it is done.
import type { Engines } from "../engines/engines.ts";
import type { RecordedJob } from "../engines/store.ts";
import { leavePoint } from "../rewind/take.ts";
import { judgeJob } from "../state/judge.ts";
import { describeStep, type Verdict } from "../state/verdict.ts";
import { firstCheckpoint, reading } from "./gate.ts";
import type { DeclaredJob } from "./reconcile.ts";
import { lostState } from "./refusals.ts";
import { recordOf, runToStop } from "./runs.ts";
import { settleJob } from "./settle.ts";
import { resumePath, stop, submit, toRecord } from "./submit.ts";
import { endUpgrade, saveUpgrade, type Upgrade } from "./upgrades.ts";

/**
 * Stops the old version so that nothing of it is left to be committed. State may be left behind only then: a
 * checkpoint may hold files that Iceberg was not yet told of; a job that stops with a savepoint tells it before it ends.
 */
async function stopWhole(
  engines: Engines,
  recorded: RecordedJob,
  id: string | undefined,
  verdict: Verdict | undefined,
): Promise<RecordedJob> {
  const path = id ? undefined : resumePath(recorded, engines.connection.checkpoints);
  const isWhole = path === undefined || /\/savepoint-[^/]*$/.test(path);
  if (isWhole || !verdict?.leavesState) return stop(engines, recorded, id);
  const flinkJobId = await submit(engines, recorded, path);
  await firstCheckpoint(engines, flinkJobId);
  return stop(engines, { ...recorded, flinkJobId }, flinkJobId);
}

/** Throws, with nothing touched, where state would be lost; and where the new version fails, with the old one back. */
export async function upgrade(engines: Engines, job: DeclaredJob): Promise<void> {
  const { store } = engines;
  const settled = await settleJob(engines, job.name);
  const recorded = await recordOf(engines, job.name);
  if (!recorded)
    throw new Error(`Job ${job.name} has no record, so it can't be upgraded. Run the command again.`);
  // What another began may have ended with what is declared now.
  if (settled && recorded.sqlHash === job.hash) return;
  // Once more, with the tables as they are now: before anything is stopped.
  const verdict = await judgeJob(engines, job, recorded);
  const refused = lostState(job, verdict, recorded);
  if (refused.length > 0) throw new Error(refused.join("\n"));
  const id = await runToStop(engines, recorded);
  const next: RecordedJob = { ...toRecord(job), plan: verdict?.plan, leavesState: verdict?.leavesState };
  const state = verdict?.steps.map(describeStep) ?? [];
  const stopping: Upgrade = {
    job: job.name,
    phase: "stopping",
    old: recorded,
    next,
    runs: [],
    readBefore: 0,
    reason: null,
    state,
  };
  await saveUpgrade(store, stopping);
  const stopped = await stopWhole(engines, recorded, id, verdict).catch(async (error: Error) => {
    await endUpgrade(store, stopping, "upgrade-not-begun", { reason: error.message });
    throw error;
  });
  await leavePoint(engines, [stopped], "upgrade", `before the upgrade of ${job.name}`);
  const { read } = await reading(engines, next);
  await saveUpgrade(store, { ...stopping, phase: "gating", old: stopped, readBefore: read });
  const outcome = await settleJob(engines, job.name);
  if (outcome && !outcome.isWhole) throw new Error(outcome.says);
}
