// Kafka's own ProducerPerformance on the collector's core: how fast events can be produced at all.
import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { jarsOf } from "../../stack/engines/class-archive.ts";
import { jarsFolder } from "../../stack/jars.ts";
import { waitFor } from "../../stack/wait.ts";
import type { Broker } from "./broker.ts";
import { collectorCore } from "./config.ts";
import { between, compareWithKafka, type Figure, perSecond } from "./measure.ts";
import { topicOf } from "./servers.ts";

const topic = topicOf("performance");

/** Its compiler needs seconds until it is at full speed; these are not measured. */
const warmUpSeconds = 5;
/** What it may do at first, to size the warm-up round; later ones are sized by the last figure. */
const firstGuessPerSecond = 600_000;

export interface PerformanceRun {
  cache: string;
  payloadFile: string;
  seconds: number;
  /** Of the round before. */
  last: Figure | undefined;
}

function command({ cache, payloadFile, last, seconds }: PerformanceRun, broker: Broker): string[] {
  const rate = last ? 1.3 * perSecond(last) : firstGuessPerSecond;
  // More than it can send in its time: it ends by itself only after the measurement.
  const records = Math.ceil(rate * (warmUpSeconds + seconds + 2));
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
  const hasBegun = async () => child.exitCode !== null || (await broker.written(topic)) > before;
  await waitFor("ProducerPerformance sends", hasBegun);
  await delay(warmUpSeconds * 1000);
  const figure = await between(child.pid!, run.seconds, () => broker.written(topic));
  if (child.exitCode !== null) throw new Error("ProducerPerformance ended before it was measured");
  await ended;
  compareWithKafka("ProducerPerformance", recordsSent(output), (await broker.written(topic)) - before);
  return figure;
}
