// Kafka as one KRaft process: broker and controller.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { addressesOf } from "../addresses.ts";
import type { EngineProcess } from "../engine.ts";
import { jarsFolder } from "../jars.ts";
import type { NativeContext } from "../native.ts";
import { probeKafka } from "../probes.ts";
import { jarsOf, programOptions } from "./class-archive.ts";

export function kafkaProcess({ instance, config, versions, java17 }: NativeContext): EngineProcess {
  const { ports } = instance;
  const conf = join(instance.folder, "conf/kafka");
  const data = join(instance.folder, "data/kafka");
  const jars = jarsFolder(config.cache, "kafka");
  const java = async (mainClass: string, ...args: string[]) =>
    execa(java17, ["-XX:TieredStopAtLevel=1", "-cp", jarsOf(jars), mainClass, ...args], { all: true });
  const properties = [
    "process.roles=broker,controller",
    "node.id=1",
    `controller.quorum.voters=1@127.0.0.1:${ports.kafka_controller}`,
    `listeners=PLAINTEXT://127.0.0.1:${ports.kafka},CONTROLLER://127.0.0.1:${ports.kafka_controller}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${ports.kafka}`,
    "controller.listener.names=CONTROLLER",
    "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    `log.dirs=${data}`,
    "auto.create.topics.enable=false",
    "offsets.topic.replication.factor=1",
    "offsets.topic.num.partitions=4",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    "group.initial.rebalance.delay.ms=0",
  ];
  return {
    name: "kafka",
    engine: "kafka",
    version: `${versions.kafka}`,
    address: addressesOf(instance).kafka,
    needs: [],
    async prepare() {
      mkdirSync(conf, { recursive: true });
      writeFileSync(join(conf, "server.properties"), `${properties.join("\n")}\n`);
      writeFileSync(join(conf, "log4j2.properties"), logging);
      if (existsSync(join(data, "meta.properties"))) return;
      // A cluster id is a random UUID in base64url: the tool that would make one is a whole JVM.
      const clusterId = randomBytes(16).toString("base64url");
      const settings = join(conf, "server.properties");
      // Joined by '=': an id that begins with '-' would be read as an option.
      await java("kafka.tools.StorageTool", "format", `--cluster-id=${clusterId}`, "-c", settings);
    },
    async command() {
      const jvm = ["-Xmx512m", "-Xms256m", "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError"];
      return {
        file: java17,
        args: [
          ...jvm,
          ...programOptions(
            { cache: config.cache, program: "kafka", java: java17 },
            [jars],
            join(conf, "log4j2.properties"),
          ),
          "kafka.Kafka",
          join(conf, "server.properties"),
        ],
      };
    },
    probe: () => probeKafka(addressesOf(instance).kafka),
  };
}

/** Console logging for log4j 2: warnings of libraries, information of the engine itself. */
export const logging = `rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %c{1} - %m%n
logger.kafka.name = kafka.server.KafkaRaftServer
logger.kafka.level = INFO
`;
