import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { pipelinesRoot } from "../../../flink-sql/folders.ts";
import { readConfig } from "../../../game-api/config.ts";

describe("readConfig", () => {
  it("needs no environment", () => {
    expect(readConfig({})).toEqual({
      kafka: "127.0.0.1:9092",
      host: "127.0.0.1",
      port: 4000,
      pipelineRoots: [pipelinesRoot],
      logLevel: "info",
      trustProxy: false,
      queueEventsMax: 50_000,
      lateMsMax: 500,
      deliveryTimeoutMs: 8000,
      auth: "open",
      settleMs: 0,
      processes: availableParallelism(),
      corsOrigins: [],
      keysUrl: undefined,
      ratePerAddress: 0,
      limits: {
        bodyBytesMax: 1024 ** 2,
        batchBytesMax: 5 * 1024 ** 2,
        batchEventsMax: 10_000,
        headersTimeoutMs: 10_000,
        requestTimeoutMs: 10_000,
      },
    });
  });

  it("listens beyond loopback only where keys are asked for", () => {
    const open = { SWORDLAKE_API_HOST: "0.0.0.0" };
    expect(() => readConfig(open)).toThrow(/0\.0\.0\.0 can be reached .* set SWORDLAKE_API_AUTH=keys/);
    expect(() => readConfig({ ...open, SWORDLAKE_API_AUTH: "keys" })).toThrow(/SWORDLAKE_API_KEYS/);
    const keys = { SWORDLAKE_API_AUTH: "keys", SWORDLAKE_API_KEYS: "postgres://edge@db:5432/swordlake" };
    expect(readConfig({ ...open, ...keys })).toMatchObject({ host: "0.0.0.0", auth: "keys" });
    for (const host of ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
      expect(readConfig({ SWORDLAKE_API_HOST: host }).host).toBe(host);
  });

  it("reads what is set, and takes empty for unset", () => {
    const env = {
      SWORDLAKE_API_PORT: "0",
      SWORDLAKE_PIPELINES: "/a:/b",
      SWORDLAKE_KAFKA: "",
      LOG_LEVEL: "warn",
    };
    const config = readConfig(env);
    expect(config).toMatchObject({ port: 0, kafka: "127.0.0.1:9092", logLevel: "warn" });
    expect(config.pipelineRoots).toEqual([pipelinesRoot, "/a", "/b"]);
  });

  it.each([
    ["true", true],
    ["false", false],
    ["10.0.0.1, 10.0.0.2", ["10.0.0.1", "10.0.0.2"]],
  ])("trusts proxies only as told: %s", (text, trusted) => {
    expect(readConfig({ SWORDLAKE_TRUST_PROXY: text }).trustProxy).toEqual(trusted);
  });

  it("names all problems at once", () => {
    const env = { SWORDLAKE_API_PORT: "port", LOG_LEVEL: "loud", SWORDLAKE_API_BATCH_EVENTS_MAX: "0" };
    expect(() => readConfig(env)).toThrow(
      /SWORDLAKE_API_PORT[\s\S]*LOG_LEVEL[\s\S]*SWORDLAKE_API_BATCH_EVENTS_MAX/,
    );
  });

  it("refuses a delivery that may outlast its request", () => {
    expect(() => readConfig({ SWORDLAKE_API_DELIVERY_TIMEOUT_MS: "9000" })).toThrow(/keep it 1500 below/);
  });
});
