// Takes a restore point: jobs end with savepoints, which commits all that they read; what the tables hold then
// belongs to these savepoints. Then they go on from them.
import { firstCheckpoint } from "../deploy/gate.ts";
import { stop, submit } from "../deploy/submit.ts";
import type { Engines } from "../engines/engines.ts";
import type { FlinkJob } from "../engines/flink.ts";
import type { RecordedJob } from "../engines/store.ts";
import { lakeTables } from "../lake-tables.ts";
import { maintenanceLease, writes } from "../maintain/tables.ts";
import { positionsOf } from "../positions.ts";
import { touches } from "./checks.ts";
import { addPoint, assertNotRewinding, type PointJob, type PointKind, type RestorePoint } from "./points.ts";
import { prune } from "./prune.ts";
import { currentSnapshot, lastCommits, lineOf, readSnapshots } from "./snapshots.ts";

/** The run that ended with a savepoint, as its stop wrote it down; undefined for a path that is none of a stop. */
async function runOf({ store }: Engines, savepoint: string | null): Promise<string | undefined> {
  const { rows } = await store.transaction((client) =>
    client.query(
      "SELECT detail->>'flinkJobId' AS run FROM history WHERE action = 'stop' AND detail->>'savepoint' = $1 " +
        "AND detail->>'flinkJobId' IS NOT NULL ORDER BY history.id DESC LIMIT 1",
      [savepoint],
    ),
  );
  return rows[0]?.run;
}

/** A job with its savepoint. Throws where it has none: a checkpoint may hold files that Iceberg wasn't told of. */
async function pointJob(engines: Engines, stopped: RecordedJob): Promise<PointJob> {
  const run = await runOf(engines, stopped.restorePath);
  if (!run || !stopped.restorePath)
    throw new Error(`Job ${stopped.name} has not ended with a savepoint, so no restore point can name it.`);
  const record: RecordedJob = { ...stopped, desired: "running", flinkJobId: null };
  // A job that ended with a savepoint has told Kafka where it was.
  const offsets = (await positionsOf(engines, stopped.pipeline, stopped.definition.groups)).map(
    ({ low: _low, high: _high, ...place }) => place,
  );
  return { record, run, savepoint: stopped.restorePath, offsets };
}

/** Notes what belongs together. Every job that writes a table of these must have ended with its savepoint. */
export async function notePoint(
  engines: Engines,
  stopped: RecordedJob[],
  kind: PointKind,
  why: string,
): Promise<RestorePoint> {
  const pipeline = { name: stopped[0]!.pipeline };
  await assertNotRewinding(engines.store, pipeline.name);
  const known = await lakeTables(engines, pipeline);
  const own = known.filter(({ name }) => stopped.some(({ definition }) => writes(definition, name)));
  const jobs = await Promise.all(stopped.map((job) => pointJob(engines, job)));
  const tables = await Promise.all(
    own.map(async ({ name, columns }) => {
      const [snapshot, all] = await Promise.all([
        currentSnapshot(engines.lake, pipeline, name),
        readSnapshots(engines.lake, pipeline, name),
      ]);
      const commits = lastCommits(
        lineOf(all, snapshot),
        jobs.map(({ run }) => run),
      );
      return {
        name,
        snapshot,
        columns: columns.map((column) => `${column.name} ${column.type}`),
        commits: commits.filter((id) => id !== snapshot),
      };
    }),
  );
  return addPoint(engines.store, { pipeline: pipeline.name, kind, why, jobs, tables });
}

const runningOf = (live: FlinkJob[], name: string) =>
  live.find((job) => job.name === name && job.state === "RUNNING");

/** The recorded jobs of a pipeline that should run, and why they can't all be stopped whole now. */
export async function ableToStop({ flink, store }: Engines, pipeline: string, names?: string[]) {
  const [recorded, live] = await Promise.all([store.jobs(), flink.liveJobs()]);
  const jobs = recorded.filter(
    (job) => job.pipeline === pipeline && job.desired === "running" && (names?.includes(job.name) ?? true),
  );
  const problems = jobs
    .filter(({ name }) => !runningOf(live, name))
    .map(
      ({ name }) =>
        `Job ${name} is ${live.find((job) => job.name === name)?.state ?? "not running"}: 'npx swordlake status' ` +
        "tells more; a restore point needs every job RUNNING.",
    );
  return { jobs, live, problems };
}

/**
 * Stops jobs side by side, each with a savepoint. They stay recorded as running, so that the loop brings them back from
 * these savepoints should this process die. Returns those that ended, and what went wrong with others.
 */
