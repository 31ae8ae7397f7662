// Carries out what reconcile decided, one action at a time. Intent is written before Flink is asked.
import { catalogStatements, tableStatements } from "../../flink-sql/script.ts";
import type { Engines } from "../engines/engines.ts";
import type { RecordedJob } from "../engines/store.ts";
import { leavePoint } from "../rewind/take.ts";
import { compilePlan, runStatements } from "../state/compile.ts";
import { evolve } from "./evolve.ts";
import type { Action } from "./reconcile.ts";
import { recordOf, runsOf } from "./runs.ts";
import { settleJob } from "./settle.ts";
import { resumePath, runIdFor, stop, submit, toRecord } from "./submit.ts";
import { upgrade } from "./upgrade.ts";

/** All but a rebuild, which goes on beside everything else for as long as it takes. */
export type StraightAction = Exclude<Action, { kind: "rebuild-job" }>;

/** Does one action; safe to repeat after a crash in its middle. */
export async function execute(engines: Engines, action: StraightAction): Promise<void> {
  const { kafka, connection, flink, store } = engines;
  switch (action.kind) {
    case "add-columns":
    case "change-contract":
      return evolve(engines, action);
    case "create-topic":
      await kafka.createTopic(action.topic, action.partitions, action.retentionMs);
      return store.addHistory("create-topic", action.topic, { partitions: action.partitions });
    case "alter-topic":
      await kafka.setRetention(action.topic, action.retentionMs);
      return store.addHistory("alter-topic", action.topic, {
        retentionMs: action.retentionMs,
        was: action.was,
      });
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
      await store.saveJob({
        ...action.job,
        desired: "running",
        flinkJobId: action.id,
        askedJobId: undefined,
      });
      return store.addHistory("adopt", action.job.name, { flinkJobId: action.id });
    case "submit-job": {
      const { job } = action;
      const settled = await settleJob(engines, job.name);
      const recorded = await recordOf(engines, job.name);
      // An upgrade that nobody had finished has ended with one of its versions running.
      if (settled) return recorded?.sqlHash === job.hash ? undefined : upgrade(engines, job);
      const path = resumePath(recorded, connection.checkpoints);
      // State of a job that ran from plain statements is under names that no plan has.
      const plan = recorded?.plan ?? (path ? undefined : await compilePlan(connection, job));
      await submit(
        engines,
        { ...toRecord(job), plan, leavesState: recorded?.leavesState },
        path,
        await runIdFor(engines, recorded),
      );
      return;
    }
    case "upgrade-job":
      return upgrade(engines, action.job);
    case "stop-job":
      await stopWhatRuns(engines, action.job.name);
  }
}

/** Stops a job in whichever version it runs, once an upgrade that is under way has ended. */
async function stopWhatRuns(engines: Engines, name: string): Promise<RecordedJob[]> {
  await settleJob(engines, name);
  const recorded = await recordOf(engines, name);
  return recorded ? [await stop(engines, recorded, (await runsOf(engines, name))[0])] : [];
}

/** Stops jobs of a pipeline, or of all, with savepoints. Returns the names of those that ran. */
export async function stopJobs(engines: Engines, pipeline: string | undefined): Promise<string[]> {
  const recorded = (await engines.store.jobs()).filter(
    (job) => job.desired === "running" && (pipeline === undefined || job.pipeline === pipeline),
  );
  const stopped: RecordedJob[] = [];
  for (const { name } of recorded) stopped.push(...(await stopWhatRuns(engines, name)));
  for (const name of new Set(stopped.map((job) => job.pipeline)))
    await leavePoint(
      engines,
      stopped.filter((job) => job.pipeline === name),
      "stop",
      "stopped",
    );
  return recorded.map((job) => job.name);
}
