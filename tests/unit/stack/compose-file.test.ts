import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { engineOfService } from "../../../stack/compose-containers.ts";
import { composeValues, flinkSettings } from "../../../stack/compose-settings.ts";
import { readStackConfig, repository } from "../../../stack/config.ts";
import { flinkProcesses } from "../../../stack/engines/flink.ts";
import { flinkFirstFolder } from "../../../stack/engines/flink-first.ts";
import { hdfsProcesses } from "../../../stack/engines/hdfs.ts";
import { kafkaProcess } from "../../../stack/engines/kafka.ts";
import { trinoProcess } from "../../../stack/engines/trino.ts";
import { type Instance, openInstance } from "../../../stack/instance.ts";
import { jarModules, jarsFolder } from "../../../stack/jars.ts";
import { readVersions } from "../../../stack/versions.ts";

interface Service {
  image: string;
  command?: string | string[];
  entrypoint?: string[];
  restart: string;
  profiles?: string[];
  ports?: string[];
  environment: Record<string, string | number>;
  volumes?: (string | { source: string; target: string; read_only?: boolean })[];
  healthcheck?: { test: string[] };
}

const text = readFileSync(join(repository, "docker-compose.yml"), "utf8");
const file = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  secrets: Record<string, { environment: string }>;
};
const services = Object.entries(file.services);
const service = (name: string) => file.services[name] as Service;
const versions = readVersions();

/** Lines "name: value" or "name=value" as an object. */
const properties = (lines: string, separator: RegExp) =>
  Object.fromEntries(
    lines
      .split("\n")
      .filter((line) => separator.test(line))
      .map((line) => [
        line.slice(0, line.search(separator)).trim(),
        line.slice(line.search(separator) + 1).trim(),
      ]),
  );

describe("docker-compose.yml", () => {
  it("runs the versions of native mode", () => {
    const tags: Record<string, string> = {
      kafka: `apache/kafka:${versions.kafka}`,
      jobmanager: `flink:${versions.flink}-java17`,
      taskmanager: `flink:${versions.flink}-java17`,
      gateway: `flink:${versions.flink}-java17`,
      trino: `trinodb/trino:${versions.trino}`,
      postgres: `postgres:${versions.postgres?.split(".")[0]}`,
      namenode: `apache/hadoop:${versions.hadoop}`,
      datanode: `apache/hadoop:${versions.hadoop}`,
    };
    for (const [name, { image }] of services.filter(([name]) => name !== "minio"))
      expect(image, name).toBe(tags[name]);
  });

  it("pins MinIO to one release: its newest image is older than its newest Go module", () => {
    const image = /^minio\/minio:RELEASE\.(\d{4})-(\d{2})-(\d{2})T[\d-]+Z$/.exec(service("minio").image);
    const goModule = /^v0\.0\.0-(\d{8})\d{6}-[0-9a-f]{12}$/.exec(`${versions.minio}`);
    expect(image?.slice(1).join("")).toMatch(/^\d{8}$/);
    expect(goModule?.[1]).toMatch(/^\d{8}$/);
    expect(Number(image?.slice(1).join(""))).toBeLessThanOrEqual(Number(goModule?.[1]));
  });

  it("has a service for each engine, with a health check, and starts it again when it dies", () => {
    expect(services.map(([name]) => name).sort()).toEqual(Object.keys(engineOfService).sort());
    for (const [name, { healthcheck, restart }] of services) {
      expect(healthcheck?.test.length, name).toBeGreaterThan(1);
      expect(restart, name).toBe("unless-stopped");
    }
  });

  it("starts one store by its profile", () => {
    const profiles = services.flatMap(([name, { profiles }]) => (profiles ? [[name, ...profiles]] : []));
    expect(profiles).toEqual([
      ["minio", "minio"],
      ["namenode", "hdfs"],
      ["datanode", "hdfs"],
    ]);
  });

  it("publishes ports on loopback only, each with the instance's number", () => {
    const ports = services.flatMap(([, { ports }]) => ports ?? []);
    expect(ports.length).toBe(8);
    for (const port of ports)
      expect(port).toMatch(/^127\.0\.0\.1:\$\{SWORDLAKE_[A-Z_]+_PORT(:\?run 'make up')?\}:\d+$/);
  });

  it("holds no password, and none reaches an argument or a health check", () => {
    const secretName = /PASSWORD|SECRET|ACCESS_KEY/;
    for (const [name, { environment, command, entrypoint, healthcheck }] of services) {
      for (const [variable, value] of Object.entries(environment ?? {}).filter(([v]) => secretName.test(v)))
        expect(value, `${name}: ${variable}`).toMatch(
          /^(\$\{SWORDLAKE_[A-Z0-9_]+(:\?[^}]*)?\}|\/run\/secrets\/\w+)$/,
        );
      const seen = JSON.stringify([command ?? "", entrypoint ?? "", healthcheck]);
      expect(seen, name).not.toMatch(secretName);
    }
    for (const { environment } of Object.values(file.secrets)) expect(environment).toMatch(/^SWORDLAKE_/);
  });

  it("mounts settings and jars read-only; only checkpoints and savepoints are shared to write", () => {
    const mounts = services.flatMap(([, { volumes }]) => volumes ?? []);
    for (const mount of mounts) {
      if (typeof mount === "string") continue;
      const shared = ["${SWORDLAKE_CHECKPOINTS}", "${SWORDLAKE_SAVEPOINTS}"].includes(mount.target);
      expect(mount.read_only ?? false, mount.target).toBe(!shared);
      if (shared) expect(mount.source.replace(/:\?[^}]*/, "")).toBe(mount.target);
    }
  });
});

