// `make bench-overload`: what the API does with three times what it can do. Finds the most it accepts with
// batches of 100, then sends thrice that at a constant rate, and the first again; prints goodput, how quickly
// the rest was refused, and memory. Exit codes: 0 measured, 1 fault, 130 stopped.
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { closedLoop, openLoop, type Target } from "../ingest/load.ts";
import { between, compareWithKafka, type Figure, figureOf, mark, perSecond } from "../ingest/measure.ts";
import { batches } from "../ingest/requests.ts";
import { startCollector, topicOf } from "../ingest/servers.ts";
import { onStage, runProgram, type Stage, settingsOf, writeResults } from "../stage.ts";

const settings = z.object({
  SECONDS: z.coerce.number().int().min(5).max(3600).default(300),
  CONNECTIONS: z.coerce.number().int().min(16).max(1000).default(512),
});

const eventsPerRequest = 100;
/** Enough to keep the collector's core full, few enough that none has to be refused. */
const fewConnections = 16;
const capacitySeconds = 15;
const times = 3;
const sampleEveryMs = 1000;

const residentMiB = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

interface Result {
  capacityPerSecond: { before: number; after: number };
  wantedPerSecond: number;
  /** Accepted or refused; below what was wanted where all connections waited for answers. */
  answeredPerSecond: number;
  goodputPerSecond: number;
  goodputShare: number;
  refused: number;
  refusedP99Ms: number;
  acceptedP99Ms: number;
  residentMiB: { before: number; firstQuarter: number; lastQuarter: number };
  /** How busy the collector and its core were, and the core of the load and the broker: where that is full, it is what is measured. */
  busy: Record<"before" | "overload" | "after", { collector: number; loadCore: number }>;
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

async function capacity(pid: number, target: Target): Promise<Figure> {
  const load = await closedLoop(target, fewConnections);
  await delay(2000);
  const figure = await between(pid, capacitySeconds, () => load.accepted);
  await load.end();
  return figure;
}

const busy = ({ collectorShare, loadCoreShare }: Figure) => ({
  collector: collectorShare,
  loadCore: loadCoreShare,
});

async function measure(
  { SECONDS, CONNECTIONS }: z.infer<typeof settings>,
  { broker, progress }: Stage,
): Promise<Result> {
  const { pid, port } = await startCollector(broker.instance, "awaited", broker.address);
  const requests = batches("/awaited", eventsPerRequest);
  const target: Target = { port, requests, eventsPerRequest, refusals: [429, 503] };
  progress("how much it accepts");
  await capacity(pid, target);
  const before = await capacity(pid, target);
  const written = await broker.written(topicOf("awaited"));
  const resident = residentMiB(pid);
  const samples: number[] = [];
  const sampler = setInterval(() => samples.push(residentMiB(pid)), sampleEveryMs);
  progress(`${times} times ${Math.round(perSecond(before))} events/s for ${SECONDS} s`);
  const wanted = times * perSecond(before);
  const timing = { perSecond: wanted / eventsPerRequest, rampSeconds: 0, seconds: SECONDS };
  const start = await mark(pid, () => 0);
  const loaded = await openLoop(target, CONNECTIONS, timing);
  const overload = figureOf(start, await mark(pid, () => loaded.accepted));
  clearInterval(sampler);
  compareWithKafka("overload", loaded.accepted, (await broker.written(topicOf("awaited"))) - written);
  progress("how much it accepts afterwards");
  const after = await capacity(pid, target);
  const goodput = perSecond(overload);
  const quarter = Math.ceil(samples.length / 4);
  return {
    capacityPerSecond: { before: perSecond(before), after: perSecond(after) },
    wantedPerSecond: wanted,
    answeredPerSecond: (loaded.accepted + loaded.refused) / overload.seconds,
    goodputPerSecond: goodput,
    goodputShare: goodput / mean([before, after].map(perSecond)),
    refused: loaded.refused,
    refusedP99Ms: loaded.refusedP99Ms,
    acceptedP99Ms: loaded.p99Ms,
    residentMiB: {
      before: resident,
      firstQuarter: mean(samples.slice(0, quarter)),
      lastQuarter: mean(samples.slice(-quarter)),
    },
    busy: { before: busy(before), overload: busy(overload), after: busy(after) },
  };
}

runProgram(async (abort) => {
  const given = settings.safeParse(settingsOf(process.env));
  if (!given.success) throw new Error(z.prettifyError(given.error));
  const play = {
    title: "Measuring overload",
    step: "overload",
    topics: [topicOf("awaited")],
    work: (stage: Stage) => measure(given.data, stage),
  };
  const result = await onStage(play, abort);
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  writeResults("overload", result);
});
