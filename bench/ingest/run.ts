// The rounds: every contender in turn, so that what the machine does besides falls on all of them.
import type { Broker } from "./broker.ts";
import type { BenchConfig } from "./config.ts";
import { closedLoop, openLoop, type Target } from "./load.ts";
import { compareWithKafka, type Figure, measureLoad, perSecond, rampSeconds } from "./measure.ts";
import { runPerformance } from "./performance.ts";
import type { Round } from "./ratios.ts";
import { batches, singles } from "./requests.ts";
import { type Server, type ServerName, topicOf } from "./servers.ts";

export interface Bench {
  config: BenchConfig;
  broker: Broker;
  servers: Record<ServerName, Server>;
  cache: string;
  payloadFile: string;
  progress: (line: string) => void;
  abort: AbortSignal;
}

const topicWritten = (name: ServerName) => (name === "bare" ? undefined : topicOf(name));

function targetOf(name: ServerName, port: number, batch: number): Target {
  const path = name === "flask" ? "/purchase_sword" : `/${name}/purchase_sword`;
  const requests = batch === 1 ? singles(path) : batches(`/${name}`, batch);
  return { port, requests, eventsPerRequest: batch };
}

/** Loads one server as hard as it goes. */
function throughput(bench: Bench, name: ServerName, batch = 1): Promise<Figure> {
  const { config, broker, servers } = bench;
  bench.abort.throwIfAborted();
  bench.progress(`${name}${batch > 1 ? `, batches of ${batch}` : ""}: as fast as it goes`);
  const { pid, port } = servers[name];
  const target = targetOf(name, port, batch);
  const start = () => closedLoop(target, config.connections);
  const measured = { name, pid, topic: topicWritten(name), isAwaited: name !== "not-awaited" };
  return measureLoad(measured, config.seconds, broker, start);
}

/** p99 in ms of one server at a given rate. */
async function latency(bench: Bench, name: ServerName, rate: number): Promise<number> {
  const { config, broker, servers } = bench;
  bench.abort.throwIfAborted();
  bench.progress(`${name}: at ${Math.round(rate)} events/s`);
  const topic = topicWritten(name);
  const before = topic ? await broker.written(topic) : 0;
  const target = targetOf(name, servers[name].port, 1);
  const timing = { perSecond: rate, rampSeconds, seconds: config.seconds };
  const { p99Ms, accepted } = await openLoop(target, config.connections, timing);
  if (topic) compareWithKafka(name, accepted, (await broker.written(topic)) - before);
  return p99Ms;
}

/** Measures every contender once. `last` is the round before, undefined in the warm-up round. */
async function runRound(bench: Bench, last: Round | undefined): Promise<Round> {
  const flask = await throughput(bench, "flask");
  const awaited = await throughput(bench, "awaited");
  const bare = await throughput(bench, "bare");
  const notAwaited = await throughput(bench, "not-awaited");
  const batches100 = await throughput(bench, "awaited", 100);
  bench.abort.throwIfAborted();
  bench.progress("ProducerPerformance");
  const run = {
    cache: bench.cache,
    payloadFile: bench.payloadFile,
    seconds: bench.config.seconds,
    last: last?.figures.performance,
  };
  const performance = await runPerformance(run, bench.broker, bench.abort);
  const batches500 = await throughput(bench, "awaited", 500);
  const half = Math.min(perSecond(awaited), perSecond(bare)) / 2;
  const p99Ms = {
    awaited: await latency(bench, "awaited", half),
    bare: await latency(bench, "bare", half),
  };
  return {
    figures: { awaited, notAwaited, bare, flask, batches100, batches500, performance },
    p99Ms,
  };
}

/** All rounds but the first, which warms the compilers up and is discarded. */
export async function runRounds(bench: Bench): Promise<Round[]> {
  const rounds: Round[] = [];
  for (let number = 0; number <= bench.config.rounds; number += 1) {
    const title = number === 0 ? "warm-up" : `round ${number} of ${bench.config.rounds}`;
    const progress = (line: string) => bench.progress(`${title}: ${line}`);
    rounds.push(await runRound({ ...bench, progress }, rounds.at(-1)));
  }
  return rounds.slice(1);
}
