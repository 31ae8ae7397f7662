// Which restore points and savepoints are kept. Pure.
import type { RestorePoint } from "./points.ts";

export interface Keeping {
  /** Of each job so many that were taken by hand, and so many that commands left. */
  restorePoints: number;
  /** None is older. */
  restorePointsMs: number;
}

type Kept = Pick<RestorePoint, "id" | "kind" | "rewindBegunAt"> & {
  at: Date;
  jobs: { record: { name: string } }[];
};

/**
 * Points that are no longer kept: of none of their jobs they are among the newest of their class, or they are too
 * old. Taken and left ones are counted apart: an hour of upgrades must not push out what a person chose.
 */
export function unkept<P extends Kept>(points: P[], keeping: Keeping, now: Date): P[] {
  const seen = new Map<string, number>();
  const newestFirst = [...points].sort((a, b) => b.id - a.id);
  return newestFirst.filter(({ kind, at, jobs, rewindBegunAt }) => {
    const isTooOld = now.getTime() - at.getTime() > keeping.restorePointsMs;
    const keys = jobs.map(({ record }) => `${kind === "taken"} ${record.name}`);
    const isAmongNewest = keys.some((key) => (seen.get(key) ?? 0) < keeping.restorePoints);
    for (const key of keys) seen.set(key, (seen.get(key) ?? 0) + 1);
    // Whatever else: a rewind that was broken off must find its point.
    return rewindBegunAt === null && (isTooOld || !isAmongNewest);
  });
}

/** Savepoints of stops that neither a job would go on from nor a point names. */
export function unneeded(
  savepoints: string[],
  jobs: { restorePath: string | null }[],
  points: { jobs: { savepoint: string }[] }[],
): string[] {
  const needed = new Set([
    ...jobs.flatMap(({ restorePath }) => restorePath ?? []),
    ...points.flatMap((point) => point.jobs.map(({ savepoint }) => savepoint)),
  ]);
  return [...new Set(savepoints)].filter((path) => !needed.has(path));
}
