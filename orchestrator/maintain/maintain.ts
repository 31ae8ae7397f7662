// Keeps a pipeline's tables fit while its jobs commit: small files and manifests are rewritten into few, old
// snapshots expire, stray files go. What a restart or a restore point needs stays; history says what was done.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { declaredJobs } from "../deploy/reconcile.ts";
import type { Engines } from "../engines/engines.ts";
import { fullName, lakeTables } from "../lake-tables.ts";
import { listPoints } from "../rewind/points.ts";
import { prune } from "../rewind/prune.ts";
import { type Figures, readFigures } from "./figures.ts";
import { expiryCutoff, neededBy, orphanCutoff, type Pin, pinsOf, pointPins } from "./guard.ts";
import {
  commit,
  countRows,
  jobProblems,
  maintenanceLease,
  metadata,
  nowOf,
  retried,
  setProperties,
  unlimited,
  waitForCommits,
  waitForWriters,
  writes,
  writtenBy,
} from "./tables.ts";

export interface Maintained {
  pipeline: string;
  table: string;
  before: Figures;
  /** The same in a dry run. */
  after: Figures;
  /** Snapshots older than may go: expired, or in a dry run to be. */
  snapshotsExpired: number;
  /** What keeps older snapshots than the pipeline's history asks for. */
  heldBy?: string;
  /** Files that no metadata named; undefined where they were not looked for. */
  orphansRemoved?: number;
  seconds: number;
}

export interface Options {
  /** Only these tables. */
  tables?: string[];
  dryRun?: boolean;
  /** Look for stray files: it lists the whole folder of a table. Undefined: where a day has passed since. */
  orphans?: boolean;
  tell: (line: string) => void;
}

/** A table that Flink commits to each second: four tries, as Iceberg has it, are not enough on a busy machine. */
const patience = { "commit.retry.num-retries": "30", "commit.retry.max-wait-ms": "2000" };

/** Fewer files or manifests than this are not worth a commit of their own. */
const worthRewriting = 2;
/** What is pinned is younger than the cut by this much at least: a busy Trino begins late. */
const slackMs = 30_000;
const orphansEveryMs = 24 * 3600 * 1000;

/** What kept restore points need of a table. */
async function pinsOfPoints(
  { lake, store }: Engines,
  pipeline: PipelineFolder,
  table: string,
): Promise<Pin[]> {
  const points = await listPoints(store, pipeline.name);
  const needed = [...new Set(points.flatMap((point) => neededBy(point, table)))];
  if (needed.length === 0) return [];
  const { rows } = await lake.query(
    "SELECT snapshot_id, CAST(to_unixtime(committed_at) * 1000 AS BIGINT) " +
      `FROM ${metadata(pipeline, table, "snapshots")} WHERE snapshot_id IN (${needed.join(", ")})`,
  );
  return pointPins(points, table, new Map(rows.map(([id, at]) => [String(id), Number(at)])));
}

/** When a pipeline, or one of its tables, was maintained last; of runs that looked for stray files alone where asked. */
export async function lastMaintained(
  { store }: Engines,
  pipeline: string,
  { table, withOrphans = false }: { table?: string; withOrphans?: boolean } = {},
): Promise<Date | undefined> {
  const { rows } = await store.transaction((client) =>
    client.query(
      `SELECT max(at) AS at FROM history WHERE action = 'maintain' AND split_part(subject, '.', 1) = $1
       AND ($2::text IS NULL OR subject = $1 || '.' || $2) AND (NOT $3 OR detail ? 'orphansRemoved')`,
      [pipeline, table ?? null, withOrphans],
    ),
  );
  return rows[0]?.at ?? undefined;
}

/** What of a table must stay; waits for jobs that have not committed to it since they were started. */
async function pinsFor(
  engines: Engines,
  pipeline: PipelineFolder,
  table: string,
  tell: Options["tell"],
): Promise<Pin[]> {
  const points = await pinsOfPoints(engines, pipeline, table);
  const look = async () => {
    const recorded = (await engines.store.jobs()).filter(
      (job) => job.pipeline === pipeline.name && job.desired === "running",
    );
    const running = recorded.flatMap(({ name, flinkJobId, definition }) =>
      flinkJobId && writes(definition, table) ? [{ job: name, flinkJobId }] : [],
    );
    const { pins, missing } = pinsOf(await writtenBy(engines.lake, pipeline, table), running);
    return { pins: [...pins, ...points], missing };
  };
  const first = await look();
  if (first.missing.length === 0) return first.pins;
  await waitForCommits(engines, pipeline, [table], tell);
  const { pins, missing } = await look();
  if (missing.length > 0)
    throw new Error(
      `Table ${pipeline.name}.${table}: ${missing.join(", ")} was started again meanwhile: run this again.`,
    );
  return pins;
}

/** To rewrite more files than this takes several checkpoints, of which small files come. */
const manyFiles = 50;
const smallFile = "1MB";

