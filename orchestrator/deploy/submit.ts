// Starts a job and stops it: what is meant is written down before Flink is asked, and what became of it after.
import { existsSync } from "node:fs";
import { catalogStatements } from "../../flink-sql/script.ts";
import type { Engines } from "../engines/engines.ts";
import { newestCheckpoint } from "../engines/flink.ts";
import type { RecordedJob } from "../engines/store.ts";
import { assertNotRewinding } from "../rewind/points.ts";
import { executePlan, runStatements } from "../state/compile.ts";
import type { DeclaredJob } from "./reconcile.ts";

/** Where a job that doesn't run goes on: its newest checkpoint, else what its last run came from. */
export function resumePath(recorded: RecordedJob | undefined, checkpoints: string): string | undefined {
  if (!recorded) return undefined;
  if (recorded.flinkJobId && !existsSync(checkpoints)) {
    // Without that folder it would start from nothing and double what has landed.
    throw new Error(
      `The checkpoints of ${recorded.name} can't be seen: there is no folder ${checkpoints}. ` +
        "Mount it on this machine and name it in SWORDLAKE_CHECKPOINTS.",
    );
  }
  const newest = recorded.flinkJobId ? newestCheckpoint(checkpoints, recorded.flinkJobId) : undefined;
  return newest ?? recorded.restorePath ?? undefined;
}

/** Submits a job, restored from `path` where there is one, and records it before and after. */
export async function submit(engines: Engines, job: RecordedJob, path: string | undefined): Promise<string> {
  const { connection, store } = engines;
  await assertNotRewinding(store, job.pipeline);
  const record: RecordedJob = { ...job, desired: "running", flinkJobId: null, restorePath: path ?? null };
  const { settings, statements } = job.definition;
  await store.saveJob(record);
  const restore = path
    ? {
        "execution.state-recovery.path": path,
        ...(job.leavesState ? { "execution.state-recovery.ignore-unclaimed-state": "true" } : {}),
      }
    : {};
  const planned = { name: job.name, pipeline: job.pipeline, settings, statements };
  const id = job.plan
    ? await executePlan(connection, planned, job.plan, restore)
    : await runStatements(connection, { ...settings, ...restore }, [
        ...catalogStatements(job.pipeline, connection.store),
        ...statements,
      ]);
  if (!id)
    throw new Error(
      `Job ${job.name} starts nothing: its last statement must be an INSERT or a statement set.`,
    );
  await store.saveJob({ ...record, flinkJobId: id });
  await store.addHistory("submit", job.name, {
    flinkJobId: id,
    restoredFrom: path ?? null,
    sqlHash: job.sqlHash,
  });
  return id;
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
    ? await engines.flink.stopWithSavepoint(id)
    : resumePath(recorded, engines.connection.checkpoints);
  const stopped: RecordedJob = {
    ...recorded,
    desired,
    flinkJobId: null,
    restorePath: path ?? null,
  };
  await engines.store.saveJob(stopped);
  await engines.store.addHistory("stop", recorded.name, { flinkJobId: id ?? null, savepoint: path ?? null });
  return stopped;
}
