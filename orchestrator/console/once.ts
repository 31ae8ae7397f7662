// Work that many ask for at the same time is done once for all of them.

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
