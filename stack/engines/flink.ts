// Flink: JobManager, TaskManager and SQL Gateway, from Maven's jars.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import axios from "axios";
import { addressesOf, checkpointsFolder, savepointsFolder } from "../addresses.ts";
import { repository } from "../config.ts";
import type { EngineName, EngineProcess } from "../engine.ts";
import { writePrivate } from "../instance.ts";
import { jarsFolder } from "../jars.ts";
import type { NativeContext } from "../native.ts";
import { programOptions } from "./class-archive.ts";
import { flinkFirstFolder, writeFlinkFirst } from "./flink-first.ts";
import { hdfsClientSettings } from "./hdfs.ts";

/** What Flink needs on Java 17, from its own distribution's settings. */
const opens = [
  ...["java.rmi/sun.rmi.registry", "java.security.jgss/sun.security.krb5"].map(
    (m) => `--add-exports=${m}=ALL-UNNAMED`,
  ),
  ...["api", "file", "parser", "tree", "util"].map(
    (part) => `--add-exports=jdk.compiler/com.sun.tools.javac.${part}=ALL-UNNAMED`,
  ),
  ...[
    "lang",
    "net",
    "io",
    "nio",
    "lang.reflect",
    "text",
    "time",
    "util",
    "util.concurrent",
    "util.concurrent.atomic",
    "util.concurrent.locks",
  ].map((part) => `--add-opens=java.base/java.${part}=ALL-UNNAMED`),
  "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
];

/**
 * For processes that plan and coordinate: the quick compiler alone, since they see few rows. With it the JVM keeps
 * 48 MiB for compiled code, which the planner fills after some hundred statements: then it fails each one.
 */
const lightJvm = [
  "-Xmx512m",
  "-XX:MaxMetaspaceSize=320m",
  "-XX:TieredStopAtLevel=1",
  "-XX:ReservedCodeCacheSize=240m",
];

/** Memory of the TaskManager in MiB; its start script would compute this, and Maven has no script. */
const memoryMiB = {
  frameworkHeap: 128,
  taskHeap: 768,
  frameworkOffHeap: 128,
  taskOffHeap: 64,
  network: 192,
  managed: 320,
  metaspace: 256,
  overhead: 192,
};

const taskManagerMemory = [
  "taskmanager.cpu.cores=2",
  `taskmanager.memory.framework.heap.size=${memoryMiB.frameworkHeap}m`,
  `taskmanager.memory.task.heap.size=${memoryMiB.taskHeap}m`,
  `taskmanager.memory.framework.off-heap.size=${memoryMiB.frameworkOffHeap}m`,
  `taskmanager.memory.task.off-heap.size=${memoryMiB.taskOffHeap}m`,
  `taskmanager.memory.network.min=${memoryMiB.network}m`,
  `taskmanager.memory.network.max=${memoryMiB.network}m`,
  `taskmanager.memory.managed.size=${memoryMiB.managed}m`,
  `taskmanager.memory.jvm-metaspace.size=${memoryMiB.metaspace}m`,
  `taskmanager.memory.jvm-overhead.min=${memoryMiB.overhead}m`,
  `taskmanager.memory.jvm-overhead.max=${memoryMiB.overhead}m`,
];

