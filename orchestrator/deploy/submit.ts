// Starts a job and stops it: what is meant is written down before Flink is asked, and what became of it after.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { catalogStatements } from "../../flink-sql/script.ts";
import type { Engines } from "../engines/engines.ts";
import { newestCheckpoint, savepointsOf } from "../engines/flink.ts";
import type { RecordedJob } from "../engines/store.ts";
import { assertNotRewinding } from "../rewind/points.ts";
import { executePlan, runStatements } from "../state/compile.ts";
import type { DeclaredJob } from "./reconcile.ts";

/** Where a job that doesn't run goes on: its newest checkpoint, else what its last run came from. */
export function resumePath(recorded: RecordedJob | undefined, checkpoints: string): string | undefined {
  if (!recorded) return undefined;
  // A run that was asked for and never confirmed may have come to be, and got on.
  const run = recorded.flinkJobId ?? recorded.askedJobId;
  if (run && !existsSync(checkpoints)) {
    // Without that folder it would start from nothing and double what has landed.
    throw new Error(
      `The checkpoints of ${recorded.name} can't be seen: there is no folder ${checkpoints}. ` +
        "Mount it on this machine and name it in SWORDLAKE_CHECKPOINTS.",
    );
  }
  const newest = run ? newestCheckpoint(checkpoints, run) : undefined;
  return newest ?? recorded.restorePath ?? undefined;
}

/** Flink's id of a run that is to be. */
export const newRunId = (): string => randomBytes(16).toString("hex");

/**
 * The id to ask for a job's next run under. Where a run was asked for by someone who died before the answer, its id
 * again: the question may still be under way in the SQL Gateway, and Flink takes only one run of an id.
 */
export async function runIdFor({ flink }: Engines, recorded: RecordedJob | undefined): Promise<string> {
  const asked = recorded?.flinkJobId === null ? recorded.askedJobId : undefined;
  return asked !== undefined && !(await flink.knows(asked)) ? asked : newRunId();
}

/** Submits a job, restored from `path` where there is one, as the run `runId`, and records it before and after. */
export async function submit(
  engines: Engines,
  job: RecordedJob,
  path: string | undefined,
  runId = newRunId(),
): Promise<string> {
  const { connection, flink, store } = engines;
  await assertNotRewinding(store, job.pipeline);
  const record: RecordedJob = {
    ...job,
    desired: "running",
    flinkJobId: null,
    restorePath: path ?? null,
    askedJobId: runId,
  };
  const { settings, statements } = job.definition;
  await store.saveJob(record);
  const own = {
    "$internal.pipeline.job-id": runId,
    ...(path ? { "execution.state-recovery.path": path } : {}),
    ...(path && job.leavesState ? { "execution.state-recovery.ignore-unclaimed-state": "true" } : {}),
  };
  const planned = { name: job.name, pipeline: job.pipeline, settings, statements };
  const submitted = job.plan
    ? executePlan(connection, planned, job.plan, own)
    : runStatements(connection, { ...settings, ...own }, [
        ...catalogStatements(job.pipeline, connection.store),
        ...statements,
      ]);
  const id = await submitted.catch(async (error: unknown) => {
    // Asked for before by someone who died: that question was heard first.
    if ((await flink.liveJobs()).some((run) => run.id === runId)) return runId;
    throw error;
  });
  if (!id)
    throw new Error(
      `Job ${job.name} starts nothing: its last statement must be an INSERT or a statement set.`,
    );
  await store.saveJob({ ...record, flinkJobId: id, askedJobId: undefined });
  await store.addHistory("submit", job.name, {
    flinkJobId: id,
    restoredFrom: path ?? null,
    sqlHash: job.sqlHash,
  });
  return id;
}

/** Brings a job back as it was applied, from where its last run got to. */
export async function resumeJob(
  engines: Engines,
  job: RecordedJob,
): Promise<{ flinkJobId: string; restoredFrom: string | null }> {
  const path = resumePath(job, engines.connection.checkpoints);
  const flinkJobId = await submit(engines, job, path, await runIdFor(engines, job));
  return { flinkJobId, restoredFrom: path ?? null };
}

export const toRecord = (job: DeclaredJob): RecordedJob => ({
  name: job.name,
  pipeline: job.pipeline,
  sqlHash: job.hash,
  definition: { settings: job.settings, statements: job.statements, groups: job.groups },
  desired: "running",
  flinkJobId: null,
  restorePath: null,
});

/**
 * Stops a running job with a savepoint and records where it can go on. Returns that record. Where it is but to pause, it
 * stays recorded as running: whoever finds that it doesn't run brings it back from that savepoint.
 */
export async function stop(
  engines: Engines,
  recorded: RecordedJob,
  id: string | undefined,
  desired: RecordedJob["desired"] = "stopped",
): Promise<RecordedJob> {
  const path = id
    ? await engines.flink.stopWithSavepoint(id, savepointsOf(engines.connection.checkpoints, id))
    : resumePath(recorded, engines.connection.checkpoints);
  const stopped: RecordedJob = {
    ...recorded,
    desired,
    flinkJobId: null,
    restorePath: path ?? null,
    askedJobId: undefined,
  };
  await engines.store.saveJob(stopped);
  await engines.store.addHistory("stop", recorded.name, { flinkJobId: id ?? null, savepoint: path ?? null });
  return stopped;
}
