// What a person sees of a load: its progress on stderr and the summary at the end. Pure but for the
// `write` it is given.
import { type Bucket, type LatencyMs, latencyPicture } from "./latency.ts";
import type { LoadSummary } from "./summary.ts";
import type { Tally } from "./tally.ts";

const barChars = 24;
const lineEveryMs = 5000;
export const count = (n: number) => Math.round(n).toLocaleString("en-US");

/** Such as "3 min 20 s". */
export function timeLeft(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Such as "[####----]  50%". */
export function progressBar(share: number): string {
  const bar = "#".repeat(Math.floor(share * barChars)).padEnd(barChars, "-");
  return `[${bar}] ${`${Math.floor(share * 100)}%`.padStart(4)}`;
}

/** One line of progress, such as "[####----] 50%  5,000 of 10,000  2,345 events/s  3 s left". */
export function progressLine(done: number, total: number, durationMs: number): string {
  const share = total === 0 ? 1 : done / total;
  const perSecond = durationMs > 0 ? (done / durationMs) * 1000 : 0;
  const left = done >= total ? "" : `  ${timeLeft((total - done) / perSecond)} left`;
  return `${progressBar(share)}  ${count(done)} of ${count(total)}  ${count(perSecond)} events/s${left}`;
}

/** A bar that stays on its line on a terminal; elsewhere a line every 5 s. */
export function createProgress(total: number, isTerminal: boolean, write: (text: string) => void) {
  let lastMs = 0;
  return {
    show(tally: Tally) {
      const durationMs = tally.durationMs();
      if (!isTerminal && durationMs - lastMs < lineEveryMs) return;
      lastMs = durationMs;
      const line = progressLine(tally.counts.sends + tally.counts.shed, total, durationMs);
      write(isTerminal ? `\r\x1b[K${line}` : `${line}\n`);
    },
    end(tally: Tally) {
      const done = tally.counts.sends + tally.counts.shed;
      if (isTerminal) write(`\r\x1b[K${progressLine(done, total, tally.durationMs())}\n`);
    },
  };
}

type Row = [name: string, value: string];

/** Rows that every summary has: answers by status, and the latencies. */
export function answerRows(statuses: Record<string, number>, ms: LatencyMs, since = ""): Row[] {
  const told = Object.entries(statuses).map(([status, answers]) => `${status}: ${count(answers)}`);
  const latency = `p50 ${ms.p50}  p90 ${ms.p90}  p95 ${ms.p95}  p99 ${ms.p99}  p99.9 ${ms.p999}  max ${ms.max} ms`;
  return [
    ["Answers", told.join("  ") || "none"],
    ["Latency", `${latency}${since}`],
  ];
}

/** The last rows of every summary: how long it took, and where its journal is. */
export const endRows = (summary: { durationMs: number; interrupted: boolean; journal: string }): Row[] => [
  ["Time", `${(summary.durationMs / 1000).toFixed(1)} s${summary.interrupted ? ", interrupted" : ""}`],
  ["Journal", summary.journal],
];

export const aligned = (rows: Row[]): string =>
  rows.map(([name, value]) => `${name.padEnd(9)} ${value}`).join("\n");

/** The summary as aligned lines, with a picture of the latencies. */
export function summaryText(summary: LoadSummary, buckets: Bucket[] = []): string {
  const { lateMs } = summary;
  const since = summary.loop === "open" ? "due" : "sent";
  const rows: Row[] = [
    ["Run", `${summary.run} (seed ${summary.seed}, pipeline ${summary.pipeline})`],
    ["Sent", `${count(summary.sends)} events, ${count(summary.copies)} of them copies`],
    ["Acked", count(summary.acked)],
    ["Rejected", `${count(summary.rejected)} (${count(summary.unexpected)} against expectation)`],
    ["Unknown", `${count(summary.unknown)} (${count(summary.unanswered)} without any answer)`],
    ["Rate", `${count(summary.eventsPerSecond)} events/s, ${count(summary.requestsPerSecond)} requests/s`],
    ...answerRows(summary.statuses, summary.latencyMs, ` since ${since}`),
    ["Bytes", `${count(summary.bytesSent)} in bodies sent, ${count(summary.bytesReceived)} received`],
    ...endRows(summary),
  ];
  if (lateMs) {
    const shed: Row = ["Shed", `${count(summary.shed)} due and not sent`];
    const late: Row = ["Late", `p99 ${lateMs.p99}  max ${lateMs.max} ms: the load's own delay`];
    rows.splice(2, 0, shed, late);
  }
  const text = aligned(rows);
  return buckets.length > 0 ? `${text}\n${latencyPicture(buckets)}` : text;
}
