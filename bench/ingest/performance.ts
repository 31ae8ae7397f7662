// Kafka's own ProducerPerformance on the collector's core: how fast events can be produced at all.
import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { jarsOf } from "../../stack/engines/class-archive.ts";
import { jarsFolder } from "../../stack/jars.ts";
import type { Broker } from "./broker.ts";
import { collectorCore } from "./config.ts";
import { compareWithKafka, type Figure, figureOf, type Mark, mark, perSecond } from "./measure.ts";
import { topicOf } from "./servers.ts";

const topic = topicOf("performance");

/** Its compiler needs some time until it is at full speed: so many records are not measured. */
const warmUpRecords = 1_000_000;
/** What it may do at first, to size the warm-up round; later ones are sized by the last figure. */
const firstGuessPerSecond = 150_000;
const lookEveryMs = 250;

export interface PerformanceRun {
  cache: string;
  payloadFile: string;
  seconds: number;
  /** Of the round before. */
  last: Figure | undefined;
}

function command({ cache, payloadFile, last, seconds }: PerformanceRun, broker: Broker): string[] {
  const records = warmUpRecords + Math.ceil((last ? perSecond(last) : firstGuessPerSecond) * seconds);
  const settings = ["acks=all", "enable.idempotence=true", "compression.type=lz4"];
  return [
    ...["-c", String(collectorCore), broker.java, "-Xmx512m", "-cp", jarsOf(jarsFolder(cache, "kafka"))],
    "org.apache.kafka.tools.ProducerPerformance",
    ...["--bootstrap-server", broker.address, "--topic", topic, "--payload-file", payloadFile],
    ...["--num-records", String(records), "--throughput", "-1", "--command-property", ...settings],
  ];
}

/** Records that it says it sent, of its last line: "1000 records sent, 12.3 records/sec …". */
export function recordsSent(output: string): number {
  const summary = output.trimEnd().split("\n").at(-1) ?? "";
  const count = /^(\d+) records sent, .*99\.9th/.exec(summary)?.[1];
  if (!count) throw new Error(`ProducerPerformance ended without a summary:\n${output.slice(-2000)}`);
  return Number(count);
}

/** One run; the figure is of its middle. Counts by the topic's end offsets, which are acks. */
export async function runPerformance(
  run: PerformanceRun,
  broker: Broker,
  abort: AbortSignal,
): Promise<Figure> {
  const before = await broker.written(topic);
  const child = spawn("taskset", command(run, broker), { stdio: ["ignore", "pipe", "pipe"], signal: abort });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
  ended.catch(() => {});
  const written = async () => (await broker.written(topic)) - before;
  let first: Mark | undefined;
  let last: Mark | undefined;
  while (child.exitCode === null) {
    const look = await mark(child.pid!, written);
    if (child.exitCode === null && look.events >= warmUpRecords) {
      first ??= look;
      last = look;
    }
    await delay(lookEveryMs);
  }
  await ended;
  compareWithKafka("ProducerPerformance", recordsSent(output), await written());
  if (!first || !last || first === last) throw new Error("ProducerPerformance ended before it was measured");
  return figureOf(first, last);
}
