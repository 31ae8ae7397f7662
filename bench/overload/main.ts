// `make bench-overload`: what the API does with three times what it can do. Finds the most it accepts with
// batches of 100, then sends thrice that at a constant rate, and the first again; prints goodput, how quickly
// the rest was refused, and memory. Exit codes: 0 measured, 1 fault.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { readStackConfig, repository } from "../../stack/config.ts";
import { stopNative } from "../../stack/native.ts";
import { showProgress } from "../../stack/show.ts";
import { type Broker, startBroker } from "../ingest/broker.ts";
import { closedLoop, openLoop, type Target } from "../ingest/load.ts";
import { compareWithKafka } from "../ingest/measure.ts";
import { batches } from "../ingest/requests.ts";
import { type Server, startCollector, topicOf } from "../ingest/servers.ts";

const settings = z.object({
  SECONDS: z.coerce.number().int().min(5).max(3600).default(300),
  CONNECTIONS: z.coerce.number().int().min(16).max(1000).default(256),
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
  offeredPerSecond: number;
  goodputPerSecond: number;
  goodputShare: number;
  refused: number;
  refusedP99Ms: number;
  acceptedP99Ms: number;
  residentMiB: { before: number; firstQuarter: number; lastQuarter: number };
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

async function capacity(target: Target): Promise<number> {
  const load = await closedLoop(target, fewConnections);
  await delay(2000);
  const [from, before] = [performance.now(), load.accepted];
  await delay(capacitySeconds * 1000);
  const perSecond = ((load.accepted - before) * 1000) / (performance.now() - from);
  await load.end();
  return perSecond;
}

async function measure(
  broker: Broker,
  { pid, port }: Server,
  { SECONDS, CONNECTIONS }: z.infer<typeof settings>,
  tell: (line: string) => void,
): Promise<Result> {
  const requests = batches("/awaited", eventsPerRequest);
  const target: Target = { port, requests, eventsPerRequest, refusals: [429, 503] };
  tell("how much it accepts");
  await capacity(target);
  const before = await capacity(target);
  const written = await broker.written(topicOf("awaited"));
  const resident = residentMiB(pid);
  const samples: number[] = [];
  const sampler = setInterval(() => samples.push(residentMiB(pid)), sampleEveryMs);
  tell(`${times} times ${Math.round(before)} events/s for ${SECONDS} s`);
  const offered = times * before;
  const timing = { perSecond: offered / eventsPerRequest, rampSeconds: 0, seconds: SECONDS };
  const from = performance.now();
  const loaded = await openLoop(target, CONNECTIONS, timing);
  const seconds = (performance.now() - from) / 1000;
  clearInterval(sampler);
  compareWithKafka("overload", loaded.accepted, (await broker.written(topicOf("awaited"))) - written);
  tell("how much it accepts afterwards");
  const after = await capacity(target);
  const goodput = loaded.accepted / seconds;
  const quarter = Math.ceil(samples.length / 4);
  return {
    capacityPerSecond: { before, after },
    offeredPerSecond: (loaded.accepted + loaded.refused) / seconds,
    goodputPerSecond: goodput,
    goodputShare: goodput / mean([before, after]),
    refused: loaded.refused,
    refusedP99Ms: loaded.refusedP99Ms,
    acceptedP99Ms: loaded.p99Ms,
    residentMiB: {
      before: resident,
      firstQuarter: mean(samples.slice(0, quarter)),
      lastQuarter: mean(samples.slice(-quarter)),
    },
  };
}

async function main(): Promise<void> {
  const given = settings.safeParse(
    Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== "")),
  );
  if (!given.success) throw new Error(z.prettifyError(given.error));
  const stack = readStackConfig();
  const folder = join(stack.home, "bench");
  await stopNative({ folder }, () => {});
  try {
    const result = await showProgress("Measuring overload", async (tell) => {
      const progress = (line: string) => tell("overload", line);
      const broker = await startBroker(stack, [topicOf("awaited")], progress, new AbortController().signal);
      const server = await startCollector(broker.instance, "awaited", broker.address);
      return measure(broker, server, given.data, progress).finally(() => broker.disconnect());
    });
    const file = join(repository, "bench/results/overload.json");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
    process.stdout.write(`${JSON.stringify(result, null, 2)}\nWritten to ${file}\n`);
  } finally {
    await stopNative({ folder }, () => {});
  }
}

main().catch((error: Error) => {
  process.stderr.write(`bench: ${error.message}\n`);
  process.exit(1);
});
