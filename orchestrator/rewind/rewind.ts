// Takes a pipeline back to a restore point: tables, offsets and jobs, all or nothing. Broken off anywhere, it is run again.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { endUpgrade, openUpgrades } from "../deploy/upgrades.ts";
import type { Engines } from "../engines/engines.ts";
import { alone } from "../forget/forget.ts";
import { maintenanceLease } from "../maintain/tables.ts";
import { dropStage } from "../rebuild/stage.ts";
import { batchesLost, rewindProblems } from "./checks.ts";
import { beginRewind, endRewind, listPoints, pointNumbered, type RestorePoint } from "./points.ts";
import { present } from "./present.ts";
import { prune } from "./prune.ts";
import { goTo, misplaced } from "./snapshots.ts";
import { ableToStop, comeUp, notePoint, pause, resume } from "./take.ts";

export interface Rewound {
  pipeline: string;
  point: number;
  at: string;
  /** Point of the moment before, by which this is undone; null where a job could not be stopped with a savepoint. */
  before: number | null;
  jobs: { job: string; savepoint: string; sqlHash: string }[];
  tables: { table: string; from: string | null; to: string | null }[];
  /** Records that the jobs read again, by topic: those from the point's offsets to the end. */
  readAgain: Record<string, number>;
  /** What no job makes again and is gone: to be run again by hand. */
  dropped: string[];
  /** False after a dry run. */
  done: boolean;
}

export interface RewindOptions {
  dropBatches: boolean;
  isDryRun: boolean;
  tell: (line: string) => void;
}

/** Runs `work` while nothing else writes to the pipeline's tables. Throws, naming it, where something does. */
async function whileNobodyWrites<T>(
  { store }: Engines,
  { name }: PipelineFolder,
  work: () => Promise<T>,
): Promise<T> {
  const leases = [
    { of: maintenanceLease({ name }), what: "is being maintained" },
    { of: `backfill ${name}`, what: "takes in a backfill" },
    { of: `replay ${name}`, what: "is being filled anew by a replay" },
  ];
  const nested = leases.reduceRight<() => Promise<T>>(
    (inner, { of, what }) =>
      async () => {
        const done = await store.withLease(async () => ({ result: await inner() }), false, of);
        if (!done) throw new Error(`${name} ${what}: wait until that has ended and run this again.`);
        return done.result;
      },
    async () => {
      const done = await store.withLease(async () => ({ result: await work() }), true);
      return done!.result;
    },
  );
  return nested();
}

/** The most records of each topic that one of the readers reads again. */
function readAgain(point: RestorePoint, topics: Map<string, { partition: number; high: number }[]>) {
  const again: Record<string, number> = {};
  for (const [topic, ends] of topics) {
    again[topic] = ends.reduce((sum, { partition, high }) => {
      const offsets = point.jobs
        .flatMap((job) => job.offsets)
        .filter((one) => one.topic === topic && one.partition === partition);
      return sum + (offsets.length > 0 ? high - Math.min(...offsets.map(({ offset }) => offset)) : 0);
    }, 0);
  }
  return again;
}

/** A point of now, by which the rewind can be undone; undefined where jobs can't all end with a savepoint. */
async function pointBefore(
  engines: Engines,
  point: RestorePoint,
  tell: RewindOptions["tell"],
): Promise<RestorePoint | undefined> {
  const names = point.jobs.map(({ record }) => record.name);
  const { jobs, live, problems } = await ableToStop(engines, point.pipeline, names);
  if (problems.length > 0 || jobs.length < names.length) return undefined;
  tell(`stopping ${jobs.length} jobs with savepoints`);
  const { paused, failed } = await pause(engines, jobs, live);
  if (failed.length > 0) return undefined;
  return notePoint(engines, paused, "rewind", `before the rewind to ${point.id}`);
}

/** Ends what still runs, and writes down where the jobs go on; until the tables are back, none of them may start. */
async function halt(engines: Engines, point: RestorePoint): Promise<void> {
  const { flink, store } = engines;
  const names = point.jobs.map(({ record }) => record.name);
  for (const { id, name } of await flink.liveJobs()) if (names.includes(name)) await flink.cancel(id);
  // Both versions of one that a dead orchestrator left give way to the point's.
  for (const open of await openUpgrades(store)) {
    if (!names.includes(open.job)) continue;
    await dropStage(engines, open);
    await endUpgrade(store, open, "upgrade-dropped", { restorePoint: point.id });
  }
  for (const { record, savepoint } of point.jobs)
    await store.saveJob({ ...record, desired: "stopped", flinkJobId: null, restorePath: savepoint });
}

