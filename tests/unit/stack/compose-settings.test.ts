import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkpointsFolder, savepointsFolder } from "../../../stack/addresses.ts";
import { composeEngines } from "../../../stack/compose.ts";
import { dockerEnv, serviceEvent } from "../../../stack/compose-containers.ts";
import { composeValues, envFile, envText, writeComposeSettings } from "../../../stack/compose-settings.ts";
import { readStackConfig } from "../../../stack/config.ts";
import { openInstance } from "../../../stack/instance.ts";

const mode = (path: string) => statSync(path).mode & 0o777;

describe("the settings of compose mode", () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "swordlake-settings-"));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const open = (store: string) => {
    const config = readStackConfig({ SWORDLAKE_HOME: home, SWORDLAKE_CACHE: home, STORE: store });
    return openInstance(config, "compose", new Set()).then((instance) => ({ config, instance }));
  };

  it.each([
    "minio",
    "hdfs",
  ])("know the engines where no jar of native mode was fetched: %s", async (store) => {
    const { config, instance } = await open(store);
    const engines = await composeEngines(config, instance);
    expect(engines.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["postgres", "kafka", "jobmanager", "taskmanager", "gateway", "trino"]),
    );
  });

  it("keep secrets in one file that only its owner reads", async () => {
    const { config, instance } = await open("minio");
    writeComposeSettings(config, instance);
    expect(mode(envFile(instance))).toBe(0o600);
    const env = readFileSync(envFile(instance), "utf8");
    const conf = join(instance.folder, "conf");
    const mounted = ["trino/config.properties", "trino/catalog/lake.properties", "hadoop/core-site.xml"];
    for (const secret of ["postgresPassword", "catalogPassword", "s3AccessKey", "s3SecretKey"] as const) {
      expect(env).toContain(instance.secrets[secret]);
      for (const file of mounted)
        expect(readFileSync(join(conf, file), "utf8")).not.toContain(instance.secrets[secret]);
    }
    expect(env).not.toContain(instance.secrets.orchestratorPassword);
  });

  it("let containers read what is mounted, and Flink write its checkpoints", async () => {
    const { config, instance } = await open("minio");
    const umask = process.umask(0o077);
    try {
      writeComposeSettings(config, instance);
      writeComposeSettings(config, instance);
    } finally {
      process.umask(umask);
    }
    expect(mode(join(instance.folder, "conf/trino"))).toBe(0o755);
    for (const file of ["jvm.config", "node.properties", "config.properties", "catalog/lake.properties"])
      expect(mode(join(instance.folder, "conf/trino", file)), file).toBe(0o644);
    for (const folder of [checkpointsFolder(instance), savepointsFolder(instance)])
      expect(mode(folder)).toBe(0o777);
    expect(mode(instance.folder)).toBe(0o700);
  });

  it("name the engines as they see each other", async () => {
    const { config, instance } = await open("hdfs");
    writeComposeSettings(config, instance);
    const conf = (file: string) => readFileSync(join(instance.folder, "conf", file), "utf8");
    expect(conf("hadoop/core-site.xml")).toContain("hdfs://namenode:8020");
    expect(conf("trino/catalog/lake.properties")).toContain("hive.config.resources=/etc/trino/core-site.xml");
    expect(conf("trino/catalog/lake.properties")).toContain("jdbc:postgresql://postgres:5432/catalog");
    expect(conf("trino/config.properties")).toContain("http-server.http.port=8080");
    expect(composeValues(config, instance)).toMatchObject({
      COMPOSE_PROFILES: "hdfs",
      SWORDLAKE_KAFKA_PORT: String(instance.ports.kafka),
    });
  });
});

describe("envText", () => {
  it("quotes what Compose would read as something else", () => {
    expect(envText({ A: 'a "b" $c \\d', B: "one\ntwo" })).toBe('A="a \\"b\\" \\$c \\\\d"\nB="one\\ntwo"\n');
  });
});

describe("dockerEnv", () => {
  it("leaves out what would win over the env file", () => {
    const env = {
      PATH: "/bin",
      DOCKER_HOST: "unix:///x",
      SWORDLAKE_KAFKA_PORT: "1",
      COMPOSE_FILE: "other.yml",
    };
    expect(dockerEnv(env)).toEqual({ PATH: "/bin", DOCKER_HOST: "unix:///x" });
  });
});

describe("serviceEvent", () => {
  it.each([
    ["Container swordlake-my-lake-kafka-1  Started", { service: "kafka", state: "started" }],
    ["Container swordlake-my-lake-trino-1  Healthy", { service: "trino", state: "answers" }],
    ["trino Pulling", { service: "trino", state: "pulling" }],
    ["Network swordlake-my-lake_default  Created", undefined],
    ["Container swordlake-my-lake-kafka-1  Waiting", undefined],
  ])("%s", (line, event) => {
    expect(serviceEvent(line)).toEqual(event);
  });
});
