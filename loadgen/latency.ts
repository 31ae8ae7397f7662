// Latencies of answers: percentiles, and counts by rounded bounds for the picture. Holds histograms,
// never single answers.
import { build } from "hdr-histogram-js";

export interface LatencyMs {
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  p999: number;
  max: number;
}

/** How many answers took less than `belowMs`, and not less than the bound before it. */
export interface Bucket {
  belowMs: number;
  count: number;
}

const hourUs = 3_600_000_000;
/** 0.1, 0.2, 0.5, 1 … to an hour. */
const bounds = [-1, 0, 1, 2, 3, 4, 5, 6]
  .flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power))
  .concat(Number.POSITIVE_INFINITY);

export function createLatency(digits: 1 | 2 | 3 = 3) {
  const histogram = build({ highestTrackableValue: hourUs, numberOfSignificantValueDigits: digits });
  const counts = bounds.map(() => 0);
  const toMs = (us: number) => Math.round(us) / 1000;
  const at = (percentile: number) => toMs(histogram.getValueAtPercentile(percentile));
  return {
    record(ms: number) {
      histogram.recordValue(Math.min(hourUs, Math.max(1, Math.round(ms * 1000))));
      counts[bounds.findIndex((bound) => ms < bound)]! += 1;
    },
    at,
    percentiles: (): LatencyMs => ({
      p50: at(50),
      p90: at(90),
      p95: at(95),
      p99: at(99),
      p999: at(99.9),
      max: toMs(histogram.maxValue),
    }),
    /** From the first to the last that has any. */
    buckets(): Bucket[] {
      const first = counts.findIndex((count) => count > 0);
      const last = counts.findLastIndex((count) => count > 0);
      if (first < 0) return [];
      return counts.map((count, i) => ({ belowMs: bounds[i]!, count })).slice(first, last + 1);
    },
    reset: () => histogram.reset(),
  };
}

const barChars = 40;

/** The histogram as text, a line per bucket; empty without answers. */
export function latencyPicture(buckets: Bucket[]): string {
  const most = Math.max(...buckets.map(({ count }) => count));
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  const label = (ms: number) =>
    !Number.isFinite(ms) ? "more" : ms < 1000 ? `< ${ms} ms` : `< ${(ms / 1000).toLocaleString("en-US")} s`;
  return buckets
    .map(({ belowMs, count }) => {
      const bar = "#".repeat(Math.ceil((count / most) * barChars)).padEnd(barChars);
      const share = `${((count / total) * 100).toFixed(1)}%`.padStart(6);
      return `${label(belowMs).padStart(9)} |${bar} ${share}  ${count.toLocaleString("en-US")}`;
    })
    .join("\n");
}
