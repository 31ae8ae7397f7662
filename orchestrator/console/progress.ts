// What a row of looks at a pipeline tells that one look can't: its rate, and since when it stands still. Pure state.

export interface Look {
  atMs: number;
  /** Records its topics ever had. */
  records: number;
  /** Sum of the offsets that its jobs have committed. */
  done: number;
  /** Records that wait; null where that couldn't be seen. */
  lag: number | null;
}

const windowMs = 10_000;

export interface Progress {
  /** Takes a look in; `rate` is null at the first one, `stillMs` where nothing waits or something moved. */
  note(pipeline: string, look: Look): { rate: number | null; stillMs: number | null };
}

export function createProgress(): Progress {
  const looks = new Map<string, Look[]>();
  const moved = new Map<string, { done: number; atMs: number }>();
  return {
    note(pipeline, look) {
      const kept = (looks.get(pipeline) ?? []).filter(({ atMs }) => atMs >= look.atMs - windowMs);
      kept.push(look);
      looks.set(pipeline, kept);
      const first = kept[0]!;
      const seconds = (look.atMs - first.atMs) / 1000;
      const rate = seconds > 0 ? Math.max(0, (look.records - first.records) / seconds) : null;
      const last = moved.get(pipeline);
      const isStill = last !== undefined && last.done === look.done && (look.lag ?? 0) > 0;
      if (!isStill) moved.set(pipeline, { done: look.done, atMs: look.atMs });
      return { rate, stillMs: isStill ? look.atMs - last.atMs : null };
    },
  };
}
