// What happened in each second of a load: sends by the second in which they left, outcomes by the one
// in which they were settled.
import type { Outcome } from "./answers.ts";
import { createLatency } from "./latency.ts";

export interface Second extends Record<Outcome, number> {
  /** From the load's start, the first is 0. */
  second: number;
  sent: number;
  shed: number;
  /** Of the answers that came in it, in ms; 0 without any. */
  p99: number;
}

/** `elapsedMs` tells the time since the load's start. Seconds in which nothing happened are zeros. */
export function createSeries(elapsedMs: () => number) {
  const seconds: Second[] = [];
  const latency = createLatency(2);
  const now = (): Second => {
    const second = Math.floor(elapsedMs() / 1000);
    while (seconds.length <= second) {
      const last = seconds.at(-1);
      if (last) last.p99 = latency.at(99);
      latency.reset();
      seconds.push({ second: seconds.length, sent: 0, shed: 0, acked: 0, rejected: 0, unknown: 0, p99: 0 });
    }
    return seconds[second]!;
  };
  return {
    add(what: "sent" | "shed" | Outcome, count: number) {
      now()[what] += count;
    },
    answered(latencyMs: number) {
      now();
      latency.record(latencyMs);
    },
    all(): Second[] {
      const last = seconds.at(-1);
      if (last) last.p99 = latency.at(99);
      return seconds;
    },
  };
}