export function flinkProcesses({ instance, config, versions, java17 }: NativeContext): EngineProcess[] {
  const { ports, secrets } = instance;
  const conf = join(instance.folder, "conf/flink");
  const addresses = addressesOf(instance);
  const folders = [
    flinkFirstFolder(config.cache, instance.store),
    ...(["flink", "flink-connectors"] as const).map((module) => jarsFolder(config.cache, module)),
  ];
  const settings: Record<string, string | number> = {
    "jobmanager.rpc.address": "127.0.0.1",
    "jobmanager.rpc.port": ports.flink_rpc,
    "jobmanager.bind-host": "127.0.0.1",
    "taskmanager.bind-host": "127.0.0.1",
    "taskmanager.host": "127.0.0.1",
    "rest.address": "127.0.0.1",
    "rest.bind-address": "127.0.0.1",
    "rest.port": ports.flink,
    "sql-gateway.endpoint.rest.address": "127.0.0.1",
    "sql-gateway.endpoint.rest.bind-address": "127.0.0.1",
    "sql-gateway.endpoint.rest.port": ports.gateway,
    "execution.checkpointing.dir": `file://${checkpointsFolder(instance)}`,
    "execution.checkpointing.savepoint-dir": `file://${savepointsFolder(instance)}`,
    "io.tmp.dirs": join(instance.folder, "data/flink-tmp"),
    "process.working-dir": join(instance.folder, "data/flink-work"),
    "jobmanager.memory.jvm-metaspace.size": "256m",
  };
  const env = {
    FLINK_CONF_DIR: conf,
    HADOOP_CONF_DIR: conf,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: secrets.s3AccessKey,
    AWS_SECRET_ACCESS_KEY: secrets.s3SecretKey,
    PGPASSFILE: join(conf, "pgpass"),
  };

  async function prepare() {
    for (const folder of [
      conf,
      checkpointsFolder(instance),
      savepointsFolder(instance),
      join(instance.folder, "data/flink-tmp"),
    ])
      mkdirSync(folder, { recursive: true });
    const common = readFileSync(join(repository, "stack/settings/flink.properties"), "utf8");
    const own = Object.entries(settings)
      .map(([name, value]) => `${name}: ${value}\n`)
      .join("");
    writeFileSync(join(conf, "config.yaml"), common + own);
    writeFileSync(join(conf, "log4j2.properties"), logging);
    writePrivate(
      join(conf, "pgpass"),
      `127.0.0.1:${ports.postgres}:catalog:catalog:${secrets.catalogPassword}\n`,
    );
    writeFileSync(
      join(conf, "core-site.xml"),
      instance.store === "hdfs" ? hdfsClientSettings(addresses.store) : "<configuration/>\n",
    );
  }

  const flinkProcess = (
    name: EngineName,
    address: string,
    jvm: string[],
    main: string[],
    probe: () => Promise<void>,
  ): EngineProcess => ({
    name,
    engine: name,
    version: `${versions.flink}`,
    address,
    needs: [],
    prepare,
    probe,
    async command() {
      writeFlinkFirst(config.cache, instance.store);
      const program = { cache: config.cache, program: name, java: java17 };
      const options = programOptions(program, folders, join(conf, "log4j2.properties"));
      const args = [...jvm, "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError", ...opens, ...options, ...main];
      return { file: java17, args, env };
    },
  });

  return [
    flinkProcess(
      "jobmanager",
      addresses.flink,
      lightJvm,
      ["org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", "--configDir", conf],
      async () => {
        await axios.get(`${addresses.flink}/overview`, { timeout: 2000 });
      },
    ),
    flinkProcess(
      "taskmanager",
      addresses.flink,
      [
        `-Xmx${memoryMiB.frameworkHeap + memoryMiB.taskHeap}m`,
        `-XX:MaxDirectMemorySize=${memoryMiB.frameworkOffHeap + memoryMiB.taskOffHeap + memoryMiB.network}m`,
        `-XX:MaxMetaspaceSize=${memoryMiB.metaspace}m`,
      ],
      [
        "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
        "--configDir",
        conf,
        ...taskManagerMemory.flatMap((s) => ["-D", s]),
      ],
      async () => {
        const { data } = await axios.get(`${addresses.flink}/overview`, { timeout: 2000 });
        if (data["slots-total"] < 1) throw new Error("no TaskManager has registered at the JobManager yet");
      },
    ),
    flinkProcess(
      "gateway",
      addresses.gateway,
      lightJvm,
      ["org.apache.flink.table.gateway.SqlGateway"],
      async () => {
        const { data } = await axios.post(`${addresses.gateway}/v1/sessions`, {}, { timeout: 20_000 });
        await axios.delete(`${addresses.gateway}/v1/sessions/${data.sessionHandle}`, { timeout: 5000 });
      },
    ),
  ];
}

/** Console logging: what Flink itself reports, warnings of what it uses. */
const logging = `rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %c{1} - %m%n
logger.kafka.name = org.apache.kafka
logger.kafka.level = WARN
logger.hadoop.name = org.apache.hadoop
logger.hadoop.level = WARN
logger.iceberg.name = org.apache.iceberg
logger.iceberg.level = WARN
logger.coordinator.name = org.apache.flink.runtime.checkpoint
logger.coordinator.level = WARN
logger.pekko.name = org.apache.pekko
logger.pekko.level = WARN
`;
