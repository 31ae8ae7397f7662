// The standing watch on the real engines: a job that runs and lands nothing, since the catalog is frozen for one of its
// tables, is called stalled and told of; and told of again when it lands.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadPipelines } from "../../flink-sql/folders.ts";
import { keepAlerts } from "../../orchestrator/alerts/deliver.ts";
import { loopMetrics } from "../../orchestrator/alerts/metrics.ts";
import { createWebhook } from "../../orchestrator/alerts/webhook.ts";
import type { PipelineState } from "../../orchestrator/console/api.ts";
import { connectEngines, type Engines } from "../../orchestrator/engines/engines.ts";
import type { Status } from "../../orchestrator/status.ts";
import { stalledMs } from "../../orchestrator/watch/health.ts";
import { healthAlert, keepWatch } from "../../orchestrator/watch/keep.ts";
import { createLooker } from "../../orchestrator/watch/look.ts";
import { readHealth } from "../../orchestrator/watch/rows.ts";
import { readStackConfig } from "../../stack/config.ts";
import { waitFor } from "../../stack/wait.ts";
import { succeed } from "../support/cli.ts";
import { catalogue, inThisProcess, recordOf, writeFolder } from "../support/folder.ts";
import { writeRaw } from "../support/raw-kafka.ts";
import { isolated, services } from "../support/services.ts";

const name = isolated("watch");
const freshnessMs = 5000;
const slowMs = 5 * 60_000;
let root: string;
let engines: Engines;
let receiver: Server;
let end = async () => {};
const latest = new Map<string, PipelineState>();
const told: { at: number; data: Record<string, string> }[] = [];

const run = (...args: string[]) => succeed({ SWORDLAKE_PIPELINES: root }, ...args);
const until = (what: string, holds: () => Promise<boolean> | boolean) =>
  waitFor(what, async () => holds(), { timeoutMs: 90_000 });
const statusOf = async () => {
  const { pipelines }: Status = JSON.parse(await run("status", "--json"));
  return pipelines.find((pipeline) => pipeline.name === name)!;
};

/** An item each half second, so that offsets always have a reason to move; until it is ended. */
function keepSending(kafka: string): () => Promise<void> {
  const controller = new AbortController();
  const sending = (async () => {
    for (let item = 0; !controller.signal.aborted; item += 1) {
      const fields = { sku: `sku-${item % 5}`, title: "a title", price: "1.50" };
      await writeRaw(kafka, `${name}.items`, [recordOf("item", `${item}`, fields)]);
      await delay(500, undefined, { signal: controller.signal }).catch(() => undefined);
    }
  })();
  return () => {
    controller.abort();
    return sending;
  };
}

/** Holds the catalog's row of a table, as a commit that never ends would; `free` lets it go. */
async function freeze(table: string): Promise<{ free: () => Promise<void> }> {
  const { addresses, instance } = engines.connection;
  const { host, port } = addresses.postgres;
  const client = new pg.Client({
    host,
    port,
    user: "catalog",
    password: instance!.secrets.catalogPassword,
    database: "catalog",
  });
  await client.connect();
  await client.query("BEGIN");
  const { rowCount } = await client.query(
    "SELECT 1 FROM iceberg_tables WHERE table_namespace = $1 AND table_name = $2 FOR UPDATE",
    [name, table],
  );
  expect(rowCount).toBe(1);
  return { free: () => client.end() };
}

beforeAll(async () => {
  engines = await connectEngines(readStackConfig());
  const contract = catalogue["pipeline.ts"]!.replace("freshnessMs: 1000", `freshnessMs: ${freshnessMs}`);
  root = writeFolder(name, inThisProcess({ ...catalogue, "pipeline.ts": contract }));
  await run("apply", name);
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const { type, data } = JSON.parse(body);
      if (type === `${name}.${healthAlert}`) told.push({ at: Date.now(), data });
      response.writeHead(204).end();
    });
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port } = receiver.address() as AddressInfo;
  const controller = new AbortController();
  const logger = pino({ level: "silent" });
  const webhook = createWebhook({ url: `http://127.0.0.1:${port}/hook`, secretFile: undefined });
  const pipelines = await loadPipelines([root]);
  const looker = createLooker(engines, { all: async () => ({ pipelines, problem: "" }) });
  const loops = Promise.all([
    keepAlerts(engines, webhook, logger, controller.signal),
    keepWatch(engines, looker, latest, logger, controller.signal),
  ]);
  const stopSending = keepSending((await services()).kafka);
  end = async () => {
    controller.abort();
    await Promise.all([loops, stopSending()]);
  };
}, slowMs);

afterAll(async () => {
  await end();
  await run("stop", name);
  receiver?.close();
  await Promise.allSettled([engines?.kafka.close(), engines?.store.close()]);
}, slowMs);

it(
  "calls a job stalled that runs and lands nothing, tells of it once, and that it is over",
  async () => {
    await until("the pipeline is healthy", () => latest.get(name)?.health === "healthy");
    await until("rows have landed", async () => {
      const { rows } = await engines.lake.query(`SELECT count(*) FROM lake.${name}.all_items`);
      return Number(rows[0]![0]) > 0;
    });
    const { free } = await freeze("all_items");
    const frozenAt = Date.now();
    try {
      await until("the webhook is told", () => told.length > 0);
      const late = told[0]!.at - frozenAt;
      process.stdout.write(`told of the stall ${late} ms after the catalog froze\n`);
      // From the last commit before it, at most an interval earlier, to a look after the time was up.
      expect(late).toBeLessThan(stalledMs(freshnessMs) + freshnessMs + 10_000);
      expect(told[0]!.data).toMatchObject({
        state: "open",
        health: "stalled",
        why: expect.stringMatching(new RegExp(`^${name}/landing .*for \\d+ s\\.$`)),
      });
      expect(await engines.flink.liveJobs()).toContainEqual(
        expect.objectContaining({ name: `${name}/landing`, state: "RUNNING" }),
      );
      expect(await statusOf()).toMatchObject({ health: "stalled", why: expect.stringContaining("landing") });
      const { text } = await loopMetrics(engines.store, new Map(), latest);
      expect(text).toContain(`swordlake_health{pipeline="${name}",state="stalled"} 1`);
      expect(await run("status")).toMatch(new RegExp(`STALLED .*${name} .*landing`));
    } finally {
      await free();
    }
    await until("the webhook is told that it is over", () => told.length > 1);
    expect(told[1]!.data).toMatchObject({ state: "closed", since: told[0]!.data.since });
    expect((await readHealth(engines.store)).get(name)?.health).not.toBe("stalled");
    expect(JSON.parse(await run("alerts", name, "--json"))).toHaveLength(2);
    expect(told).toHaveLength(2);
  },
  slowMs,
);
