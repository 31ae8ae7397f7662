// The jar that stands before the engines' own on Flink's class path: what it holds takes the place of theirs.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { strToU8, unzipSync, zipSync } from "fflate";
import type { Instance } from "../instance.ts";
import { jarsFolder } from "../jars.ts";

/** Hadoop's default settings: Parquet's writer would parse all of them for each file (docs/decisions/0033). */
const emptied = ["core-default.xml", "mapred-default.xml", "yarn-default.xml"];

/** Waits for records, 10 s at a time; commits only between two waits (docs/decisions/0034). */
const splitReader = "org/apache/flink/connector/kafka/source/reader/KafkaPartitionSplitReader.class";
const pollMs = 500;
const pollMsBefore = 10_000;

/** How a class file holds a long: its tag, then 8 bytes. */
function longConstant(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUInt8(5);
  bytes.writeBigInt64BE(BigInt(value), 1);
  return bytes;
}

/** The class with the shorter wait. Throws where the one constant isn't there, as in a later release of the connector. */
export function withShortPoll(classFile: Uint8Array): Uint8Array {
  const bytes = Buffer.from(classFile);
  const before = longConstant(pollMsBefore);
  const at = bytes.indexOf(before);
  if (at < 0 || bytes.indexOf(before, at + 1) >= 0)
    throw new Error(
      `${splitReader} of Flink's Kafka connector doesn't wait ${pollMsBefore / 1000} s for records as the release did that this is made for. ` +
        "If flink-kafka.version in stack/jars/pom.xml was changed, see docs/decisions/0034.",
    );
  longConstant(pollMs).copy(bytes, at);
  return new Uint8Array(bytes);
}

function shortPoll(connectors: string): Record<string, Uint8Array> {
  const jar = readdirSync(connectors).find((name) => name.startsWith("flink-sql-connector-kafka-"));
  const found = jar
    ? unzipSync(readFileSync(join(connectors, jar)), { filter: ({ name }) => name === splitReader })
    : {};
  const reader = found[splitReader];
  if (!reader)
    throw new Error(`${connectors} has no Kafka connector for Flink: remove the folder, then start again.`);
  return { [splitReader]: withShortPoll(reader) };
}

/** Folder of the jar in the cache, for one list of connectors and one kind of store. */
export const flinkFirstFolder = (cache: string, store: Instance["store"]) =>
  `${jarsFolder(cache, "flink-connectors")}-first-${store}`;

/** Writes the jar, once: a class archive holds for a jar's size and time. The connectors must be in the cache. */
export function writeFlinkFirst(cache: string, store: Instance["store"]): void {
  const folder = flinkFirstFolder(cache, store);
  const jar = join(folder, "first.jar");
  if (existsSync(jar)) return;
  mkdirSync(folder, { recursive: true });
  // HDFS's client asks for its defaults.
  const defaults = store === "hdfs" ? [] : emptied.map((name) => [name, strToU8("<configuration/>\n")]);
  const files = { ...shortPoll(jarsFolder(cache, "flink-connectors")), ...Object.fromEntries(defaults) };
  const written = `${jar}.${process.pid}`;
  writeFileSync(written, zipSync(files));
  renameSync(written, jar);
}
