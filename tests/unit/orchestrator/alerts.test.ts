// From a record to an alert, and what becomes of it after each try to tell the webhook.
import { createHmac } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { alert, decimal, definePipeline, event, id64, topic } from "../../../flink-sql/pipeline.ts";
import { afterAttempt, giveUpAfterMs, readAlert } from "../../../orchestrator/alerts/states.ts";
import { readSecret, signature } from "../../../orchestrator/alerts/webhook.ts";

const pipeline = {
  name: "port",
  ...definePipeline({
    title: "Port",
    topics: { calls: topic({ key: "ship", events: { moored: event("Moors", { ship: id64() }) } }) },
    alerts: {
      overdue: alert("A ship stays too long", {
        key: ["ship", "since"],
        fields: {
          ship: id64(),
          since: z.iso.datetime({ offset: true }),
          fee: decimal(20, 2),
          berth: z.int32(),
          draught: z.number(),
        },
      }),
    },
  }),
};
const record = (more: string = "") => ({
  key: '{"alert":"overdue","ship":9007199254740993,"since":"2026-01-01T00:00:00Z"}',
  value: `{"alert":"overdue","ship":9007199254740993,"since":"2026-01-01T00:00:00Z","fee":12345678901234567.89,"berth":4,"draught":7.25${more}}`,
});

describe("an alert from its record", () => {
  it("keeps ids and money exact, as digits in strings", () => {
    const since = "2026-01-01T00:00:00Z";
    expect(readAlert(pipeline, record())).toMatchObject({
      pipeline: "port",
      alert: "overdue",
      key: { ship: "9007199254740993", since },
      value: { ship: "9007199254740993", since, fee: "12345678901234567.89", berth: 4, draught: 7.25 },
    });
  });

  it("has one id for one key, whatever else it says, and another for another key", () => {
    const { id } = readAlert(pipeline, record());
    expect(readAlert(pipeline, record(',"note":"grown"')).id).toBe(id);
    const other = { ...record(), key: record().key.replace("993", "995") };
    expect(readAlert(pipeline, other).id).not.toBe(id);
  });

  it("is refused where no alert is named", () => {
    expect(() => readAlert(pipeline, { key: '{"ship":1}', value: "{}" })).toThrow(/names no alert/);
    expect(() => readAlert(pipeline, { key: "not json", value: "{}" })).toThrow();
  });
});

describe("after a try", () => {
  const first = { attempts: 1, ageMs: 0 };

  it.each([200, 204])("status %i is delivered", (status) => {
    expect(afterAttempt({ status }, first, 0.5)).toEqual({
      state: "delivered",
      lastError: null,
      pauseMs: null,
    });
  });

  it.each([301, 400, 401, 404, 410])("status %i is refused for good", (status) => {
    expect(afterAttempt({ status }, first, 0.5)).toEqual({
      state: "refused",
      lastError: `answered ${status}`,
      pauseMs: null,
    });
  });

  it.each([408, 409, 425, 429, 500, 503])("status %i is tried again", (status) => {
    expect(afterAttempt({ status }, first, 0.5)).toMatchObject({ state: "waiting", pauseMs: 1000 });
  });

  it("no answer is tried again, ever later, up to a minute, never all at once", () => {
    const pause = (attempts: number, random: number) =>
      afterAttempt({ error: "connect ECONNREFUSED" }, { attempts, ageMs: 0 }, random).pauseMs;
    expect([1, 2, 3, 4].map((attempts) => pause(attempts, 0.5))).toEqual([1000, 2000, 4000, 8000]);
    expect(pause(50, 0.5)).toBe(60_000);
    expect([pause(3, 0), pause(3, 1)]).toEqual([2000, 6000]);
    expect(afterAttempt({ error: "gone" }, first, 0.5).lastError).toBe("gone");
  });

  it("is given up when it is no news any more", () => {
    const old = { attempts: 100, ageMs: giveUpAfterMs };
    expect(afterAttempt({ status: 503 }, old, 0.5)).toEqual({
      state: "given up",
      lastError: "answered 503",
      pauseMs: null,
    });
    expect(afterAttempt({ status: 200 }, old, 0.5).state).toBe("delivered");
  });
});

describe("a signature", () => {
  const folder = mkdtempSync(join(tmpdir(), "swordlake-secret-"));
  const file = (text: string, mode: number) => {
    const path = join(folder, `${mode}-${text.length}`);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is that of Standard Webhooks: id, time and body under the secret", () => {
    const secret = readSecret(file(`whsec_${Buffer.from("key").toString("base64")}\n`, 0o600));
    const wanted = createHmac("sha256", "key").update("alert_1.17.{}").digest("base64");
    expect(signature(secret, "alert_1", 17, "{}")).toBe(`v1,${wanted}`);
  });

  it("needs a secret that is there, and that nobody else can read", () => {
    expect(() => readSecret(file("key", 0o644))).toThrow(/chmod 600/);
    expect(() => readSecret(file("", 0o600))).toThrow(/empty/);
  });
});
