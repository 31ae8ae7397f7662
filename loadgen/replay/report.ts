// What a person sees of a replay: its progress by the files' bytes, the summary, and what to do about
// rows that are not in the lake. Pure.
import type { LatencyMs } from "../latency.ts";
import { aligned, answerRows, count, endRows, progressBar, timeLeft } from "../progress.ts";
import { type RowCounts, sumOf } from "./book.ts";
import type { ReplayState } from "./replay.ts";

export interface ReplaySummary extends RowCounts {
  run: string;
  pipeline: string;
  url: string;
  journal: string;
  files: string[];
  /** Rows of all runs of this replay: acked + rejected + unread + unknown. */
  rows: number;
  /** Read and without an outcome as it ended early; not in the journal, sent again by --resume. */
  unsettled: number;
  /** Rows that earlier runs had settled. */
  resumed: number;
  /** Of this run, as all that follows. */
  durationMs: number;
  rowsPerSecond: number;
  requests: number;
  statuses: Record<string, number>;
  latencyMs: LatencyMs;
  interrupted: boolean;
}

type About = Pick<
  ReplaySummary,
  "run" | "pipeline" | "url" | "journal" | "files" | "resumed" | "durationMs" | "interrupted"
>;

export function toReplaySummary(about: About, state: ReplayState): ReplaySummary {
  const rows = sumOf(state.counts);
  const settled = rows - about.resumed;
  return {
    ...about,
    ...state.counts,
    rows,
    unsettled: state.rowsRead - settled,
    rowsPerSecond: about.durationMs > 0 ? Math.round((settled / about.durationMs) * 1000) : 0,
    requests: state.requests,
    statuses: { ...state.statuses },
    latencyMs: state.latencyMs(),
  };
}

/** Such as "[####----]  50%  1,234,567 rows  23,456 rows/s  40 s left"; `ran` is what this run did. */
export function replayLine(
  bytes: number,
  bytesOfAll: number,
  rows: number,
  ran: { rows: number; bytes: number; ms: number },
): string {
  const share = bytesOfAll === 0 ? 1 : Math.min(1, bytes / bytesOfAll);
  // The first rows, read at once, say nothing about the rate.
  const perSecond = ran.ms > 100 ? (ran.rows / ran.ms) * 1000 : 0;
  const left = share === 1 ? "" : `  ${timeLeft(((bytesOfAll - bytes) / ran.bytes) * (ran.ms / 1000))} left`;
  return `${progressBar(share)}  ${count(rows)} rows  ${count(perSecond)} rows/s${left}`;
}

export function replayText(summary: ReplaySummary): string {
  const { rows, acked, rejected, unread, unknown, resumed } = summary;
  return aligned([
    ["Run", `${summary.run} (pipeline ${summary.pipeline}, ${summary.files.join(", ")})`],
    [
      "Rows",
      `${count(rows)} read = ${count(acked)} acked + ${count(rejected)} rejected + ` +
        `${count(unread)} unread + ${count(unknown)} unknown`,
    ],
    ...(resumed > 0
      ? [["Resumed", `${count(resumed)} of them were settled before`] as [string, string]]
      : []),
    ["Rate", `${count(summary.rowsPerSecond)} rows/s, ${count(summary.requests)} requests`],
    ...answerRows(summary.statuses, summary.latencyMs),
    ...endRows(summary),
  ]);
}

/** Why not every row is in the lake, each reason with its cure. */
export function replayProblems(summary: ReplaySummary): string[] {
  const look = (outcome: string) => `grep '"outcome":"${outcome}"' ${summary.journal}`;
  const problems: string[] = [];
  if (summary.unread > 0)
    problems.push(
      `${summary.unread} rows can't be read as events; each with line and reason: ${look("unread")}`,
    );
  if (summary.rejected > 0)
    problems.push(
      `${summary.rejected} rows were rejected by the API; each with its reason: ${look("rejected")}`,
    );
  if (summary.unknown > 0)
    problems.push(
      `${summary.unknown} rows have an unknown outcome: they may or may not be in the lake. Replay again with ` +
        `--run ${summary.run} and a new --journal: the same event_ids never double a row.`,
    );
  if (summary.unsettled > 0)
    problems.push(
      `${summary.unsettled} rows were under way when it ended. Give the same command with --resume.`,
    );
  return problems;
}
