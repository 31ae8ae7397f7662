// Waiting on a condition with a deadline; the one place that sleeps between two looks.
import { setTimeout as delay } from "node:timers/promises";

/**
 * Resolves once `condition` is true; rejects when `timeoutMs` have passed, naming what was waited
 * for. What the condition throws ends the wait.
 */
export async function waitFor(
  what: string,
  condition: () => Promise<boolean>,
  { intervalMs = 100, timeoutMs = 60_000 }: { intervalMs?: number; timeoutMs?: number } = {},
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() >= deadline) throw new Error(`${what}: not so after ${timeoutMs / 1000} s`);
    await delay(intervalMs);
  }
}

/** Looks until nothing is `left`, or until it hasn't become less for `stillMs`: what moves is waited for, however slow. */
export async function waitForRest(
  left: () => Promise<number>,
  { intervalMs = 250, stillMs }: { intervalMs?: number; stillMs: number },
): Promise<void> {
  let least = Number.POSITIVE_INFINITY;
  let movedAt = Date.now();
  for (;;) {
    const now = await left();
    if (now === 0) return;
    if (now < least) [least, movedAt] = [now, Date.now()];
    if (Date.now() - movedAt >= stillMs) return;
    await delay(intervalMs);
  }
}
