// A loop that goes on whatever happens: work in rounds, and a failed round is tried again ever more slowly.
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";

/** Does rounds until aborted; `work` says how long to pause. A failed round is logged and tried again. */
export async function rounds(
  what: string,
  work: () => Promise<number>,
  logger: Logger,
  signal: AbortSignal,
  backoffMsMax = 60_000,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    let pauseMs = 0;
    try {
      pauseMs = await work();
      failures = 0;
    } catch (error) {
      if (signal.aborted) break;
      failures += 1;
      pauseMs = Math.min(1000 * 2 ** Math.min(failures, 6), backoffMsMax);
      logger.error({ reason: (error as Error).message, failures }, `${what} failed`);
    }
    if (pauseMs > 0) await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