/** Rewrites small files and manifests, where there are enough of them. */
async function compact(
  { lake }: Engines,
  pipeline: PipelineFolder,
  table: string,
  { files, deleteFiles, manifests }: Figures,
  tell: Options["tell"],
): Promise<void> {
  const alter = `ALTER TABLE ${fullName(pipeline, table)} EXECUTE`;
  if (files >= worthRewriting || deleteFiles > 0) {
    tell(`${pipeline.name}.${table}: rewriting ${files} files`);
    await commit(lake, `${alter} optimize`);
  }
  if (files > manyFiles) {
    tell(`${pipeline.name}.${table}: rewriting what came meanwhile`);
    await commit(lake, `${alter} optimize(file_size_threshold => '${smallFile}')`);
  }
  if (manifests >= worthRewriting) {
    tell(`${pipeline.name}.${table}: rewriting ${manifests} manifests`);
    await commit(lake, `${alter} optimize_manifests`);
  }
}

/** Removes stray files that are old enough. Returns how many. */
async function removeOrphans(
  { flink, lake }: Engines,
  pipeline: PipelineFolder,
  table: string,
  pins: Pin[],
  tell: Options["tell"],
): Promise<number> {
  const own = (await flink.liveJobs()).filter(({ name }) => name.startsWith(`${pipeline.name}/`));
  const longest = Math.max(0, ...(await Promise.all(own.map(({ id }) => flink.checkpointMsMax(id)))));
  await waitForWriters(lake, tell);
  tell(`${pipeline.name}.${table}: looking for stray files`);
  const now = await nowOf(lake);
  const { cutoff } = orphanCutoff(now, pipeline.maintenance.orphansMs, pins, longest + slackMs);
  const { rows } = await lake.query(
    `ALTER TABLE ${fullName(pipeline, table)} EXECUTE remove_orphan_files(retention_threshold => '${now - cutoff}ms')`,
    unlimited,
  );
  const removed = rows.find(([metric]) => metric === "deleted_files_count")?.[1];
  return Number(removed ?? 0);
}

async function maintainTable(
  engines: Engines,
  pipeline: PipelineFolder,
  table: string,
  { dryRun, orphans, tell }: Options,
): Promise<Maintained> {
  const { lake, store } = engines;
  const began = performance.now();
  const before = await readFigures(lake, pipeline, table);
  const untouched = {
    pipeline: pipeline.name,
    table,
    before,
    after: before,
    snapshotsExpired: 0,
    seconds: 0,
  };
  if (before.snapshots === 0) return untouched;
  if (!dryRun) await compact(engines, pipeline, table, before, tell);
  const pins = await pinsFor(engines, pipeline, table, tell);
  const now = await nowOf(lake);
  const { cutoff, heldBy } = expiryCutoff(now, pipeline.maintenance.historyMs, pins, slackMs);
  // The current one stays whatever its age; after a rewind it isn't the newest.
  const older =
    `${metadata(pipeline, table, "snapshots")} WHERE committed_at < from_unixtime(${cutoff} / 1e3) AND snapshot_id <> ` +
    `(SELECT snapshot_id FROM ${metadata(pipeline, table, "refs")} WHERE name = 'main')`;
  const snapshotsExpired = await countRows(lake, older);
  const done: Maintained = { ...untouched, snapshotsExpired, ...(heldBy ? { heldBy } : {}) };
  if (dryRun) return done;
  if (snapshotsExpired > 0) {
    tell(`${pipeline.name}.${table}: expiring ${snapshotsExpired} snapshots`);
    const alter = `ALTER TABLE ${fullName(pipeline, table)} EXECUTE expire_snapshots`;
    // Trino takes an age: it is reckoned anew for each try, or the cut would move on with the time that passed.
    await retried(async () =>
      lake.query(`${alter}(retention_threshold => '${(await nowOf(lake)) - cutoff}ms')`, unlimited),
    );
  }
  const last = await lastMaintained(engines, pipeline.name, { table, withOrphans: true });
  if (orphans ?? (last === undefined || Date.now() - last.getTime() >= orphansEveryMs))
    done.orphansRemoved = await removeOrphans(engines, pipeline, table, pins, tell);
  done.after = await readFigures(lake, pipeline, table);
  done.seconds = Math.round((performance.now() - began) / 100) / 10;
  const { pipeline: _pipeline, table: _table, ...detail } = done;
  await store.addHistory("maintain", `${pipeline.name}.${table}`, detail);
  return done;
}

/**
 * Maintains the tables of a pipeline, one after another. Undefined where somebody else does, or forgets or
 * retains. Throws all reasons for which it can't be done, with their cures, before anything is touched.
 */
export async function maintain(
  engines: Engines,
  pipeline: PipelineFolder,
  options: Options,
): Promise<Maintained[] | undefined> {
  const known = (await lakeTables(engines, pipeline)).map(({ name }) => name);
  const unknown = (options.tables ?? []).filter((table) => !known.includes(table));
  if (unknown.length > 0)
    throw new Error(
      `Pipeline '${pipeline.name}' has no table '${unknown.join("', '")}' in the lake. Tables: ${known.join(", ")}.`,
    );
  const problems = await jobProblems(
    engines,
    pipeline,
    declaredJobs(pipeline).map(({ name }) => name),
  );
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const chosen = known.filter((name) => options.tables?.includes(name) ?? true);
  const work = async () => {
    const done: Maintained[] = [];
    if (!options.dryRun) {
      await prune(engines, pipeline.name, false);
      await setProperties(engines, pipeline, chosen, patience);
    }
    for (const table of chosen) done.push(await maintainTable(engines, pipeline, table, options));
    return done;
  };
  return engines.store.withLease(work, false, maintenanceLease(pipeline));
}
