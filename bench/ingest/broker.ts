// Kafka alone, for the bench only: one process on the load's core, its topics, their end offsets.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import KafkaJavascript from "@confluentinc/kafka-javascript";
import { addressesOf } from "../../stack/addresses.ts";
import type { StackConfig } from "../../stack/config.ts";
import type { EngineProcess } from "../../stack/engine.ts";
import { kafkaProcess } from "../../stack/engines/kafka.ts";
import { type Instance, openInstance } from "../../stack/instance.ts";
import { fetchJars, missingJars } from "../../stack/jars.ts";
import { findJava } from "../../stack/jdk.ts";
import { startEngine } from "../../stack/native.ts";
import { readVersions } from "../../stack/versions.ts";
import { loadCore } from "./config.ts";
import { onCore } from "./pinned.ts";

const { Kafka, logLevel } = KafkaJavascript.KafkaJS;

export interface Broker {
  instance: Instance;
  address: string;
  java: string;
  /** Records ever written to a topic: the sum of its end offsets. */
  written(topic: string): Promise<number>;
  disconnect(): Promise<void>;
}

const partitions = 6;
const MiB = 1024 * 1024;

/** Old records go: a bench writes more than a disk should keep. Offsets go on. */
const topicSettings = [
  { name: "retention.bytes", value: String(64 * MiB) },
  { name: "segment.bytes", value: String(32 * MiB) },
];

/** Starts the broker with empty topics. The caller ends it with the instance's other processes. */
export async function startBroker(
  config: StackConfig,
  topics: string[],
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<Broker> {
  const java17 = await findJava(17);
  await fetchJars(config.cache, missingJars(config.cache, ["kafka"]), java17, progress);
  const instance = await openInstance({ ...config, instance: "bench" }, "native", new Set());
  const context = { instance, config, versions: readVersions(), java17, java25: () => findJava(25) };
  const kafka = kafkaProcess(context);
  const pinned: EngineProcess = {
    ...kafka,
    command: async () => onCore(loadCore, await kafka.command()),
  };
  mkdirSync(join(instance.folder, "run"), { recursive: true });
  progress("Kafka starts");
  await startEngine(instance, pinned, signal);
  const address = addressesOf(instance).kafka;
  const admin = new Kafka({
    "bootstrap.servers": address,
    kafkaJS: { brokers: [address], logLevel: logLevel.NOTHING },
  }).admin();
  await admin.connect();
  await admin.createTopics({
    topics: topics.map((topic) => ({ topic, numPartitions: partitions, configEntries: topicSettings })),
  });
  return {
    instance,
    address,
    java: java17,
    async written(topic) {
      const offsets = await admin.fetchTopicOffsets(topic);
      return offsets.reduce((sum, { high }) => sum + Number(high), 0);
    },
    disconnect: () => admin.disconnect(),
  };
}
