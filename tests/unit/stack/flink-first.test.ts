import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { beforeEach, describe, expect, it } from "vitest";
import { flinkFirstFolder, withShortPoll, writeFlinkFirst } from "../../../stack/engines/flink-first.ts";
import { jarsFolder } from "../../../stack/jars.ts";

const splitReader = "org/apache/flink/connector/kafka/source/reader/KafkaPartitionSplitReader.class";
const tenSeconds = [5, 0, 0, 0, 0, 0, 0, 0x27, 0x10];
const halfSecond = [5, 0, 0, 0, 0, 0, 0, 0x01, 0xf4];
const classFile = new Uint8Array([0xca, 0xfe, ...tenSeconds, 1, 2]);

describe("the wait for records", () => {
  it("is shortened, and nothing else is changed", () => {
    expect([...withShortPoll(classFile)]).toEqual([0xca, 0xfe, ...halfSecond, 1, 2]);
    expect([...classFile]).toEqual([0xca, 0xfe, ...tenSeconds, 1, 2]);
  });

  it.each([
    ["no such wait", [0xca, 0xfe, 5, 0, 0, 0, 0, 0, 0, 0, 1]],
    ["two of them", [...tenSeconds, ...tenSeconds]],
  ])("is not guessed in a class that has %s", (_, bytes) => {
    expect(() => withShortPoll(new Uint8Array(bytes))).toThrow(/doesn't wait 10 s .* docs\/decisions\/0034/s);
  });
});

describe("the jar before the engines' own", () => {
  let cache: string;
  const connectors = () => jarsFolder(cache, "flink-connectors");
  const jarOf = (store: "minio" | "hdfs") => join(flinkFirstFolder(cache, store), "first.jar");
  const filesOf = (store: "minio" | "hdfs") => unzipSync(readFileSync(jarOf(store)));
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), "swordlake-first-"));
    mkdirSync(connectors(), { recursive: true });
    const connector = zipSync({ [splitReader]: classFile, "another.class": strToU8("no") });
    writeFileSync(join(connectors(), "flink-sql-connector-kafka-1.jar"), connector);
  });

  it("has the connector's class and Hadoop's defaults without a value", () => {
    writeFlinkFirst(cache, "minio");
    const { [splitReader]: reader, ...defaults } = filesOf("minio");
    expect([...reader!]).toEqual([...withShortPoll(classFile)]);
    expect(Object.keys(defaults)).toEqual(["core-default.xml", "mapred-default.xml", "yarn-default.xml"]);
    for (const text of Object.values(defaults)) expect(strFromU8(text)).toBe("<configuration/>\n");
  });

  it("leaves HDFS its defaults", () => {
    writeFlinkFirst(cache, "hdfs");
    expect(Object.keys(filesOf("hdfs"))).toEqual([splitReader]);
  });

  it("stays as it was written", () => {
    writeFlinkFirst(cache, "minio");
    const { mtimeMs, ino } = statSync(jarOf("minio"));
    writeFlinkFirst(cache, "minio");
    expect(statSync(jarOf("minio"))).toMatchObject({ mtimeMs, ino });
  });

  it("is not made without a connector", () => {
    writeFileSync(join(connectors(), "flink-sql-connector-kafka-1.jar"), zipSync({}));
    expect(() => writeFlinkFirst(cache, "minio")).toThrow(
      /has no Kafka connector for Flink: remove the folder/,
    );
  });
});
