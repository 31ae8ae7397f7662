// Restore points as they are written down: one row each. What is in one, and who may still start jobs.
import type { RecordedJob, Store } from "../engines/store.ts";

/** Who left it: a person by `points --take`, or a command in passing, since it stopped the jobs anyway. */
export type PointKind = "taken" | "stop" | "upgrade" | "rewind";

/** Next record of a partition that a reader of a job takes. */
export interface ReadUpTo {
  group: string;
  topic: string;
  partition: number;
  offset: number;
}

export interface PointJob {
  /** As it is to be submitted again; restorePath is the savepoint. */
  record: RecordedJob;
  /** The run that ended with the savepoint: by its id Iceberg's committer finds what it has committed. */
  run: string;
  savepoint: string;
  offsets: ReadUpTo[];
}

export interface PointTable {
  name: string;
  /** Current when all its writers had ended; null where nothing had ever been committed to it. */
  snapshot: string | null;
  /** Name and type of each. */
  columns: string[];
  /** Snapshots of the runs' last commits, where they are others: a restored committer looks for them. */
  commits: string[];
}

export interface RestorePoint {
  id: number;
  pipeline: string;
  at: Date;
  kind: PointKind;
  why: string;
  jobs: PointJob[];
  tables: PointTable[];
  /** A rewind to it was begun and hasn't ended. */
  rewindBegunAt: Date | null;
}

type Asked = Pick<Store, "transaction">;

const query = async (store: Asked, sql: string, values: unknown[]) =>
  (await store.transaction((client) => client.query(sql, values))).rows;

/** The restore points of a pipeline, the newest first. */
export async function listPoints(store: Asked, pipeline: string): Promise<RestorePoint[]> {
  const rows = await query(
    store,
    "SELECT * FROM restore_points WHERE pipeline = $1 ORDER BY restore_points.id DESC",
    [pipeline],
  );
  return rows.map(({ id, at, kind, why, detail, rewind_begun_at }) => ({
    id: Number(id),
    pipeline,
    at,
    kind,
    why,
    jobs: detail.jobs,
    tables: detail.tables,
    rewindBegunAt: rewind_begun_at,
  }));
}

/** One point by its number. Throws, with those that there are, where there is none. */
export async function pointNumbered(store: Asked, pipeline: string, id: number): Promise<RestorePoint> {
  const points = await listPoints(store, pipeline);
  const found = points.find((point) => point.id === id);
  if (found) return found;
  const known = points.map((point) => point.id).join(", ") || "none";
  throw new Error(
    `Pipeline '${pipeline}' has no restore point ${id}. It has: ${known}; 'npx swordlake points ${pipeline}' shows them.`,
  );
}

/** Writes a point down, with history. */
export async function addPoint(
  store: Asked,
  point: Omit<RestorePoint, "id" | "at" | "rewindBegunAt">,
): Promise<RestorePoint> {
  const { pipeline, kind, why, jobs, tables } = point;
  return store.transaction(async (client) => {
    const { rows } = await client.query(
      "INSERT INTO restore_points (pipeline, kind, why, detail) VALUES ($1, $2, $3, $4) RETURNING id, at",
      [pipeline, kind, why, { jobs, tables }],
    );
    const id = Number(rows[0].id);
    await client.addHistory("restore-point", pipeline, {
      point: id,
      kind,
      why,
      jobs: Object.fromEntries(jobs.map(({ record, savepoint }) => [record.name, savepoint])),
      tables: Object.fromEntries(tables.map(({ name, snapshot }) => [name, snapshot])),
    });
    return { ...point, id, at: rows[0].at, rewindBegunAt: null };
  });
}

/** Takes points away, with the reason for history; their savepoints are for `removeSavepoints`. */
export async function dropPoints(store: Asked, points: RestorePoint[], reason: string): Promise<void> {
  for (const { id, pipeline } of points)
    await store.transaction(async (client) => {
      const { rowCount } = await client.query("DELETE FROM restore_points WHERE id = $1", [id]);
      if (rowCount) await client.addHistory("drop-restore-point", pipeline, { point: id, reason });
    });
}

/** Writes down that a rewind begins, in place of one that was broken off. */
export async function beginRewind(store: Asked, { id, pipeline }: RestorePoint, detail: object) {
  await store.transaction(async (client) => {
    await client.query("UPDATE restore_points SET rewind_begun_at = NULL WHERE pipeline = $1 AND id <> $2", [
      pipeline,
      id,
    ]);
    await client.query(
      "UPDATE restore_points SET rewind_begun_at = coalesce(rewind_begun_at, now()) WHERE id = $1",
      [id],
    );
    await client.addHistory("rewind-begun", pipeline, { point: id, ...detail });
  });
}

/** Tables are back: from here on the jobs should run, and whoever finds that they don't may start them. */
export async function endRewind(store: Asked, { id, pipeline, jobs }: RestorePoint, detail: object) {
  await store.transaction(async (client) => {
    await client.query("UPDATE jobs SET desired = 'running', updated_at = now() WHERE name = ANY($1)", [
      jobs.map(({ record }) => record.name),
    ]);
    await client.query("UPDATE restore_points SET rewind_begun_at = NULL WHERE id = $1", [id]);
    await client.addHistory("rewind", pipeline, { point: id, ...detail });
  });
}

/** Throws where a rewind of the pipeline was broken off: a job that starts now would land rows twice. */
export async function assertNotRewinding(store: Asked, pipeline: string): Promise<void> {
  const [begun] = await query(
    store,
    "SELECT id FROM restore_points WHERE pipeline = $1 AND rewind_begun_at IS NOT NULL",
    [pipeline],
  );
  if (begun)
    throw new Error(
      `A rewind of ${pipeline} to restore point ${begun.id} was broken off, so no job of it may start: ` +
        `'npx swordlake rewind ${pipeline} --to ${begun.id}' finishes it.`,
    );
}
