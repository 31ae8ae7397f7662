// A second instance beside the tests' own: up, down, up again with its data, and Ctrl-C in the middle.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, it } from "vitest";
import { connectKafka } from "../../orchestrator/engines/kafka.ts";
import { addressesOf } from "../../stack/addresses.ts";
import { readStackConfig, repository } from "../../stack/config.ts";
import { type Instance, instanceFolder, readInstance } from "../../stack/instance.ts";
import { waitFor } from "../../stack/wait.ts";
import { swordlakeWith } from "../support/cli.ts";

const env = { SWORDLAKE_INSTANCE: "test-second", SWORDLAKE_PIPELINES: "", STORE: "minio" };
const config = readStackConfig({ ...process.env, ...env });
const folder = instanceFolder(config);

/** Ports that something listens on with STORE=minio; those of HDFS are only kept for it. */
const listening = [
  "api",
  "console",
  "kafka",
  "kafka_controller",
  "flink",
  "gateway",
  "trino",
  "postgres",
  "minio",
] as const;

/** Processes whose command line names the instance's folder or that work in it: ours, whatever they are. */
function processesOfInstance(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
        return command.includes(`${folder}/`) ||
          environment.includes(`SWORDLAKE_INSTANCE=${config.instance}\0`)
          ? [command]
          : [];
      } catch {
        return []; // it ended while we looked
      }
    })
    .filter((command) => !command.includes("vitest"));
}

const topics = async (instance: Instance) => {
  const admin = await connectKafka(addressesOf(instance).kafka);
  try {
    return {
      list: await admin.topics(),
      create: await admin.createTopic("kept", 1, 60_000).catch(() => "exists"),
    };
  } finally {
    await admin.close();
  }
};

afterAll(async () => {
  await swordlakeWith(env, "clean");
});

describe("an instance", () => {
  it("leaves no process behind after Ctrl-C in the middle of up", async () => {
    await swordlakeWith(env, "clean");
    const up = execa(process.execPath, ["orchestrator/bin.js", "up"], {
      cwd: repository,
      env,
      reject: false,
      all: true,
    });
    await waitFor(
      "some engines start",
      async () => existsSync(join(folder, "run")) && readdirSync(join(folder, "run")).length >= 4,
    );
    up.kill("SIGINT");
    const ended = await up;
    expect(ended.exitCode, ended.all).toBe(130);
    expect(processesOfInstance()).toEqual([]);
  });

  it("keeps its data, ports and secrets between down and up, and down leaves no process", async () => {
    const first = await swordlakeWith(env, "up", "--no-apply");
    expect(first.exitCode, first.stderr).toBe(0);
    const before = readInstance(config)!;
    const other = readInstance(readStackConfig())!;
    // A port that the other only keeps, for the store that it doesn't have, is free.
    const theirs = Object.entries(other.ports).flatMap(([name, port]) =>
      name === "minio" && other.store !== "minio" ? [] : [port],
    );
    for (const name of listening) expect(theirs).not.toContain(before.ports[name]);
    await topics(before);
    expect((await swordlakeWith(env, "down")).exitCode).toBe(0);
    expect(processesOfInstance()).toEqual([]);
    const again = await swordlakeWith(env, "up", "--no-apply");
    expect(again.exitCode, again.stderr).toBe(0);
    const after = readInstance(config)!;
    expect(after).toEqual(before);
    expect((await topics(after)).list).toContain("kept");
  });

  it("brings back an engine that was killed", async () => {
    const pid = () => JSON.parse(readFileSync(join(folder, "run/minio.json"), "utf8")).pid as number;
    const before = pid();
    process.kill(before, "SIGKILL");
    await waitFor("MinIO is back", async () => pid() !== before);
    const status = await swordlakeWith(env, "status", "--json");
    expect(
      JSON.parse(status.stdout).engines.filter((engine: { healthy: boolean }) => !engine.healthy),
    ).toEqual([]);
  });

  it("shows why an engine can't start: its last log lines and the cure", async () => {
    expect((await swordlakeWith(env, "down")).exitCode).toBe(0);
    writeFileSync(join(folder, "data/kafka/meta.properties"), "version=1\ncluster.id=another\nnode.id=77\n");
    const up = await swordlakeWith(env, "up", "--no-apply");
    expect(up.exitCode).toBe(1);
    expect(up.stderr).toMatch(/kafka ended at its start\. The last lines of .*kafka\.log/);
    expect(up.stderr).toMatch(/make clean/);
    expect(processesOfInstance()).toEqual([]);
  });
});
