// Work that many ask for at the same time is done once for all of them.
import { setTimeout as delay } from "node:timers/promises";

/** Runs `work` at most once at a time and once in `forMs`; everybody gets its last outcome. */
export function shared<T>(work: () => Promise<T>, forMs: number): () => Promise<T> {
  let last: Promise<T> | undefined;
  let doneAt = Number.NEGATIVE_INFINITY;
  let isRunning = false;
  return () => {
    if (last && (isRunning || performance.now() - doneAt < forMs)) return last;
    isRunning = true;
    last = work().finally(() => {
      isRunning = false;
      doneAt = performance.now();
    });
    return last;
  };
}

/**
 * What `work` found last, at once; looked for again in the background where that is older than `forMs`. Only while
 * nothing was ever found it is waited for, `waitMs` at most. Undefined: not found yet, or the last try failed.
 */
export function kept<T>(
  work: () => Promise<T | undefined>,
  forMs: number,
  waitMs: number,
): () => Promise<T | undefined> {
  let found: { value: T | undefined } | undefined;
  const look = shared(async () => {
    found = { value: await work() };
  }, forMs);
  return async () => {
    const looking = look().catch(() => {
      found = { value: undefined };
    });
    if (!found) await Promise.race([looking, delay(waitMs, undefined, { ref: false })]);
    return found?.value;
  };
}
