// What Docker Compose gets from an instance: an env file for docker-compose.yml, and settings to mount.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { checkpointsFolder, lakeAddressesOf, savepointsFolder } from "./addresses.ts";
import { repository, type StackConfig } from "./config.ts";
import { flinkFirstFolder, writeFlinkFirst } from "./engines/flink-first.ts";
import { hdfsClientSettings } from "./engines/hdfs.ts";
import { writeTrinoSettings } from "./engines/trino.ts";
import { type Instance, writePrivate } from "./instance.ts";
import { jarsFolder } from "./jars.ts";

export const projectName = ({ name }: Pick<Instance, "name">) => `swordlake-${name}`;
export const envFile = ({ folder }: Pick<Instance, "folder">) => join(folder, "conf/compose.env");

/** Flink's settings of every mode, without comments: the image would take one for a setting. */
export function flinkSettings(): string {
  const lines = readFileSync(join(repository, "stack/settings/flink.properties"), "utf8").split("\n");
  return lines.filter((line) => line.trim() !== "" && !line.startsWith("#")).join("\n");
}

/** Every value that docker-compose.yml asks for. */
export function composeValues(config: StackConfig, instance: Instance): Record<string, string> {
  const { ports, secrets } = instance;
  return {
    COMPOSE_PROJECT_NAME: projectName(instance),
    COMPOSE_PROFILES: instance.store,
    SWORDLAKE_CONF: join(instance.folder, "conf"),
    SWORDLAKE_JARS: jarsFolder(config.cache, "flink-connectors"),
    SWORDLAKE_JARS_FIRST: flinkFirstFolder(config.cache, instance.store),
    SWORDLAKE_CHECKPOINTS: checkpointsFolder(instance),
    SWORDLAKE_SAVEPOINTS: savepointsFolder(instance),
    SWORDLAKE_FLINK_SETTINGS: flinkSettings(),
    SWORDLAKE_POSTGRES_PORT: String(ports.postgres),
    SWORDLAKE_KAFKA_PORT: String(ports.kafka),
    SWORDLAKE_MINIO_PORT: String(ports.minio),
    SWORDLAKE_NAMENODE_PORT: String(ports.namenode),
    SWORDLAKE_NAMENODE_HTTP_PORT: String(ports.namenode_http),
    SWORDLAKE_FLINK_PORT: String(ports.flink),
    SWORDLAKE_GATEWAY_PORT: String(ports.gateway),
    SWORDLAKE_TRINO_PORT: String(ports.trino),
    SWORDLAKE_S3_ACCESS_KEY: secrets.s3AccessKey,
    SWORDLAKE_S3_SECRET_KEY: secrets.s3SecretKey,
    SWORDLAKE_CATALOG_PASSWORD: secrets.catalogPassword,
    SWORDLAKE_CATALOG_PGPASS: `postgres:5432:catalog:catalog:${secrets.catalogPassword}`,
    SWORDLAKE_POSTGRES_PASSWORD: secrets.postgresPassword,
  };
}

/** The text of an env file as Compose reads it: quoted, since a path may hold any character. */
export function envText(values: Record<string, string>): string {
  const quote = (value: string) => `"${value.replace(/[\\"$]/g, "\\$&").replaceAll("\n", "\\n")}"`;
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quote(value)}\n`)
    .join("");
}

/** Lets the containers' users read what is mounted, whatever our umask is; no secret is among it. */
function makeReadable(path: string): void {
  const file = statSync(path);
  const wanted = file.isDirectory() ? 0o755 : 0o644;
  if ((file.mode & wanted) !== wanted) chmodSync(path, wanted);
  if (file.isDirectory()) for (const name of readdirSync(path)) makeReadable(join(path, name));
}

/** Writes the env file, the mounted settings and the shared folders; doing it twice is harmless. */
export function writeComposeSettings(config: StackConfig, instance: Instance): void {
  const conf = join(instance.folder, "conf");
  const mounted = ["hadoop", "trino"];
  for (const part of mounted) mkdirSync(join(conf, part), { recursive: true });
  writePrivate(envFile(instance), envText(composeValues(config, instance)));
  writeTrinoSettings(instance, join(conf, "trino"), 8080, "/etc/trino");
  cpSync(join(repository, "stack/settings/compose/trino"), join(conf, "trino"), { recursive: true });
  const nameNode = lakeAddressesOf(instance).warehouse.replace(/\/lake$/, "");
  writeFileSync(
    join(conf, "hadoop/core-site.xml"),
    instance.store === "hdfs" ? hdfsClientSettings(nameNode) : "<configuration/>\n",
  );
  for (const part of mounted) makeReadable(join(conf, part));
  const jars = jarsFolder(config.cache, "flink-connectors");
  if (existsSync(jars)) {
    writeFlinkFirst(config.cache, instance.store);
    for (const folder of [jars, flinkFirstFolder(config.cache, instance.store)]) makeReadable(folder);
  }
  chmodSync(instance.folder, 0o700);
  for (const folder of [checkpointsFolder(instance), savepointsFolder(instance)]) {
    mkdirSync(folder, { recursive: true });
    // Flink's user in the image is 9999, whoever we are here. The instance's own folder keeps others out.
    chmodSync(folder, 0o777);
  }
}
