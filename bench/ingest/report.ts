// The bench's tables as text. Pure.
import Table from "cli-table3";
import { type Figure, isGeneratorBound, perCpuSecond, perSecond } from "./measure.ts";
import { median, type Ratio, type Round, verdict } from "./ratios.ts";

const whole = (value: number) => Math.round(value).toLocaleString("en-US");
const short = (value: number) => (value >= 10 ? value.toFixed(1) : value.toFixed(2));
const percent = (share: number) => `${Math.round(share * 100)} %`;
const plain = { style: { head: [], border: [] } };

const titles: Record<keyof Round["figures"], string> = {
  awaited: "game-api, one event a request",
  notAwaited: "… not awaiting acks (no ack)",
  bare: "… producer that does nothing (no ack)",
  flask: "Flask + gunicorn + kafka-python",
  batches100: "game-api, batches of 100",
  batches500: "game-api, batches of 500",
  performance: "ProducerPerformance",
};

function figuresTable(rounds: Round[]): string {
  const table = new Table({
    head: ["median of rounds", "events/CPU-s", "events/s", "its core", "load's core", ""],
    colAligns: ["left", "right", "right", "right", "right", "left"],
    ...plain,
  });
  for (const [key, title] of Object.entries(titles)) {
    const figures = rounds.map((round) => round.figures[key as keyof Round["figures"]]);
    const of = (value: (figure: Figure) => number) => median(figures.map(value));
    const isBound = figures.filter(isGeneratorBound).length * 2 > figures.length;
    table.push([
      title,
      whole(of(perCpuSecond)),
      whole(of(perSecond)),
      percent(of((figure) => figure.collectorShare)),
      percent(of((figure) => figure.loadCoreShare)),
      isBound ? "generator-bound" : "",
    ]);
  }
  return table.toString();
}

function ratiosTable(ratios: Ratio[]): string {
  const table = new Table({
    head: ["ratio", "goal", "median", "worst", ""],
    colAligns: ["left", "right", "right", "right", "left"],
    colWidths: [58, null, null, null, null],
    wordWrap: true,
    ...plain,
  });
  for (const ratio of ratios) {
    const goal = `${ratio.better === "higher" ? ">=" : "<="} ${ratio.goal}`;
    table.push([ratio.name, goal, short(ratio.median), short(ratio.worst), verdict(ratio)]);
  }
  return table.toString();
}

export function report(rounds: Round[], ratios: Ratio[]): string {
  const p99 = (key: "awaited" | "bare") => short(median(rounds.map(({ p99Ms }) => p99Ms[key])));
  return [
    figuresTable(rounds),
    "All ratios but the last are of events per CPU-second of the collector's process, on the same core.",
    `p99 at half load: ${p99("awaited")} ms with acks, ${p99("bare")} ms bare.`,
    ratiosTable(ratios),
    "",
  ].join("\n");
}
