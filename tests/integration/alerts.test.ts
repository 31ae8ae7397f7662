// Alerts from events to a webhook on real engines: one for each burst, told once, whatever happens between.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import axios from "axios";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keepAlerts } from "../../orchestrator/alerts/deliver.ts";
import { type AlertRow, listAlerts } from "../../orchestrator/alerts/rows.ts";
import { createWebhook } from "../../orchestrator/alerts/webhook.ts";
import { connectEngines, type Engines } from "../../orchestrator/engines/engines.ts";
import { readStackConfig } from "../../stack/config.ts";
import { waitFor } from "../../stack/wait.ts";
import { apply, stop, swordlakeJson } from "../support/cli.ts";
import { type Services, services } from "../support/services.ts";

interface Call {
  id: string;
  status: number;
  data: Record<string, string>;
}

const windowMs = 10_000;
const startMs = 3 * 60_000;
// Beyond 2^53, and other ones in each run.
const firstUser = 9_007_199_254_740_993n + BigInt(Date.now()) * 1000n;
const [bot, other, person] = [0n, 2n, 4n].map((n) => String(firstUser + n)) as [string, string, string];

let running: Services;
let engines: Engines;
let receiver: Server;
let status = 503;
const calls: Call[] = [];
const callsOf = (user: string) => calls.filter(({ data }) => data.user_id === user);
const toldOf = (user: string) => callsOf(user).filter((call) => call.status === 204);

/** A loop as `swordlake run` has it; ends it when asked. */
function startLoop(): () => Promise<void> {
  const controller = new AbortController();
  const { port } = receiver.address() as AddressInfo;
  const webhook = createWebhook({ url: `http://127.0.0.1:${port}/hook`, secretFile: undefined });
  const done = keepAlerts(engines, webhook, pino({ level: "silent" }), controller.signal);
  return async () => {
    controller.abort();
    await done;
  };
}

/** Of the bursts' window: the one that goes on when they are sent. */
let windowStart = 0;

/** Actions of a user in one window, each with its place in it in tenths of a second. */
const actions = (user: string, tenths: number[]) =>
  tenths.map((tenth) => ({
    event_type: "view",
    event_id: `${user}-${tenth}`,
    event_time: new Date(windowStart + tenth * 100).toISOString(),
    product_id: "1",
    // Of several partitions: Flink reads them in no order.
    category_id: String(1000 + (tenth % 7)),
    price: "1.00",
    user_id: user,
  }));

async function send(events: object[]): Promise<void> {
  const answer = await axios.post(`${running.api}/shop`, events);
  expect(answer.data).toMatchObject({ accepted: events.length, rejected: 0 });
}

const alertOf = async (user: string): Promise<AlertRow | undefined> => {
  const rows = await engines.store.transaction((client) =>
    listAlerts(client, { pipeline: "shop", since: new Date(windowStart) }),
  );
  const own = rows.filter(({ value }) => value.user_id === user);
  expect(own.length).toBeLessThanOrEqual(1);
  return own[0];
};
const until = (what: string, holds: () => Promise<boolean> | boolean) =>
  waitFor(what, async () => holds(), { timeoutMs: 50_000 });

beforeAll(async () => {
  await apply("shop");
  running = await services();
  engines = await connectEngines(readStackConfig());
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      calls.push({ id: String(request.headers["webhook-id"]), status, data: JSON.parse(body).data });
      response.writeHead(status).end();
    });
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
}, startMs);

afterAll(async () => {
  receiver?.close();
  await Promise.allSettled([engines?.kafka.close(), engines?.store.close(), stop("shop")]);
}, startMs);

describe("alerts", () => {
  it("are raised by bursts alone, and wait while the webhook is down", async () => {
    const stop = startLoop();
    windowStart = Math.floor(Date.now() / windowMs) * windowMs;
    const burst = actions(bot, [70, 3, 99, 41, 0, 12, 55, 8, 60, 33, 27]);
    await send([
      ...actions(person, [5, 15, 25, 35, 45, 55, 65, 75, 85, 95]),
      ...burst,
      ...burst.slice(0, 5),
      ...actions(person, [5, 15, 25]),
      ...actions(other, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    ]);
    await until(
      "both bursts were tried to be told",
      () => callsOf(bot).length > 0 && callsOf(other).length > 0,
    );
    await until("a failed try is written down", async () => ((await alertOf(bot))?.attempts ?? 0) > 0);
    await stop();
    const waiting = (await alertOf(bot))!;
    expect(waiting).toMatchObject({
      alert: "bot_bursts",
      state: "waiting",
      lastError: "answered 503",
      deliveredAt: null,
      key: { user_id: bot },
      value: { actions: "11", first_action: new Date(windowStart).toISOString().replace(".000Z", "Z") },
    });
    expect(await alertOf(person)).toBeUndefined();
  });

  it("are raised within 5 s of their window's close, though silence follows", async () => {
    const { raisedAt } = (await alertOf(bot))!;
    expect(raisedAt.getTime()).toBeLessThan(windowStart + windowMs + 5000);
  });

  it("are told once when the webhook is back, by an orchestrator that starts anew", async () => {
    status = 204;
    const stop = startLoop();
    await until("both are delivered", async () =>
      [await alertOf(bot), await alertOf(other)].every((row) => row?.state === "delivered"),
    );
    await stop();
    for (const user of [bot, other]) {
      expect(toldOf(user)).toHaveLength(1);
      expect(new Set(callsOf(user).map(({ id }) => id)).size).toBe(1);
    }
    expect(callsOf(person)).toEqual([]);
  });

  it("are not told again as their count grows, nor after another start", async () => {
    const stop = startLoop();
    await send(actions(bot, [71, 72]));
    await until("the count has grown", async () => (await alertOf(bot))?.value.actions === "13");
    await stop();
    const stopAgain = startLoop();
    await send(actions(other, [50]));
    await until("the other's count has grown", async () => (await alertOf(other))?.value.actions === "12");
    await stopAgain();
    expect([toldOf(bot).length, toldOf(other).length]).toEqual([1, 1]);
    expect((await alertOf(bot))?.state).toBe("delivered");
  });

  it("are rows in the lake, one for each user and window, and shown by the command", async () => {
    const query = `SELECT user_id, actions FROM lake.shop.bot_alerts WHERE user_id IN (${bot}, ${other}, ${person}) ORDER BY 1`;
    const wanted = JSON.stringify([
      [bot, "13"],
      [other, "12"],
    ]);
    await until(
      "the lake has both",
      async () => JSON.stringify((await engines.lake.query(query)).rows) === wanted,
    );
    const shown = await swordlakeJson<AlertRow[]>("alerts", "shop", "--rows", "1000");
    expect(shown.find(({ key }) => key.user_id === bot)).toMatchObject({ state: "delivered" });
    const metrics = await axios.get(`${running.connection.addresses.console}/metrics`);
    expect(metrics.data).toMatch(
      /swordlake_alerts\{pipeline="shop",alert="bot_bursts",state="delivered"\} \d+/,
    );
  });
});
