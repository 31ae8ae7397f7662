// Trino: answers SQL over the lake; one coordinator that also works.
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addressesOf, lakeAddressesOf } from "../addresses.ts";
import type { EngineProcess } from "../engine.ts";
import type { Instance } from "../instance.ts";
import { type JarModule, jarsFolder } from "../jars.ts";
import type { NativeContext } from "../native.ts";
import { probeTrino } from "../probes.ts";
import { hdfsClientSettings } from "./hdfs.ts";

/** The catalog `lake`, for native and compose alike; passwords come from the environment. */
export function trinoCatalog(instance: Instance, conf: string): string {
  const lake = lakeAddressesOf(instance);
  const store =
    instance.store === "minio"
      ? [
          "fs.s3.enabled=true",
          `s3.endpoint=${lake.s3Endpoint}`,
          "s3.region=us-east-1",
          "s3.path-style-access=true",
          "s3.aws-access-key=${ENV:S3_ACCESS_KEY}",
          "s3.aws-secret-key=${ENV:S3_SECRET_KEY}",
        ]
      : ["fs.hadoop.enabled=true", `hive.config.resources=${join(conf, "core-site.xml")}`];
  return [
    "connector.name=iceberg",
    "iceberg.catalog.type=jdbc",
    "iceberg.jdbc-catalog.catalog-name=lake",
    "iceberg.jdbc-catalog.driver-class=org.postgresql.Driver",
    `iceberg.jdbc-catalog.connection-url=${lake.catalogJdbc}`,
    "iceberg.jdbc-catalog.connection-user=catalog",
    "iceberg.jdbc-catalog.connection-password=${ENV:CATALOG_PASSWORD}",
    "iceberg.jdbc-catalog.schema-version=V1",
    // Connections that a Postgres took along when it ended: 57P01 to one that waited. Those of 08 are retried anyway.
    "iceberg.jdbc-catalog.retryable-status-codes=57000,57P01,57P03,57P04",
    `iceberg.jdbc-catalog.default-warehouse-dir=${lake.warehouse}`,
    ...store,
    "",
  ].join("\n");
}

export const trinoEnv = ({ secrets }: Instance) => ({
  CATALOG_PASSWORD: secrets.catalogPassword,
  S3_ACCESS_KEY: secrets.s3AccessKey,
  S3_SECRET_KEY: secrets.s3SecretKey,
});

/** Who asks through the console's SQL box: may read, whatever the statement says. All others may do all. */
const reader = "swordlake-console";

const accessRules = {
  catalogs: [
    { user: reader, catalog: "lake|system", allow: "read-only" },
    { user: reader, catalog: ".*", allow: "none" },
    { catalog: ".*", allow: "all" },
  ],
};

/** Writes Trino's etc folder. */
export function writeTrinoSettings(
  instance: Instance,
  conf: string,
  httpPort: number,
  seenConf = conf,
): void {
  mkdirSync(join(conf, "catalog"), { recursive: true });
  const write = (name: string, lines: string[]) => writeFileSync(join(conf, name), `${lines.join("\n")}\n`);
  write("config.properties", [
    "coordinator=true",
    "node-scheduler.include-coordinator=true",
    `http-server.http.port=${httpPort}`,
    `discovery.uri=http://127.0.0.1:${httpPort}`,
    // The rest of the heap is for what Trino doesn't count: with less of it a large query ended Trino itself.
    "memory.heap-headroom-per-node=600MB",
    "query.max-memory=512MB",
    "query.max-memory-per-node=512MB",
    "query.max-execution-time=10m",
    // A command that was killed leaves its statement behind; `forget`, `retain` and `maintain` wait for it to end.
    "query.client.timeout=1m",
    "catalog.management=static",
    `access-control.config-files=${join(seenConf, "access-control.properties")}`,
  ]);
  write("access-control.properties", [
    "access-control.name=file",
    `security.config-file=${join(seenConf, "access-rules.json")}`,
  ]);
  write("access-rules.json", [JSON.stringify(accessRules, null, 2)]);
  write("log.properties", ["io.trino=WARN", "io.airlift=WARN", "org.apache=WARN"]);
  writeFileSync(join(conf, "catalog/lake.properties"), trinoCatalog(instance, seenConf));
  if (instance.store === "hdfs")
    writeFileSync(
      join(conf, "core-site.xml"),
      hdfsClientSettings(lakeAddressesOf(instance).warehouse.replace(/\/lake$/, "")),
    );
}

/** Maven's jars lack the service file by which Trino finds a plugin: a folder of links and that file. */
function linkPlugin(context: NativeContext, plugins: string): void {
  const folder = join(plugins, "iceberg");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "services/META-INF/services"), { recursive: true });
  writeFileSync(
    join(folder, "services/META-INF/services/io.trino.spi.Plugin"),
    "io.trino.plugin.iceberg.IcebergPlugin\n",
  );
  const link = (module: JarModule, target: string) => {
    mkdirSync(target, { recursive: true });
    const source = jarsFolder(context.config.cache, module);
    for (const jar of readdirSync(source))
      if (jar.endsWith(".jar")) symlinkSync(join(source, jar), join(target, jar));
  };
  link("trino-iceberg", folder);
  if (context.instance.store === "hdfs") link("trino-hdfs", join(folder, "hdfs"));
}

export function trinoProcess(context: NativeContext): EngineProcess {
  const { instance, config, versions } = context;
  const conf = join(instance.folder, "conf/trino");
  const data = join(instance.folder, "data/trino");
  return {
    name: "trino",
    engine: "trino",
    version: `${versions.trino}`,
    address: addressesOf(instance).trino,
    needs: [],
    async prepare() {
      mkdirSync(data, { recursive: true });
      writeTrinoSettings(instance, conf, instance.ports.trino);
      linkPlugin(context, join(conf, "plugin"));
      const main = `class TrinoServer {\n  public static void main(String[] args) {\n    new io.trino.server.Server().start("${versions.trino}");\n  }\n}\n`;
      writeFileSync(join(conf, "TrinoServer.java"), main);
    },
    async command() {
      const settings = {
        config: join(conf, "config.properties"),
        "plugin.dir": join(conf, "plugin"),
        "node.data-dir": data,
        "catalog.config-dir": join(conf, "catalog"),
        "log.levels-file": join(conf, "log.properties"),
        "node.environment": "swordlake",
        "node.id": instance.name,
        "node.internal-address": "127.0.0.1",
        "node.bind-ip": "127.0.0.1",
      };
      return {
        file: await context.java25(),
        args: [
          "-Xmx1536m",
          "-XX:+UseG1GC",
          "-XX:+ExitOnOutOfMemoryError",
          "-XX:ReservedCodeCacheSize=256M",
          // Classes parsed once and kept by the first orderly end: the next start is quicker.
          "-XX:+AutoCreateSharedArchive",
          `-XX:SharedArchiveFile=${join(config.cache, `trino-${versions.trino}.jsa`)}`,
          "--add-modules=jdk.incubator.vector",
          "-Djdk.attach.allowAttachSelf=true",
          "--sun-misc-unsafe-memory-access=allow",
          "--enable-native-access=ALL-UNNAMED",
          ...Object.entries(settings).map(([name, value]) => `-D${name}=${value}`),
          "-cp",
          join(jarsFolder(config.cache, "trino-main"), "*"),
          join(conf, "TrinoServer.java"),
        ],
        env: trinoEnv(instance),
      };
    },
    probe: () => probeTrino(addressesOf(instance).trino),
  };
}
