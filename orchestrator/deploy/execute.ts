// Carries out what reconcile decided, one action at a time. Intent is written before Flink is asked.
import { existsSync } from "node:fs";

import { catalogStatements, tableStatements } from "../../flink-sql/script.ts";
import type { Engines } from "../engines/engines.ts";
import { newestCheckpoint } from "../engines/flink.ts";
import type { RecordedJob } from "../engines/store.ts";
import { evolve } from "./evolve.ts";
import { compilePlan, executePlan, runStatements } from "../state/compile.ts";
import type { Action, DeclaredJob } from "./reconcile.ts";

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
async function submit(engines: Engines, job: RecordedJob, path: string | undefined): Promise<string> {
  const { connection, store } = engines;
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

const toRecord = (job: DeclaredJob): RecordedJob => ({
  name: job.name,
  pipeline: job.pipeline,
  sqlHash: job.hash,
  definition: { settings: job.settings, statements: job.statements, groups: job.groups },
  desired: "running",
  flinkJobId: null,
  restorePath: null,
});

/** Brings a job back as it was applied, from where its last run got to. */
export async function resumeJob(
  engines: Engines,
  job: RecordedJob,
): Promise<{ flinkJobId: string; restoredFrom: string | null }> {
  const path = resumePath(job, engines.connection.checkpoints);
  return { flinkJobId: await submit(engines, job, path), restoredFrom: path ?? null };
}

/** Stops a running job with a savepoint and records where it can go on. Returns that record. */
async function stop(engines: Engines, recorded: RecordedJob, id: string | undefined): Promise<RecordedJob> {
  const path = id
    ? await engines.flink.stopWithSavepoint(id)
    : resumePath(recorded, engines.connection.checkpoints);
  const stopped: RecordedJob = {
    ...recorded,
    desired: "stopped",
    flinkJobId: null,
    restorePath: path ?? null,
  };
  await engines.store.saveJob(stopped);
  await engines.store.addHistory("stop", recorded.name, { flinkJobId: id ?? null, savepoint: path ?? null });
  return stopped;
}

async function upgrade(engines: Engines, job: DeclaredJob, id: string | undefined): Promise<void> {
  const recorded = (await engines.store.jobs()).find((known) => known.name === job.name);
  if (!recorded)
    throw new Error(`Job ${job.name} has no record, so it can't be upgraded. Run the command again.`);
  const stopped = await stop(engines, recorded, id);
  try {
    await submit(engines, toRecord(job), stopped.restorePath ?? undefined);
  } catch (cause) {
    // The old version's record stays "stopped" at its savepoint: the old file brings it back.
    await engines.store.saveJob(stopped);
    throw cause;
  }
}

/** Does one action; safe to repeat after a crash in its middle. */
export async function execute(engines: Engines, action: Action): Promise<void> {
  const { kafka, connection, flink, store } = engines;
  switch (action.kind) {
    case "add-columns":
    case "change-contract":
      return evolve(engines, action);
    case "create-topic":
      await kafka.createTopic(action.topic, action.partitions, action.retentionMs);
      return store.addHistory("create-topic", action.topic, { partitions: action.partitions });
    case "create-tables": {
      const { pipeline, missing } = action;
      const catalog = catalogStatements(pipeline.name, connection.store);
      await runStatements(connection, {}, [...catalog, ...tableStatements(pipeline)]);
      return store.addHistory("create-tables", pipeline.name, { tables: missing });
    }
    case "cancel-double":
      await flink.cancel(action.id);
      return store.addHistory("cancel-double", action.job, { flinkJobId: action.id });
    case "adopt-job":
      await store.saveJob({ ...action.job, desired: "running", flinkJobId: action.id });
      return store.addHistory("adopt", action.job.name, { flinkJobId: action.id });
    case "submit-job": {
      const recorded = (await store.jobs()).find((known) => known.name === action.job.name);
      await submit(engines, toRecord(action.job), resumePath(recorded, connection.checkpoints));
      return;
    }
    case "upgrade-job":
      return upgrade(engines, action.job, action.id);
    case "stop-job":
      await stop(engines, action.job, action.id);
  }
}

/** Stops jobs of a pipeline, or of all, with savepoints. Returns the names of those that ran. */
export async function stopJobs(engines: Engines, pipeline: string | undefined): Promise<string[]> {
  const live = await engines.flink.liveJobs();
  const recorded = (await engines.store.jobs()).filter(
    (job) => job.desired === "running" && (pipeline === undefined || job.pipeline === pipeline),
  );
  for (const job of recorded) await stop(engines, job, live.find((running) => running.name === job.name)?.id);
  return recorded.map((job) => job.name);
}