describe("compose and native", () => {
  const folder = mkdtempSync(join(tmpdir(), "swordlake-compose-"));
  let instance: Instance;
  const config = readStackConfig({
    SWORDLAKE_HOME: folder,
    SWORDLAKE_CACHE: join(folder, "cache"),
    STORE: "hdfs",
  });
  const context = () => ({ instance, config, versions, java17: "java", java25: async () => "java" });
  const read = (path: string) => readFileSync(join(instance.folder, "conf", path), "utf8");

  beforeAll(async () => {
    instance = await openInstance(config, "compose", new Set());
    // What is there already isn't made, which would need the engines: formatted disks, and a jar from the connectors.
    for (const made of [
      join(instance.folder, "data/kafka/meta.properties"),
      join(instance.folder, "data/hdfs/name/current/VERSION"),
      join(flinkFirstFolder(config.cache, "hdfs"), "first.jar"),
    ]) {
      mkdirSync(dirname(made), { recursive: true });
      writeFileSync(made, "");
    }
    for (const module of jarModules) mkdirSync(jarsFolder(config.cache, module), { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("asks for every value that it needs, and has one for each", () => {
    const names = new Set([...text.matchAll(/\$\{(SWORDLAKE_[A-Z0-9_]+)/g)].map((m) => m[1] as string));
    const guarded = [...text.matchAll(/\$\{(SWORDLAKE_[A-Z0-9_]+):\?run 'make up'\}/g)].map((m) => m[1]);
    const fromSecrets = Object.values(file.secrets).map(({ environment }) => environment);
    const given = Object.keys(composeValues(config, instance)).filter((name) =>
      name.startsWith("SWORDLAKE_"),
    );
    expect(given.sort()).toEqual([...names, ...fromSecrets].sort());
    expect([...names].filter((name) => !guarded.includes(name))).toEqual([]);
  });

  it("give Flink the same settings and the same memory", async () => {
    const flink = flinkProcesses(context());
    await flink[0]!.prepare();
    const native = properties(read("flink/config.yaml"), /:/);
    const shared = properties(flinkSettings(), /:/);
    expect(native).toMatchObject(shared);
    const compose = properties(service("taskmanager").environment.FLINK_PROPERTIES as string, /:/);
    const own = Object.keys(compose).filter((name) => name in shared);
    expect(own, "set again beside the shared file").toEqual([]);
    const args = (await flink.find(({ name }) => name === "taskmanager")!.command()).args;
    const memory = args.filter((_, index) => args[index - 1] === "-D").map((setting) => setting.split("="));
    expect(compose).toMatchObject(Object.fromEntries(memory));
    const heap = (await flink.find(({ name }) => name === "jobmanager")!.command()).args[0];
    expect(`-Xmx${compose["jobmanager.memory.heap.size"]}`).toBe(heap);
    expect(compose["jobmanager.memory.jvm-metaspace.size"]).toBe(
      native["jobmanager.memory.jvm-metaspace.size"],
    );
    expect(service("gateway").environment.JVM_ARGS).toContain("-Xmx512m -XX:MaxMetaspaceSize=320m");
  });

  it("keep comments and blanks out of what the Flink image reads line by line", () => {
    const lines = [flinkSettings(), service("jobmanager").environment.FLINK_PROPERTIES]
      .join("\n")
      .split("\n");
    for (const line of lines.filter((l) => l !== "" && !l.startsWith("${SWORDLAKE_FLINK_SETTINGS")))
      expect(line).toMatch(/^[a-z][A-Za-z0-9.-]*: \S+$/);
  });

  it("give Kafka the same settings, but for its addresses", async () => {
    await kafkaProcess(context()).prepare();
    const native = properties(read("kafka/server.properties"), /=/);
    const compose = Object.fromEntries(
      Object.entries(service("kafka").environment).map(([name, value]) => [
        name
          .replace(/^KAFKA_/, "")
          .toLowerCase()
          .replaceAll("_", "."),
        String(value),
      ]),
    );
    const addresses = /listener|quorum\.voters|log\.dirs/;
    for (const [name, value] of Object.entries(native).filter(([name]) => !addresses.test(name)))
      expect(compose[name], name).toBe(value);
    expect(
      Object.keys(compose)
        .filter((name) => !(name in native))
        .sort(),
    ).toEqual(["heap.opts", "inter.broker.listener.name", "opts"]);
    const { args } = await kafkaProcess(context()).command();
    for (const option of String(compose["heap.opts"]).split(" ")) expect(args).toContain(option);
  });

  it("give HDFS the same settings, but for its addresses and folders", async () => {
    await hdfsProcesses(context())[0]!.prepare();
    const native = [...read("hdfs/hdfs-site.xml").matchAll(/<name>(.*?)<\/name><value>(.*?)<\/value>/g)];
    const { environment } = service("namenode");
    for (const [, name, value] of native.filter(([, name]) => !/address|\.dir$/.test(`${name}`)))
      expect(String(environment[`HDFS-SITE.XML_${name}`]), name).toBe(value);
    expect((await hdfsProcesses(context())[0]!.command()).args).toContain(
      `-Xmx${environment.HADOOP_HEAPSIZE_MAX}`,
    );
  });

  it("give Trino's JVM the same options", async () => {
    const { args } = await trinoProcess(context()).command();
    // A container keeps no archive of parsed classes: its file system goes with it.
    const options = args.filter((arg) => /^-(X|-)|^-Djdk/.test(arg) && !arg.includes("SharedArchive"));
    const lines = readFileSync(join(repository, "stack/settings/compose/trino/jvm.config"), "utf8")
      .trim()
      .split("\n");
    expect(lines).toEqual(["-server", ...options]);
  });

  it("read Flink's settings from one file", () => {
    expect(existsSync(join(repository, "stack/settings/flink.properties"))).toBe(true);
    for (const name of Object.keys(properties(flinkSettings(), /:/))) expect(text).not.toContain(`${name}:`);
  });
});
