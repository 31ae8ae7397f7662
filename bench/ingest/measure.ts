// One measurement: a contender under load for some seconds, its processor time, what Kafka has of it.
import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "../../stack/wait.ts";
import type { Broker } from "./broker.ts";
import { loadCore } from "./config.ts";
import type { Load } from "./load.ts";
import { coreBusySeconds, cpuSecondsOf } from "./procfs.ts";

export interface Figure {
  events: number;
  seconds: number;
  cpuSeconds: number;
  /** Shares of the wall clock, 0 to 1. */
  collectorShare: number;
  loadCoreShare: number;
}

export const perCpuSecond = ({ events, cpuSeconds }: Figure) => events / cpuSeconds;
export const perSecond = ({ events, seconds }: Figure) => events / seconds;

/** The collector's core wasn't full, or the other one was: the wall clock says little of the collector. */
export const isGeneratorBound = ({ collectorShare, loadCoreShare }: Figure) =>
  collectorShare < 0.9 || loadCoreShare > 0.98;

/** A look at a process under load. */
export interface Mark {
  events: number;
  atMs: number;
  cpu: number;
  loadCore: number;
}

export async function mark(pid: number, events: () => number | Promise<number>): Promise<Mark> {
  return {
    events: await events(),
    atMs: performance.now(),
    cpu: cpuSecondsOf(pid),
    loadCore: coreBusySeconds(loadCore),
  };
}

/** What happens between two looks at a process that is under load all the time. */
export async function between(
  pid: number,
  seconds: number,
  events: () => number | Promise<number>,
): Promise<Figure> {
  const before = await mark(pid, events);
  await delay(seconds * 1000);
  return figureOf(before, await mark(pid, events));
}

/** What a process did from one look at it to another. */
export function figureOf(before: Mark, after: Mark): Figure {
  const wall = (after.atMs - before.atMs) / 1000;
  const cpuSeconds = after.cpu - before.cpu;
  return {
    events: after.events - before.events,
    seconds: wall,
    cpuSeconds,
    collectorShare: cpuSeconds / wall,
    loadCoreShare: (after.loadCore - before.loadCore) / wall,
  };
}

export const rampSeconds = 1;

/** Throws where Kafka hasn't exactly what was acknowledged. */
export function compareWithKafka(name: string, acknowledged: number, written: number): void {
  if (acknowledged === written) return;
  throw new Error(
    `${name}: ${acknowledged} events were acknowledged and Kafka has ${written} of them: the figures are void`,
  );
}

interface Measured {
  name: string;
  pid: number;
  /** Undefined where nothing is kept. */
  topic: string | undefined;
  /** Whether each answer came after its ack. */
  isAwaited: boolean;
}

/** Runs a closed loop, measures its middle, ends it and compares the topic with the acks. */
export async function measureLoad(
  { name, pid, topic, isAwaited }: Measured,
  seconds: number,
  broker: Broker,
  start: () => Promise<Load>,
): Promise<Figure> {
  const before = topic === undefined ? 0 : await broker.written(topic);
  const load = await start();
  await delay(rampSeconds * 1000);
  const figure = await between(pid, seconds, () => load.accepted);
  await load.end();
  if (topic === undefined) return figure;
  const written = async () => (await broker.written(topic)) - before;
  // Answers that didn't wait run ahead of Kafka; it may still lack some that it will have.
  if (!isAwaited) await waitFor(`${name}: all answered`, async () => (await written()) >= load.accepted);
  compareWithKafka(name, load.accepted, await written());
  return figure;
}
