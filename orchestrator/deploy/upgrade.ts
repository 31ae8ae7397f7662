// A changed job: the old version stops with a savepoint, the new one takes its state, and if it doesn't get going the
// old version comes back with the state that it had.
import { kafkaTopic } from "../../flink-sql/folders.ts";
import { insertsOf } from "../../flink-sql/statements.ts";
import { waitFor } from "../../stack/wait.ts";
import type { Engines } from "../engines/engines.ts";
import type { RecordedJob } from "../engines/store.ts";
import { writtenBy } from "../maintain/tables.ts";
import { leavePoint } from "../rewind/take.ts";
import { judgeJob } from "../state/judge.ts";
import { describeStep, type Verdict } from "../state/verdict.ts";
import type { DeclaredJob } from "./reconcile.ts";
import { lostState } from "./refusals.ts";
import { resumePath, stop, submit, toRecord } from "./submit.ts";

/** How long a new version has until its first checkpoint and its first offset. */
const gateMsMax = 120_000;

/** Waits for a run's first checkpoint. Throws where it fails before. */
async function hasCheckpoint({ flink }: Engines, id: string): Promise<void> {
  await waitFor(
    `the first checkpoint of job ${id}`,
    async () => {
      const { failures, checkpoints } = await flink.progress(id);
      if (failures > 0) throw new Error(await flink.failure(id));
      return checkpoints > 0;
    },
    { intervalMs: 200, timeoutMs: gateMsMax },
  );
}

/** Up to where a job has read, and whether there is more to read. */
async function reading({ kafka }: Engines, { groups, pipeline }: Pick<DeclaredJob, "groups" | "pipeline">) {
  const known = await kafka.topics();
  let read = 0;
  let isBehind = false;
  for (const [name, readers] of Object.entries(groups)) {
    const topic = kafkaTopic(pipeline, name);
    if (!known.includes(topic)) continue;
    const ends = await kafka.offsets(topic);
    for (const group of readers) {
      const committed = await kafka.committed(
        group,
        topic,
        ends.map(({ partition }) => partition),
      );
      for (const { partition, low, high } of ends) {
        const offset = Math.max(low, committed.get(partition) ?? 0);
        read += offset;
        isBehind ||= offset < high;
      }
    }
  }
  return { read, isBehind };
}

/** Passes once a checkpoint is complete and, where there is input, offsets have moved. Throws the reason otherwise. */
async function gate(engines: Engines, job: DeclaredJob, id: string, from: number): Promise<void> {
  await hasCheckpoint(engines, id);
  await waitFor(
    `job ${job.name} reads what there is`,
    async () => {
      const { failures } = await engines.flink.progress(id);
      if (failures > 0) throw new Error(await engines.flink.failure(id));
      const { read, isBehind } = await reading(engines, job);
      return read > from || !isBehind;
    },
    { intervalMs: 500, timeoutMs: gateMsMax },
  );
}

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
  await hasCheckpoint(engines, flinkJobId);
  return stop(engines, { ...recorded, flinkJobId }, flinkJobId);
}

/** Whether a run has committed anything to its tables: Iceberg notes the job in each snapshot. */
async function hasLanded({ lake }: Engines, job: DeclaredJob, id: string): Promise<boolean> {
  const tables = insertsOf(job.statements.at(-1)?.text ?? "").map(({ table }) => table);
  const declared = new Set(tables.filter((table) => /^\w+$/.test(table)));
  const known = await lake.query(
    `SELECT table_name FROM lake.information_schema.tables WHERE table_schema = '${job.pipeline}'`,
  );
  for (const [table] of known.rows) {
    if (!declared.has(String(table))) continue;
    const writers = await writtenBy(lake, { name: job.pipeline }, String(table));
    if (writers.some((written) => written.job === id)) return true;
  }
  return false;
}

/** The old version again, with the state it stopped with; only where the new one has landed nothing. */
async function rollBack(
  engines: Engines,
  job: DeclaredJob,
  stopped: RecordedJob,
  cause: Error,
): Promise<never> {
  const { flink, store, connection } = engines;
  const runs = (await flink.liveJobs()).filter(({ name }) => name === job.name);
  // First: what it has committed by then is all that it will have.
  for (const { id } of runs) await flink.cancel(id);
  const landed = await Promise.all(runs.map(({ id }) => hasLanded(engines, job, id)));
  if (landed.includes(true)) {
    const failing = (await store.jobs()).find(({ name }) => name === job.name);
    if (failing) await submit(engines, failing, resumePath(failing, connection.checkpoints));
    throw new Error(
      `The new version of job ${job.name} fails, and has landed rows already: the old version would land them ` +
        `again, so it isn't brought back. Correct the SQL and apply it. Flink says: ${cause.message}`,
      { cause },
    );
  }
  await store.saveJob(stopped);
  const back = await submit(engines, stopped, stopped.restorePath ?? undefined);
  await store.addHistory("rollback", job.name, {
    flinkJobId: back,
    sqlHash: stopped.sqlHash,
    reason: cause.message,
  });
  throw new Error(
    `The new version of job ${job.name} did not get going, so the old one runs again with its state as it was. ` +
      `Correct the SQL and apply it again. Flink says: ${cause.message}`,
    { cause },
  );
}

/** Throws, with nothing touched, where state would be lost; and where the new version fails, with the old one back. */
export async function upgrade(engines: Engines, job: DeclaredJob, id: string | undefined): Promise<void> {
  const recorded = (await engines.store.jobs()).find((known) => known.name === job.name);
  if (!recorded)
    throw new Error(`Job ${job.name} has no record, so it can't be upgraded. Run the command again.`);
  // Once more, with the tables as they are now: before anything is stopped.
  const verdict = await judgeJob(engines, job, recorded);
  const refused = lostState(job, verdict, recorded);
  if (refused.length > 0) throw new Error(refused.join("\n"));
  const stopped = await stopWhole(engines, recorded, id, verdict);
  await leavePoint(engines, [stopped], "upgrade", `before the upgrade of ${job.name}`);
  const { read } = await reading(engines, job);
  const next = { ...toRecord(job), plan: verdict?.plan, leavesState: verdict?.leavesState };
  try {
    const run = await submit(engines, next, stopped.restorePath ?? undefined);
    await gate(engines, job, run, read);
    await engines.store.addHistory("upgrade", job.name, {
      flinkJobId: run,
      from: recorded.sqlHash,
      to: job.hash,
      state: verdict?.steps.map(describeStep) ?? [],
    });
  } catch (cause) {
    await rollBack(engines, job, stopped, cause as Error);
  }
}
