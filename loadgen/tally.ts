// Counts and latencies of one load while it runs. Holds histograms and one line per second, never
// single requests.
import type { Outcome, Verdict } from "./answers.ts";
import { type Bucket, createLatency, type LatencyMs } from "./latency.ts";
import { createSeries, type Second } from "./series.ts";

export interface Counts extends Record<Outcome, number> {
  /** Settled sends, copies among them. */
  sends: number;
  copies: number;
  /** Due in an open loop and never sent, as too many requests were under way. */
  shed: number;
  /** Of the unknown: no answer came at all. */
  unanswered: number;
  /** Refused though not broken on purpose, or acked though broken. */
  unexpected: number;
  requests: number;
  answers: number;
  bytesSent: number;
  bytesReceived: number;
}

export interface Tally {
  counts: Readonly<Counts>;
  /** Answers by HTTP status. */
  statuses: Readonly<Record<string, number>>;
  /** First answer that refused a good event or took a broken one. */
  firstSurprise(): string | undefined;
  /** Until now, or until the last event was settled once the load is finished. */
  durationMs(): number;
  latencyMs(): LatencyMs;
  latencyBuckets(): Bucket[];
  /** How late requests of an open loop were started, for want of the generator's own time. */
  lateMs(): Pick<LatencyMs, "p99" | "max">;
  /** Empty unless asked for. */
  series(): Second[];
  sent(sends: number, bytes: number, lateMs?: number): void;
  shed(sends: number): void;
  received(bytes: number): void;
  answered(latencyMs: number, status: number, answer: string): void;
  count(verdict: Verdict, marks: { copy: boolean; broken: boolean }): void;
  finish(): void;
}

const surpriseChars = 300;

export function createTally(withSeries = false): Tally {
  const counts: Counts = {
    sends: 0,
    copies: 0,
    shed: 0,
    acked: 0,
    rejected: 0,
    unknown: 0,
    unanswered: 0,
    unexpected: 0,
    requests: 0,
    answers: 0,
    bytesSent: 0,
    bytesReceived: 0,
  };
  const statuses: Record<string, number> = {};
  const latency = createLatency();
  const late = createLatency(2);
  const startedMs = performance.now();
  const series = withSeries ? createSeries(() => performance.now() - startedMs) : undefined;
  let settledMs = startedMs;
  let isFinished = false;
  let lastAnswer = "";
  let surprise: string | undefined;
  return {
    counts,
    statuses,
    firstSurprise: () => surprise,
    durationMs: () => (isFinished ? settledMs : performance.now()) - startedMs,
    latencyMs: latency.percentiles,
    latencyBuckets: latency.buckets,
    lateMs() {
      const { p99, max } = late.percentiles();
      return { p99, max };
    },
    series: () => series?.all() ?? [],
    sent(sends, bytes, lateMs) {
      counts.requests += 1;
      counts.bytesSent += bytes;
      if (lateMs !== undefined) late.record(lateMs);
      series?.add("sent", sends);
    },
    shed(sends) {
      counts.shed += sends;
      settledMs = performance.now();
      series?.add("shed", sends);
    },
    received(bytes) {
      counts.bytesReceived += bytes;
    },
    answered(latencyMs, status, answer) {
      counts.answers += 1;
      statuses[status] = (statuses[status] ?? 0) + 1;
      latency.record(latencyMs);
      series?.answered(latencyMs);
      lastAnswer = surprise === undefined ? `${status} ${answer.slice(0, surpriseChars)}` : "";
    },
    count({ outcome, status }, { copy, broken }) {
      counts.sends += 1;
      settledMs = performance.now();
      counts[outcome] += 1;
      series?.add(outcome, 1);
      if (copy) counts.copies += 1;
      if (status === undefined) counts.unanswered += 1;
      if (outcome !== (broken ? "acked" : "rejected")) return;
      counts.unexpected += 1;
      surprise ??= lastAnswer;
    },
    finish() {
      isFinished = true;
    },
  };
}
