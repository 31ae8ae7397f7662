// The result of a load, as printed and as JSON, and whether it counts as a success. Pure.
import type { LatencyMs } from "./latency.ts";
import type { Second } from "./series.ts";
import type { Counts, Tally } from "./tally.ts";

export interface LoadSummary extends Counts {
  run: string;
  seed: number;
  pipeline: string;
  loop: "closed" | "open";
  url: string;
  journal: string;
  durationMs: number;
  eventsPerSecond: number;
  requestsPerSecond: number;
  /** Open loop: from the time at which a request was due; closed loop: from when it was sent. */
  latencyMs: LatencyMs;
  /** Open loop: how late the load itself was. */
  lateMs?: Pick<LatencyMs, "p99" | "max">;
  /** Answers by HTTP status. */
  statuses: Record<string, number>;
  series?: Second[];
  interrupted: boolean;
}

type About = Pick<LoadSummary, "run" | "seed" | "pipeline" | "loop" | "url" | "journal" | "interrupted">;

export function toSummary(about: About, tally: Tally): LoadSummary {
  const durationMs = Math.round(tally.durationMs());
  const series = tally.series();
  const perSecond = (n: number) => (durationMs > 0 ? Math.round((n / durationMs) * 1000) : 0);
  return {
    ...about,
    ...tally.counts,
    durationMs,
    eventsPerSecond: perSecond(tally.counts.sends),
    requestsPerSecond: perSecond(tally.counts.requests),
    latencyMs: tally.latencyMs(),
    ...(about.loop === "open" ? { lateMs: tally.lateMs() } : {}),
    statuses: { ...tally.statuses },
    ...(series.length > 0 ? { series } : {}),
  };
}

const cureOf = ({ statuses }: Pick<LoadSummary, "statuses">): string =>
  statuses[401] || statuses[403]
    ? "Give an API key for this pipeline with --key-file or the variable API_KEY."
    : "Does the API run the same contract as this checkout?";

/** Why a load failed, each reason with its cure; empty when every send got the answer it should. */
export function problemsOf(summary: LoadSummary, firstSurprise?: string): string[] {
  const problems: string[] = [];
  if (summary.unknown > 0)
    problems.push(
      `${summary.unknown} of ${summary.sends} events have an unknown outcome: ${summary.unanswered} got no ` +
        `answer, ${summary.unknown - summary.unanswered} an answer that says so. They may or may not be in ` +
        `the lake. Give the same command again with --run ${summary.run} and a new --journal: ` +
        `the same event_ids never double a row.`,
    );
  if (summary.unexpected > 0)
    problems.push(
      `${summary.unexpected} events were refused though sound, or taken though broken. ` +
        `The first answer: ${firstSurprise}. ${cureOf(summary)}`,
    );
  if (summary.shed > 0)
    problems.push(
      `${summary.shed} events were due and not sent, as --outstanding requests were under way: the API was ` +
        `slower than the schedule. Raise --outstanding, or lower the rate to what it can take.`,
    );
  return problems;
}
