// Holds the console's pages open under live events for MINUTES, prints what they hold on to each minute, and exits
// with 1 where it grows: `make soak-console MINUTES=30`.
import { randomUUID } from "node:crypto";
import axios from "axios";
import { startBrowser } from "./browser.ts";
import { type Held, heldBy, median } from "./console-crowd.ts";
import { services } from "./services.ts";

const minutes = Number(process.env.MINUTES || 30);
const perSecond = Number(process.env.RATE || 5);
if (!Number.isInteger(minutes) || minutes < 4)
  throw new Error(`MINUTES=${process.env.MINUTES}: give a whole number, 4 or more.`);
if (!(perSecond > 0 && perSecond <= 1000))
  throw new Error(`RATE=${process.env.RATE}: give events a second, more than 0 and 1000 at most.`);

const { api, connection } = await services();
const address = connection.addresses.console;
const { data: overview } = await axios.get<{ pipelines: { name: string }[] }>(`${address}/api/overview`);
const raisesAlerts = overview.pipelines.some(({ name }) => name === "shop");
// The list of alerts grows by right, up to its limit; the overview, where each round ends, has no such list.
const routes = [
  "#/p/game",
  "#/p/game/reports/members_by_guild",
  "#/p/game/ledger",
  "#/p/game/quarantine",
  "#/timeline",
  "#/alerts",
  "#/",
];
const minuteMs = 60_000;

/** Events at the rate asked for, and a burst that raises an alert every ten seconds. */
function sendEvents(): () => number {
  let sent = 0;
  const post = (path: string, body: object) =>
    axios.post(`${api}${path}`, body, { validateStatus: () => true }).then(
      ({ status }) => {
        if (status === 202 || status === 200) sent += 1;
      },
      () => undefined, // an API that is away for a moment is no matter of the page
    );
  const one = setInterval(
    () => void post("/game/join_guild", { user_id: `soak-${sent % 100}`, guild_name: `Guild ${sent % 20}` }),
    1000 / perSecond,
  );
  const burst = setInterval(() => {
    if (!raisesAlerts) return;
    const at = new Date().toISOString();
    const action = { event_type: "view", event_time: at, product_id: "1", category_id: "1", price: "1.00" };
    const user_id = String(9_007_199_254_740_993n + BigInt(Date.now()) * 1000n);
    void post(
      "/shop",
      Array.from({ length: 11 }, () => ({ ...action, user_id, event_id: randomUUID() })),
    );
  }, 10_000);
  return () => {
    clearInterval(one);
    clearInterval(burst);
    return sent;
  };
}

const browser = await startBrowser(address);
const { page, wrong } = await browser.open();
const session = await page.context().newCDPSession(page);
const stop = sendEvents();
const held: Held[] = [];
for (let minute = 1; minute <= minutes; minute += 1) {
  const endsAt = Date.now() + minuteMs;
  for (const route of routes) {
    await page.goto(`${address}/${route}`);
    await page.waitForTimeout(Math.max(0, (endsAt - Date.now()) / (routes.length - routes.indexOf(route))));
  }
  // Always on the same page: another one holds other things.
  held.push(await heldBy(session));
  const { heapMiB, domNodes, listeners } = held.at(-1)!;
  process.stdout.write(
    `minute ${minute}: ${heapMiB.toFixed(2)} MiB, ${domNodes} nodes, ${listeners} listeners\n`,
  );
}
const sent = stop();
await browser.close();

// The first minute warms up: code is compiled, pages are seen for the first time.
const third = Math.max(1, Math.floor((minutes - 1) / 3));
const heapOf = (some: Held[]) => median(some.map(({ heapMiB }) => heapMiB));
const [first, last] = [heapOf(held.slice(1, 1 + third)), heapOf(held.slice(-third))];
const grownMiB = last - first;
process.stdout.write(
  `${sent} requests sent. First third ${first.toFixed(2)} MiB, last third ${last.toFixed(2)} MiB: ` +
    `${grownMiB >= 0 ? "+" : ""}${grownMiB.toFixed(2)} MiB.\n`,
);
for (const what of wrong) process.stdout.write(`wrong: ${what}\n`);
const isFlat = grownMiB < 1;
if (!isFlat) process.stdout.write("The page holds on to more and more.\n");
process.exitCode = isFlat && wrong.length === 0 && sent > 0 ? 0 : 1;
