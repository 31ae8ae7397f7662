// The console's HTTP API on real engines: who may do what, and how much a question may cost.
import { rmSync } from "node:fs";
import axios from "axios";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { loadPipelines, pipelinesRoot } from "../../flink-sql/folders.ts";
import { readerName } from "../../orchestrator/console/sql-route.ts";
import { pipelineNamed } from "../../orchestrator/engines/engines.ts";
import { connectTrino } from "../../orchestrator/engines/trino.ts";
import { writeDuePage } from "../../orchestrator/reports/scheduled.ts";
import { readStackConfig } from "../../stack/config.ts";
import { swordlakeJson } from "../support/cli.ts";
import { isolated, type Services, services } from "../support/services.ts";

let running: Services;
let address: string;
let key: string;

const answerOf = (
  method: "get" | "post",
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) => axios.request({ method, url: `${address}${path}`, data: body, headers, validateStatus: () => true });

const newKey = async (scope: string) =>
  (await swordlakeJson<{ token: string }>("keys", "create", isolated("api"), "--scope", scope)).token;

beforeAll(async () => {
  running = await services();
  address = running.connection.addresses.console;
  key = await newKey("deploy");
});

describe("who may do what", () => {
  it("needs a key with the scope deploy for what changes something", async () => {
    const ingest = await newKey("ingest:*");
    const changes = [
      "/api/apply",
      "/api/pipelines/game/quarantine/repair",
      "/api/pipelines/game/quarantine/replay",
    ];
    for (const path of changes) {
      const body = { hash: "0123456789abcdef" };
      expect((await answerOf("post", path, body)).status, path).toBe(401);
      const wrong = await answerOf("post", path, body, { authorization: `Bearer ${key.slice(0, -2)}AA` });
      expect([wrong.status, wrong.data.error], path).toEqual([401, "key_invalid"]);
      const other = await answerOf("post", path, body, { authorization: `Bearer ${ingest}` });
      expect([other.status, other.data.error], path).toEqual([403, "key_scope"]);
      const foreign = await answerOf("post", path, body, {
        authorization: `Bearer ${key}`,
        origin: "https://evil.example",
      });
      expect([foreign.status, foreign.data.error], path).toEqual([403, "cross_site"]);
      const rebound = await answerOf("post", path, body, {
        authorization: `Bearer ${key}`,
        host: "evil.example",
      });
      expect([rebound.status, rebound.data.error], path).toEqual([421, "host_unknown"]);
    }
  });

  it("reads by SQL and never writes, by Trino's own rules too", async () => {
    const refused = await answerOf("post", "/api/sql", { sql: "DELETE FROM lake.game.purchases" });
    expect([refused.status, refused.data.error]).toEqual([400, "sql_refused"]);
    const reader = connectTrino(running.trino, readerName);
    await expect(reader.query("DELETE FROM lake.game.purchases WHERE user_id = 'nobody'")).rejects.toThrow(
      /Access Denied/,
    );
    const many = await answerOf("post", "/api/sql", {
      sql: "SELECT * FROM UNNEST(sequence(1, 9999)) AS t (n)",
    });
    expect([many.data.rows.length, many.data.isCut]).toEqual([1000, true]);
  });
});

describe("reports", () => {
  it("come as CSV with all rows, and refuse what they don't know", async () => {
    const csv = await answerOf("get", "/api/pipelines/game/reports/sword_types/csv");
    expect(csv.headers["content-disposition"]).toBe('attachment; filename="game-sword_types.csv"');
    expect(csv.data.split("\n")[0]).toBe("sword_type,amount,buyers,spent");
    const unknown = await answerOf("get", "/api/pipelines/club/reports/paid?nope=1");
    expect([unknown.status, unknown.data.message]).toEqual([400, "'paid' has no parameter 'nope'"]);
  });
});

describe("apply", () => {
  it("refuses a plan that is another one by now", async () => {
    const applied = await answerOf(
      "post",
      "/api/apply",
      { pipeline: "game", hash: "0123456789abcdef" },
      { authorization: `Bearer ${key}` },
    );
    // One document a line; a single line is read as one.
    expect(JSON.stringify(applied.data)).toContain("The plan is another one by now");
  });
});

describe("a page by schedule", () => {
  it("is written from the lake, listed with its pipeline, and served with the policy that its styles need", async () => {
    const config = readStackConfig();
    // Of the checkout alone: the contracts of other roots are no modules of this process.
    const game = pipelineNamed(await loadPipelines([pipelinesRoot]), "game");
    const scheduled = { ...game, reportPages: { schedule: "* * * * *" } };
    const lake = connectTrino(running.trino);
    // Another day in each run: a page of that day may be there already.
    const now = new Date(Date.UTC(2100, 0, 1) + (Date.now() % 30_000) * 86_400_000);
    const file = await writeDuePage({ config, lake }, scheduled, new Date(now.getTime() - 120_000), now);
    const day = now.toISOString().slice(0, 10);
    onTestFinished(() => rmSync(file!));
    const { data } = await answerOf("get", "/api/pipelines/game");
    expect(data.pages[0]).toBe(day);
    const page = await answerOf("get", `/api/pipelines/game/pages/${day}`);
    expect(page.status).toBe(200);
    for (const { name } of data.reports) expect(page.data).toContain(`<section id="${name}"`);
    expect(page.data).not.toContain("No answer:");
    expect(page.headers["content-security-policy"]).toMatch(/default-src 'none'.*style-src 'sha256-/);
    const other = await answerOf("get", "/api/pipelines/game/pages/1999-01-01");
    expect([other.status, other.data.error]).toEqual([404, "not_found"]);
    expect((await answerOf("get", "/api/pipelines/game/pages/..%2f..%2fsecrets.json")).status).toBe(400);
  });
});
