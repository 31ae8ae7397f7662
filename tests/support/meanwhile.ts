import { setTimeout as delay } from "node:timers/promises";

const pauseMs = 200;

/**
 * Does something again and again beside what is tested, with pauses: without them it tells no more, and takes the
 * processors from what is tested. The function that it returns ends it, and throws where it failed.
 */
export function meanwhile(work: () => Promise<unknown>): () => Promise<void> {
  let isOver = false;
  const done = (async () => {
    while (!isOver) {
      await work();
      await delay(pauseMs);
    }
  })();
  done.catch(() => undefined);
  return () => {
    isOver = true;
    return done;
  };
}