async function moveBack(engines: Engines, point: RestorePoint, tell: RewindOptions["tell"]): Promise<void> {
  const { kafka, lake } = engines;
  const pipeline = { name: point.pipeline };
  for (const { name, snapshot } of point.tables) {
    tell(`taking ${pipeline.name}.${name} back`);
    await goTo(lake, pipeline, name, snapshot);
  }
  const wrong = await misplaced(lake, pipeline, point.tables);
  if (wrong.length > 0) throw new Error(`${wrong.join("; ")}: something else writes to it.`);
  tell("taking the offsets back");
  const groups = new Set(point.jobs.flatMap((job) => job.offsets.map(({ group }) => group)));
  for (const group of groups)
    await kafka.commit(
      group,
      point.jobs.flatMap((job) => job.offsets.filter((one) => one.group === group)),
    );
}

/** The work itself, with all checks made. */
async function goBack(
  engines: Engines,
  point: RestorePoint,
  planned: Rewound,
  tell: RewindOptions["tell"],
): Promise<Rewound> {
  const { store } = engines;
  const isPending = (await listPoints(store, point.pipeline)).some((one) => one.rewindBegunAt !== null);
  const before = isPending ? undefined : await pointBefore(engines, point, tell);
  const done: Rewound = { ...planned, before: before?.id ?? null, done: true };
  const { pipeline: _pipeline, point: _point, done: _done, ...detail } = done;
  try {
    await beginRewind(store, point, detail);
    tell("ending what still runs");
    await halt(engines, point);
    await moveBack(engines, point, tell);
    await endRewind(store, point, detail);
    tell("starting the jobs from their savepoints");
    const records = point.jobs.map(({ record, savepoint }) => ({ ...record, restorePath: savepoint }));
    const runs = await resume(engines, records);
    tell("waiting for their first checkpoints");
    await comeUp(engines, runs);
  } catch (cause) {
    throw new Error(
      `The rewind of ${point.pipeline} to restore point ${point.id} was broken off: ${(cause as Error).message}\n` +
        `'npx swordlake rewind ${point.pipeline} --to ${point.id}' finishes it; until the tables are back, no job of it starts.`,
      { cause },
    );
  }
  await prune(engines, point.pipeline, true);
  return done;
}

/**
 * Takes jobs, offsets and tables of a pipeline back to a restore point, and waits until the jobs have come up. Records
 * that came since stay in Kafka and land again. Throws every reason for which it can't be done, with nothing touched;
 * and where it broke off, what finishes it.
 */
export async function rewind(
  engines: Engines,
  pipeline: PipelineFolder,
  id: number,
  { dropBatches, isDryRun, tell }: RewindOptions,
): Promise<Rewound> {
  const { name } = pipeline;
  await pointNumbered(engines.store, name, id);
  const work = async () => {
    const point = await pointNumbered(engines.store, name, id);
    tell("checking");
    const now = await present(engines, pipeline, point);
    const problems = rewindProblems(point, now, dropBatches);
    if (problems.length > 0)
      throw new Error(
        `${name} can't go back to restore point ${id}; nothing was touched:\n${problems.map((one) => `- ${one}`).join("\n")}`,
      );
    const planned: Rewound = {
      pipeline: name,
      point: id,
      at: point.at.toISOString(),
      before: null,
      jobs: point.jobs.map(({ record, savepoint }) => ({
        job: record.name,
        savepoint,
        sqlHash: record.sqlHash,
      })),
      tables: point.tables.map((table) => ({
        table: table.name,
        from: now.tables.get(table.name)?.current ?? null,
        to: table.snapshot,
      })),
      readAgain: readAgain(point, now.topics),
      dropped: batchesLost(point, now),
      done: false,
    };
    return isDryRun ? planned : goBack(engines, point, planned, tell);
  };
  // A person who is being forgotten must not come back by a snapshot from before.
  return alone(engines, () => whileNobodyWrites(engines, pipeline, work));
}

/**
 * The point that the last upgrade left whose version doesn't run any more. Throws, with the cure, where there is none.
 */
export async function pointOfRollback(
  { store }: Pick<Engines, "store">,
  pipeline: string,
): Promise<RestorePoint> {
  const recorded = new Map((await store.jobs()).map((job) => [job.name, job.sqlHash]));
  const found = (await listPoints(store, pipeline)).find(
    ({ kind, jobs }) =>
      kind === "upgrade" && jobs.some(({ record }) => recorded.get(record.name) !== record.sqlHash),
  );
  if (found) return found;
  throw new Error(
    `Pipeline '${pipeline}' keeps no restore point of an upgrade whose old version doesn't run again already. ` +
      `'npx swordlake points ${pipeline}' shows what it keeps; 'rewind' goes back to any of them.`,
  );
}
