// How often a lost job is submitted again: at once a few times, then ever more slowly. Pure state.
import { restartsMax, restartWindowMs } from "./health.ts";

const pauseMsMax = 60_000;
const firstPauseMs = 2000;

export interface Budget {
  /** Whether a job may be restarted now; one that may is counted. */
  take(job: string, nowMs: number): boolean;
}

export function createBudget(): Budget {
  const restarts = new Map<string, number[]>();
  return {
    take(job, nowMs) {
      const recent = (restarts.get(job) ?? []).filter((at) => at > nowMs - restartWindowMs);
      const over = recent.length - restartsMax;
      const pauseMs = over < 0 ? 0 : Math.min(pauseMsMax, firstPauseMs * 2 ** over);
      const isDue = nowMs - (recent.at(-1) ?? Number.NEGATIVE_INFINITY) >= pauseMs;
      if (isDue) recent.push(nowMs);
      restarts.set(job, recent);
      return isDue;
    },
  };
}
