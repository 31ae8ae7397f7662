// How a pipeline is, from what was seen of it: the one judge, for the alert, the status, the metric and the page. Pure.
import type { Health } from "../console/api.ts";

export interface SeenJob {
  name: string;
  state: string;
  desired: "running" | "stopped" | undefined;
  /** Records that wait; null where that couldn't be seen. */
  lag: number | null;
  /** How long it has committed no offset though records wait; null where it goes on. */
  stillMs: number | null;
  /** How long it has read records without a snapshot of any table; null where one came. */
  unlandedMs: number | null;
  /** Since its newest completed checkpoint, or since it started; null where that couldn't be seen. */
  checkpointMs: number | null;
  /** Whether this run has completed a checkpoint. */
  hasCheckpoint: boolean;
  /** Failures and restarts within `restartWindowMs`. */
  restarts: number;
  /** Whether every record that it reads is a row: a snapshot must follow each. */
  landsAll: boolean;
}

export interface Seen {
  jobs: SeenJob[];
  /** Records a second that come in. */
  rate: number | null;
  freshnessMs: number;
}

export interface Verdict {
  health: Health;
  /** Why it isn't healthy, as a sentence; empty where it is. */
  why: string;
}

/** So many checkpoints without any progress: with a look or two it is called within three. */
const stalledCheckpoints = 2;
/** A floor: with checkpoints each second one slow commit, or a busy machine, would be called a stall. */
const stalledMsMin = 15_000;
/** Until its first checkpoint a run reads its state and its classes. */
const firstCheckpointMs = 60_000;
/** Iceberg's sink commits where there is nothing to commit, too: once in so many checkpoints. */
const emptyCheckpoints = 10;
/** What waits is more than so many checkpoints bring: the jobs are slower than what comes. */
const laggingCheckpoints = 5;
const laggingRecordsMin = 1000;
/** A job may be restarted so often within the window; beyond that it keeps failing, whatever it is at the moment. */
export const restartsMax = 3;
export const restartWindowMs = 5 * 60_000;

/** From when on what does not move is called stalled: two checkpoints, 15 s at least. */
export const stalledMs = (freshnessMs: number) => Math.max(stalledMsMin, stalledCheckpoints * freshnessMs);

const few = (names: string[]) =>
  names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
const number = (count: number) => count.toLocaleString("en");

function failure({ name, state, restarts }: SeenJob): string[] {
  if (state !== "RUNNING") return [`${name} is ${state.toLowerCase()}`];
  return restarts > restartsMax
    ? [`${name} was restarted ${restarts} times in ${restartWindowMs / 60_000} minutes`]
    : [];
}

function stall(job: SeenJob, freshnessMs: number): string[] {
  const { name, lag, stillMs, unlandedMs, checkpointMs, hasCheckpoint } = job;
  const least = hasCheckpoint ? stalledMs(freshnessMs) : Math.max(stalledMs(freshnessMs), firstCheckpointMs);
  if (checkpointMs !== null && !hasCheckpoint && checkpointMs <= least) return [];
  if (stillMs !== null && stillMs > least)
    return [
      `${name} has ${number(lag ?? 0)} records waiting and has committed nothing for ${seconds(stillMs)}`,
    ];
  if (checkpointMs !== null && checkpointMs > least)
    return [`${name} has completed no checkpoint for ${seconds(checkpointMs)}`];
  const patienceMs = least + (job.landsAll ? 0 : emptyCheckpoints * freshnessMs);
  if (unlandedMs !== null && unlandedMs > patienceMs)
    return [`${name} reads records, and no snapshot has come of them for ${seconds(unlandedMs)}`];
  return [];
}

/** State and, where it isn't healthy, why in one sentence; first what is worst. */
export function healthOf({ jobs, rate, freshnessMs }: Seen): Verdict {
  if (jobs.every(({ desired }) => desired === undefined))
    return { health: "stopped", why: "Not applied yet: see Deploy." };
  if (jobs.every(({ desired }) => desired !== "running"))
    return { health: "stopped", why: "Stopped with savepoints: apply goes on from there." };
  const wanted = jobs.filter(({ desired }) => desired === "running");
  const failures = wanted.flatMap(failure);
  if (failures.length > 0) return { health: "failing", why: `${few(failures)}.` };
  const stalls = wanted.flatMap((job) => stall(job, freshnessMs));
  if (stalls.length > 0) return { health: "stalled", why: `${few(stalls)}.` };
  if (wanted.some(({ lag }) => lag === null))
    return { health: "unknown", why: "Kafka doesn't tell what waits." };
  const lag = Math.max(...wanted.map((job) => job.lag ?? 0));
  const much = Math.max(laggingRecordsMin, ((rate ?? 0) * laggingCheckpoints * freshnessMs) / 1000);
  if (lag > much) return { health: "lagging", why: `${number(lag)} records wait to be landed.` };
  return { health: "healthy", why: "" };
}
