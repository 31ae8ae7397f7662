// Actions of sessions that overlap, in the order of time: what is planned waits until its second has come.
import type { Action } from "./generated-answers.ts";

export interface Timeline {
  add(actions: Action[]): void;
  /** Gives out all that happen before a moment, second by second. */
  advance(toMs: number): void;
}

/** `emit` gets each action once. Two that are alike in all that a file says are one: the second is left out. */
export function createTimeline(emit: (action: Action) => void): Timeline {
  const waiting = new Map<number, Action[]>();
  let now: number | undefined;
  let lastSecond = 0;
  return {
    add(actions) {
      for (const action of actions) {
        const second = action.timeMs / 1000;
        now ??= second;
        lastSecond = Math.max(lastSecond, second);
        const there = waiting.get(second);
        if (there) there.push(action);
        else waiting.set(second, [action]);
      }
    },
    advance(toMs) {
      const end = toMs / 1000;
      if (now === undefined) return;
      // Long quiet times are stepped over.
      if (waiting.size === 0) now = end;
      for (; now < end; now++) {
        const actions = waiting.get(now);
        if (!actions) continue;
        waiting.delete(now);
        const seen = new Set<string>();
        for (const action of actions) {
          const { user, product, type, session } = action;
          const same = `${user} ${product} ${type} ${session}`;
          if (seen.has(same)) continue;
          seen.add(same);
          emit(action);
        }
        if (waiting.size === 0 && now < lastSecond) now = lastSecond;
      }
    },
  };
}
