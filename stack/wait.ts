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
