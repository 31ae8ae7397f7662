// How a pipeline is, from what was seen of it. Pure.
import type { Health } from "./api.ts";

export interface Seen {
  jobs: { name: string; state: string; desired: "running" | "stopped" | undefined }[];
  /** Records that wait; null where that couldn't be seen. */
  lag: number | null;
  /** Since when no job has committed anything while records waited; null where it goes on. */
  stillMs: number | null;
  /** Records a second that come in. */
  rate: number | null;
  freshnessMs: number;
}

/** So many checkpoints without any progress are more than a slow one. */
const stalledCheckpoints = 3;
const stalledMsMin = 15_000;
/** What waits is more than so many checkpoints bring: the jobs are slower than what comes. */
const laggingCheckpoints = 5;
const laggingRecordsMin = 1000;

const few = (names: string[]) =>
  names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");

/** State and, where it isn't healthy, why in one sentence. */
export function healthOf({ jobs, lag, stillMs, rate, freshnessMs }: Seen): { health: Health; why: string } {
  if (jobs.every(({ desired }) => desired === undefined))
    return { health: "stopped", why: "Not applied yet: see Deploy." };
  if (jobs.every(({ desired }) => desired !== "running"))
    return { health: "stopped", why: "Stopped with savepoints: apply goes on from there." };
  const down = jobs.filter(({ state, desired }) => desired === "running" && state !== "RUNNING");
  if (down.length > 0)
    return {
      health: "failing",
      why: `${few(down.map(({ name, state }) => `${name} is ${state.toLowerCase()}`))}.`,
    };
  if (lag === null) return { health: "unknown", why: "Kafka doesn't tell what waits." };
  const stalledMs = Math.max(stalledMsMin, stalledCheckpoints * freshnessMs);
  if (lag > 0 && stillMs !== null && stillMs > stalledMs)
    return {
      health: "stalled",
      why: `${lag.toLocaleString("en")} records wait and nothing was committed for ${Math.round(stillMs / 1000)} s.`,
    };
  const much = Math.max(laggingRecordsMin, ((rate ?? 0) * laggingCheckpoints * freshnessMs) / 1000);
  if (lag > much) return { health: "lagging", why: `${lag.toLocaleString("en")} records wait to be landed.` };
  return { health: "healthy", why: "" };
}
