import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { portNames, readStackConfig, repository } from "../../../stack/config.ts";

describe("readStackConfig", () => {
  it("needs no environment", () => {
    expect(readStackConfig({})).toEqual({
      stack: "auto",
      store: undefined,
      instance: "default",
      home: join(repository, ".swordlake"),
      cache: expect.stringMatching(/^\/.*\/swordlake$/),
      pipelineRoots: [],
      ledgerEveryMs: 300_000,
      pinnedPorts: {},
    });
  });

  it("reads what is set, and takes empty for unset", () => {
    const env = {
      STACK: "native",
      STORE: "hdfs",
      SWORDLAKE_INSTANCE: "second",
      SWORDLAKE_HOME: "/var/lake",
      XDG_CACHE_HOME: "/var/cache",
      SWORDLAKE_PIPELINES: "/a::/b",
      SWORDLAKE_API_PORT: "5000",
      SWORDLAKE_KAFKA_CONTROLLER_PORT: "5001",
      SWORDLAKE_KAFKA_PORT: "",
    };
    expect(readStackConfig(env)).toEqual({
      stack: "native",
      store: "hdfs",
      instance: "second",
      home: "/var/lake",
      cache: "/var/cache/swordlake",
      pipelineRoots: ["/a", "/b"],
      ledgerEveryMs: 300_000,
      pinnedPorts: { api: 5000, kafka_controller: 5001 },
    });
    expect(readStackConfig({ ...env, SWORDLAKE_CACHE: "/c" }).cache).toBe("/c");
    expect(readStackConfig({ STACK: "", XDG_CACHE_HOME: "" }).cache).toBe(readStackConfig({}).cache);
  });

  it("lists all bad variables at once, each with its value", () => {
    const env = {
      STACK: "cloud",
      STORE: "s3",
      SWORDLAKE_INSTANCE: "../up",
      SWORDLAKE_API_PORT: "0",
      SWORDLAKE_TRINO_PORT: "port",
    };
    const lines = Object.entries(env).map(([name, value]) => `${name}='${value}': .`);
    expect(() => readStackConfig(env)).toThrow(new RegExp(lines.sort().join("|")));
    let message = "";
    try {
      readStackConfig(env);
    } catch (error) {
      message = (error as Error).message;
    }
    const found = message.split("\n");
    expect(found[0]).toBe("The environment has settings that don't fit:");
    expect(
      found
        .slice(1)
        .map((line) => line.split(":")[0])
        .sort(),
    ).toEqual(
      Object.entries(env)
        .map(([name, value]) => `${name}='${value}'`)
        .sort(),
    );
    expect(message).toContain("a-z, 0-9 and -, 32 at most");
  });

  it("refuses one port for two", () => {
    expect(() => readStackConfig({ SWORDLAKE_API_PORT: "5000", SWORDLAKE_FLINK_PORT: "5000" })).toThrow(
      "Two SWORDLAKE_…_PORT variables ask for port 5000: give each its own.",
    );
  });

  it("lets every port be pinned", () => {
    const env = Object.fromEntries(
      portNames.map((name, i) => [`SWORDLAKE_${name.toUpperCase()}_PORT`, `${5000 + i}`]),
    );
    expect(readStackConfig(env).pinnedPorts).toEqual(
      Object.fromEntries(portNames.map((name, i) => [name, 5000 + i])),
    );
  });
});
