// What maintenance must leave alone: snapshots that a restart or a restore point looks for, files that a
// checkpoint under way has closed. Pure.
import type { RestorePoint } from "../rewind/points.ts";
import type { Written } from "./tables.ts";

/** A moment from which on all snapshots stay, and why. */
export interface Pin {
  at: number;
  why: string;
}

/** A run of a job that goes on. */
export interface Run {
  job: string;
  flinkJobId: string;
}

/**
 * What a restart of each run looks for in a table: the oldest of its writers' last commits. `missing` are runs
 * that have not committed to the table yet: what they go back to is not known.
 */
export function pinsOf(written: Written[], running: Run[]): { pins: Pin[]; missing: string[] } {
  const lastOf = ({ flinkJobId }: Run) => {
    const own = written.filter(({ job }) => job === flinkJobId).map(({ at }) => at);
    return own.length > 0 ? Math.min(...own) : undefined;
  };
  return {
    pins: running.flatMap((run) => {
      const at = lastOf(run);
      return at === undefined ? [] : [{ at, why: `last commit of job ${run.job}` }];
    }),
    missing: running.filter((run) => lastOf(run) === undefined).map(({ job }) => job),
  };
}

/** Snapshots of a table that a restore point needs: its own, and those in which its jobs find their last commits. */
export function neededBy({ tables }: Pick<RestorePoint, "tables">, table: string): string[] {
  const own = tables.find(({ name }) => name === table);
  return own ? [...(own.snapshot ? [own.snapshot] : []), ...own.commits] : [];
}

/** What restore points need of a table; `madeAt` tells when a snapshot was made, of those that are there. */
export const pointPins = (
  points: Pick<RestorePoint, "id" | "kind" | "tables">[],
  table: string,
  madeAt: Map<string, number>,
): Pin[] =>
  points.flatMap((point) => {
    const times = neededBy(point, table).flatMap((id) => madeAt.get(id) ?? []);
    return times.length > 0
      ? [{ at: Math.min(...times), why: `restore point ${point.id} (${point.kind})` }]
      : [];
  });

/**
 * Snapshots before `cutoff` (ms) may go. Whatever is pinned is younger than it by `slackMs` at least; `heldBy`
 * says what keeps more than the history asks for.
 */
export function expiryCutoff(
  now: number,
  historyMs: number,
  pins: Pin[],
  slackMs: number,
): { cutoff: number; heldBy?: string } {
  const wanted = now - historyMs;
  const oldest = pins.reduce<Pin | undefined>(
    (first, pin) => (first && first.at <= pin.at ? first : pin),
    undefined,
  );
  if (!oldest || oldest.at - slackMs >= wanted) return { cutoff: wanted };
  return { cutoff: oldest.at - slackMs, heldBy: oldest.why };
}

/**
 * Files that are older than `cutoff` (ms) and that no metadata names belong to nobody: every job has committed
 * since, and no checkpoint takes so long. `heldBy` says what keeps more than was asked for.
 */
export function orphanCutoff(
  now: number,
  orphansMs: number,
  pins: Pin[],
  checkpointMsMax: number,
): { cutoff: number; heldBy?: string } {
  const wanted = now - orphansMs;
  const oldest = Math.min(now, ...pins.map(({ at }) => at)) - checkpointMsMax;
  return oldest >= wanted ? { cutoff: wanted } : { cutoff: oldest, heldBy: "a checkpoint may take so long" };
}