export async function pause(engines: Engines, jobs: RecordedJob[], live: FlinkJob[]) {
  const settled = await Promise.allSettled(
    jobs.map((job) => stop(engines, job, runningOf(live, job.name)?.id, "running")),
  );
  const failed = settled.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
  return { paused: settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])), failed };
}

/** Starts jobs from where they ended. Throws all that doesn't start, at once. */
export async function resume(engines: Engines, jobs: RecordedJob[]): Promise<string[]> {
  const settled = await Promise.allSettled(
    jobs.map((job) => submit(engines, job, job.restorePath ?? undefined)),
  );
  const failed = settled.flatMap((one) => (one.status === "rejected" ? [(one.reason as Error).message] : []));
  if (failed.length > 0) throw new Error(failed.join("\n"));
  return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}

/** Waits until each run has completed a checkpoint of its own. Throws, with Flink's reason, where one fails. */
export async function comeUp(engines: Engines, runs: string[]): Promise<void> {
  for (const run of runs) await firstCheckpoint(engines, run);
}

/**
 * Takes a restore point of all running jobs of a pipeline: they pause, nothing is lost. Throws all reasons for which it
 * can't be done, before a job is stopped.
 */
export async function takePoint(
  engines: Engines,
  pipeline: string,
  why: string,
  tell: (line: string) => void,
): Promise<RestorePoint> {
  const { store } = engines;
  const take = async () => {
    await assertNotRewinding(store, pipeline);
    const { jobs, live, problems } = await ableToStop(engines, pipeline);
    if (problems.length > 0) throw new Error(problems.join("\n"));
    if (jobs.length === 0)
      throw new Error(
        `No job of ${pipeline} runs, so there is nothing to take a restore point of: 'npx swordlake apply ${pipeline}' ` +
          "first. A stop leaves one by itself.",
      );
    tell(`stopping ${jobs.length} jobs with savepoints`);
    const { paused, failed } = await pause(engines, jobs, live);
    let point: RestorePoint | undefined;
    let cause = failed[0];
    try {
      tell("noting snapshots and offsets");
      if (!cause) point = await notePoint(engines, paused, "taken", why);
    } catch (error) {
      cause = error as Error;
    }
    tell("starting them again");
    const runs = await resume(engines, paused);
    if (!point)
      throw new Error(`No restore point was taken, and the jobs go on: ${cause?.message}`, { cause });
    await comeUp(engines, runs);
    await prune(engines, pipeline, true);
    return point;
  };
  tell(`waiting for the maintenance of ${pipeline}, if any`);
  const alone = () => store.withLease(take, true);
  return (await store.withLease(alone, true, maintenanceLease({ name: pipeline })))!;
}

/**
 * The restore point that a command leaves which has stopped jobs anyway. It never fails that command: where the jobs'
 * tables are others' too there is none, and history says why. The caller keeps maintenance away.
 */
export async function leavePointAlone(
  engines: Engines,
  stopped: RecordedJob[],
  kind: "stop" | "upgrade",
  why: string,
  note = () => notePoint(engines, stopped, kind, why) as Promise<unknown>,
): Promise<void> {
  const { store } = engines;
  const pipeline = stopped[0]?.pipeline;
  if (!pipeline) return;
  const names = stopped.map(({ name }) => name);
  try {
    const others = (await store.jobs()).filter(
      (job) => job.pipeline === pipeline && job.desired === "running" && !names.includes(job.name),
    );
    const shared = (await lakeTables(engines, { name: pipeline })).flatMap(({ name: table }) =>
      stopped.some(({ definition }) => writes(definition, table))
        ? others.filter((job) => touches(job, table)).map((job) => `table ${table} is also ${job.name}'s`)
        : [],
    );
    if (shared.length > 0) throw new Error(shared.join("; "));
    if (!(await note())) throw new Error("the pipeline is being maintained");
    // An upgrade's job stands still meanwhile: savepoints go another time.
    await prune(engines, pipeline, kind === "stop");
  } catch (cause) {
    await store.addHistory("no-restore-point", pipeline, { jobs: names, reason: (cause as Error).message });
  }
}

/** The same beside maintenance: while that is under way there is no point. */
export const leavePoint = (
  engines: Engines,
  stopped: RecordedJob[],
  kind: "stop" | "upgrade",
  why: string,
): Promise<void> =>
  leavePointAlone(engines, stopped, kind, why, () =>
    engines.store.withLease(
      () => notePoint(engines, stopped, kind, why),
      false,
      maintenanceLease({ name: stopped[0]!.pipeline }),
    ),
  );
