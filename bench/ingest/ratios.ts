// From the figures of all rounds to ratios, each with its goal. Pure.
import { type Figure, perCpuSecond } from "./measure.ts";

/** What one round measured. */
export interface Round {
  figures: {
    awaited: Figure;
    notAwaited: Figure;
    bare: Figure;
    flask: Figure;
    batches100: Figure;
    batches500: Figure;
    performance: Figure;
  };
  p99Ms: { awaited: number; bare: number };
}

export interface Ratio {
  name: string;
  goal: number;
  better: "higher" | "lower";
  median: number;
  worst: number;
  rounds: number[];
}

type Definition = Pick<Ratio, "name" | "goal" | "better"> & { of: (round: Round) => number };

const faster = (over: keyof Round["figures"], under: keyof Round["figures"]) => (round: Round) =>
  perCpuSecond(round.figures[over]) / perCpuSecond(round.figures[under]);

const definitions: Definition[] = [
  {
    name: "acked events per CPU-second of the collector vs Flask + gunicorn + kafka-python waiting for the ack",
    goal: 15,
    better: "higher",
    of: faster("awaited", "flask"),
  },
  {
    name: "vs the same Fastify app with a producer that does nothing",
    goal: 0.7,
    better: "higher",
    of: faster("awaited", "bare"),
  },
  {
    name: "batches of 100 vs ProducerPerformance",
    goal: 0.4,
    better: "higher",
    of: faster("batches100", "performance"),
  },
  {
    name: "batches of 500 vs ProducerPerformance",
    goal: 0.4,
    better: "higher",
    of: faster("batches500", "performance"),
  },
  {
    name: "awaiting acks vs not awaiting",
    goal: 0.85,
    better: "higher",
    of: faster("awaited", "notAwaited"),
  },
  {
    name: "p99 at half load vs the bare app's",
    goal: 3,
    better: "lower",
    of: ({ p99Ms }) => p99Ms.awaited / p99Ms.bare,
  },
];

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function ratiosOf(rounds: Round[]): Ratio[] {
  return definitions.map(({ of, ...definition }) => {
    const all = rounds.map(of);
    const worst = definition.better === "higher" ? Math.min(...all) : Math.max(...all);
    return { ...definition, median: median(all), worst, rounds: all };
  });
}

const meets = ({ better, goal }: Ratio, value: number) =>
  better === "higher" ? value >= goal : value <= goal;

/** A goal is met when the worst round meets it. */
export const isMet = (ratio: Ratio) => meets(ratio, ratio.worst);
export const verdict = (ratio: Ratio) => {
  if (isMet(ratio)) return "met";
  return meets(ratio, ratio.median) ? "met by the median only" : "not met";
};
