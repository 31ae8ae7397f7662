// Counts and latencies of one load while it runs. Holds a histogram, never single requests.
import { build } from "hdr-histogram-js";
import type { Outcome, Verdict } from "./answers.ts";

export interface Counts extends Record<Outcome, number> {
  /** Settled sends, copies among them. */
  sends: number;
  copies: number;
  /** Of the unknown: no answer came at all. */
  unanswered: number;
  /** Refused though not broken on purpose, or acked though broken. */
  unexpected: number;
  requests: number;
  answers: number;
  bytesSent: number;
  bytesReceived: number;
}

export interface LatencyMs {
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

export interface Tally {
  counts: Readonly<Counts>;
  /** First answer that refused a good event or took a broken one. */
  firstSurprise(): string | undefined;
  /** Until now, or until the last event was settled once the load is finished. */
  durationMs(): number;
  latencyMs(): LatencyMs;
  sent(bytes: number): void;
  received(bytes: number): void;
  answered(latencyMs: number, status: number, answer: string): void;
  count(verdict: Verdict, marks: { copy: boolean; broken: boolean }): void;
  finish(): void;
}

const hourUs = 3_600_000_000;
const surpriseChars = 300;

export function createTally(): Tally {
  const counts: Counts = {
    sends: 0,
    copies: 0,
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
  const histogram = build({ highestTrackableValue: hourUs, numberOfSignificantValueDigits: 3 });
  const startedMs = performance.now();
  let settledMs = startedMs;
  let isFinished = false;
  let lastAnswer = "";
  let surprise: string | undefined;
  const toMs = (us: number) => Math.round(us) / 1000;
  return {
    counts,
    firstSurprise: () => surprise,
    durationMs: () => (isFinished ? settledMs : performance.now()) - startedMs,
    latencyMs: () => ({
      p50: toMs(histogram.getValueAtPercentile(50)),
      p90: toMs(histogram.getValueAtPercentile(90)),
      p99: toMs(histogram.getValueAtPercentile(99)),
      max: toMs(histogram.maxValue),
    }),
    sent(bytes) {
      counts.requests += 1;
      counts.bytesSent += bytes;
    },
    received(bytes) {
      counts.bytesReceived += bytes;
    },
    answered(latencyMs, status, answer) {
      counts.answers += 1;
      histogram.recordValue(Math.min(hourUs, Math.max(1, Math.round(latencyMs * 1000))));
      lastAnswer = surprise === undefined ? `${status} ${answer.slice(0, surpriseChars)}` : "";
    },
    count({ outcome, status }, { copy, broken }) {
      counts.sends += 1;
      settledMs = performance.now();
      counts[outcome] += 1;
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
