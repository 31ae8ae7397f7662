// The console in a browser against the running stack: watched, mended, deployed from, and never fooled.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import axios from "axios";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openStore, type Store } from "../../orchestrator/engines/store.ts";
import { waitFor } from "../../stack/wait.ts";
import {
  accessProblems,
  type ConsoleBrowser,
  keepPicture,
  type Seen,
  startBrowser,
} from "../support/browser.ts";
import { apply, swordlake, swordlakeJson } from "../support/cli.ts";
import { isolated, type Services, services } from "../support/services.ts";

let running: Services;
let address: string;
let browser: ConsoleBrowser;
let store: Store;
let key: string;
let seen: Seen | undefined;

/** What nobody promised a time for may take so long on a machine that does much else. */
const slowMs = 90_000;
const promisedMs = 10_000;

const user = isolated("seen");
const evil = {
  sword: `<img src=x onerror=alert("${user}")>`,
  guild: `<script>alert("${user}")</script>`,
  agent: `"><svg onload=alert(1)>`,
};
const folderName = `bakery_${Date.now().toString(36)}`;
const root = process.env.SWORDLAKE_PIPELINES?.split(delimiter)[0] ?? "";
const folder = join(root, folderName);

/** Opens a page of the console; what went wrong on it is looked at after each test. */
async function open(path: string, look: Parameters<ConsoleBrowser["open"]>[0] = {}) {
  await seen?.close();
  seen = await browser.open(look);
  await seen.page.goto(`${address}/${path}`);
  return seen.page;
}

const newKey = async (scope: string) =>
  (await swordlakeJson<{ token: string }>("keys", "create", user, "--scope", scope)).token;

beforeAll(async () => {
  await apply("club", "shop");
  running = await services();
  address = running.connection.addresses.console;
  expect(root, "SWORDLAKE_PIPELINES names no folder for pipelines").not.toBe("");
  [browser, store, key] = await Promise.all([
    startBrowser(address),
    openStore(running.postgres),
    newKey("deploy"),
  ]);
});

afterEach(async () => {
  const wrong = seen?.wrong ?? [];
  await seen?.close();
  seen = undefined;
  expect(wrong).toEqual([]);
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), store?.close()]);
  await swordlake("stop", folderName);
  rmSync(folder, { recursive: true, force: true });
});

describe("reports", () => {
  it("show a sword within 10 s after it was bought, and text of strangers as text", async () => {
    const page = await open("#/p/game/reports/sword_types");
    await page.getByRole("heading", { name: "Sword types" }).waitFor();
    const tookMs: number[] = [];
    // A machine that does much else may be late once.
    for (let sword = 1; sword <= 3 && !tookMs.some((ms) => ms < promisedMs); sword += 1) {
      const sword_type = `${evil.sword} ${sword}`;
      const boughtAt = Date.now();
      const bought = await axios.post(
        `${running.api}/game/purchase_sword`,
        { user_id: user, sword_type, amount: 1_000_000 },
        { headers: { "user-agent": evil.agent } },
      );
      expect(bought.status).toBe(202);
      await page.getByRole("cell", { name: sword_type, exact: true }).waitFor({ timeout: slowMs });
      tookMs.push(Date.now() - boughtAt);
    }
    expect(Math.min(...tookMs)).toBeLessThan(promisedMs);
    await page.locator(".picture.wide text", { hasText: "<img" }).first().waitFor();
    await keepPicture(page, "report");
    const guild = { user_id: user, guild_name: evil.guild };
    expect((await axios.post(`${running.api}/game/join_guild`, guild)).status).toBe(202);
    await page.goto(`${address}/#/p/game/reports/members_by_guild`);
    await page.getByRole("cell", { name: evil.guild, exact: true }).waitFor({ timeout: slowMs });
  });

  it("take parameters and show their SQL", async () => {
    const page = await open("#/p/club/reports/paid");
    await page.getByLabel("member id").fill("m-'1");
    await page.getByRole("button", { name: "Ask" }).click();
    await page.locator("summary", { hasText: "SQL" }).click();
    await page.getByText("= 'm-''1'").waitFor();
  });
});

describe("the quarantine", () => {
  it("is repaired and replayed, and the event lands once", async () => {
    const event = {
      event_id: user,
      event_type: "purchase_sword",
      user_id: user,
      sword_type: evil.sword,
      amount: 0,
    };
    expect((await axios.post(`${running.api}/game`, [event], { validateStatus: () => true })).status).toBe(
      400,
    );
    const page = await open("#/p/game/quarantine");
    const entry = page
      .getByRole("listitem")
      .filter({ has: page.locator("pre", { hasText: `"event_id":"${user}"` }) });
    await entry.waitFor({ timeout: slowMs });
    await entry.getByRole("button", { name: /^Repair/ }).click();
    const box = page.getByLabel("The event as it should have been");
    await page.getByRole("button", { name: "Check" }).click();
    await page.getByText("It doesn't fit yet:").waitFor();
    await box.fill((await box.inputValue()).replace('"amount": 0', '"amount": 3'));
    await page.getByRole("button", { name: "Check" }).click();
    await page.getByText("It fits the contract.").waitFor();
    await keepPicture(page, "quarantine");
    const form = page.getByRole("region", { name: /^quarantine:/ });
    await form.getByLabel("Deploy key").fill(key);
    await form.getByRole("button", { name: "Use this key" }).click();
    await form.getByRole("button", { name: "Keep for replay" }).click();
    await page.getByText("Kept for replay.").waitFor();
    await page.getByRole("button", { name: /^Replay \d/ }).click();
    await page.getByText(/^\d+ replayed, 0 refused again, 0 unknown\.$/).waitFor({ timeout: slowMs });
    const rows = async () =>
      (
        await swordlakeJson<{ rows: unknown[][] }>(
          "sql",
          `SELECT amount FROM lake.game.purchases WHERE event_id = '${user}'`,
        )
      ).rows;
    await waitFor("the repaired event is in the lake", async () => (await rows()).length > 0);
    expect(await rows()).toEqual([[3]]);
  });

  it("closes the ledger before one's eyes", async () => {
    const page = await open("#/p/game/ledger");
    await page.getByText("Closed: nothing lost, nothing doubled.").waitFor({ timeout: slowMs });
    await keepPicture(page, "ledger");
  });
});

describe("alerts", () => {
  it("appear as they are raised", async () => {
    const page = await open("#/alerts");
    await page.getByText("live", { exact: true }).waitFor();
    const bot = String(9_007_199_254_740_993n + BigInt(Date.now()) * 1000n);
    const at = Math.floor(Date.now() / 10_000) * 10_000;
    const clicks = Array.from({ length: 11 }, (_, n) => ({
      event_type: "view",
      event_id: `${bot}-${n}`,
      event_time: new Date(at + n * 100).toISOString(),
      product_id: "1",
      category_id: "1",
      price: "1.00",
      user_id: bot,
    }));
    expect((await axios.post(`${running.api}/shop`, clicks)).data).toMatchObject({ accepted: 11 });
    await page.getByText(bot).waitFor({ timeout: slowMs });
    await keepPicture(page, "alerts");
  });
});

const files = (rooms: string) => ({
  "pipeline.ts": `// A bakery: what is sold.
import { definePipeline, event, topic } from "swordlake";
import { z } from "zod";

export default definePipeline({
  title: "Bakery: what is sold",
  freshnessMs: 1000,
  topics: { till: topic({ key: "shop", partitions: 1, events: { sale: event("Something is sold", { shop: z.string().max(20) }) } }) },
});
`,
  "tables/sales.sql": `-- One row per sale.
CREATE TABLE IF NOT EXISTS sales (
  event_id STRING, event_time TIMESTAMP_LTZ(6), shop STRING, kafka_partition INT, kafka_offset BIGINT
) WITH ('format-version' = '2');
`,
  "jobs/landing.sql": `-- Sales into their table.
INSERT INTO sales
SELECT event_id, event_time, ${rooms}, kafka_partition, kafka_offset FROM till;
`,
});

function writePipeline(rooms: string): void {
  for (const [file, text] of Object.entries(files(rooms))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}

describe("deploy", () => {
  const planIt = async (page: Seen["page"]) => {
    await page.getByRole("combobox", { name: "pipeline" }).selectOption(folderName);
    await page.getByRole("button", { name: "Plan" }).click();
  };
  const applyIt = async (page: Seen["page"]) => {
    const field = page.getByLabel("Deploy key");
    if (await field.isVisible()) {
      await field.fill(key);
      await page.getByRole("button", { name: "Use this key" }).click();
    }
    await page.getByRole("button", { name: /^Apply \d/ }).click();
    await page.getByText(/^Applied: \d+ steps? done\.$/).waitFor({ timeout: 120_000 });
  };

  it("applies a pipeline, then a change of it, with a key and no other way", async () => {
    writePipeline("shop");
    const page = await open("#/deploy");
    await page.getByRole("option", { name: folderName }).waitFor({ state: "attached", timeout: slowMs });
    await planIt(page);
    await page.getByText(`+ job ${folderName}/landing`).waitFor({ timeout: slowMs });
    expect(await page.getByRole("button", { name: /^Apply/ }).isDisabled()).toBe(true);
    await applyIt(page);

    writePipeline("UPPER(shop)");
    await planIt(page);
    await page
      .getByText(`~ job ${folderName}/landing: its SQL changed`, { exact: false })
      .waitFor({ timeout: slowMs });
    expect(await page.locator(".diff .removed").allInnerTexts()).toEqual([
      expect.stringContaining("event_time, shop,"),
    ]);
    expect(await page.locator(".diff .added").allInnerTexts()).toEqual([
      expect.stringContaining("UPPER(shop)"),
    ]);
    await keepPicture(page, "deploy");
    await applyIt(page);
    await planIt(page);
    await page.getByText("Nothing to do: the engines match the folders.").waitFor({ timeout: slowMs });

    await page.goto(`${address}/#/timeline`);
    await page.getByRole("combobox", { name: "pipeline" }).selectOption(folderName);
    await page.getByText(`submit ${folderName}/landing`).first().waitFor();
    await page
      .getByText(/by key [a-z2-7]{12}/)
      .first()
      .waitFor();
    await keepPicture(page, "timeline");
  });

  it("tells every mistake with its place", async () => {
    writePipeline("no_such_column");
    const page = await open("#/deploy");
    await planIt(page);
    await page.getByText(/jobs\/landing\.sql:\d+: .*no_such_column/).waitFor({ timeout: slowMs });
    writePipeline("UPPER(shop)");
  });
});

describe("SQL", () => {
  it("shows the answer, text of strangers as text", async () => {
    const page = await open("#/sql");
    await page
      .getByLabel(/^One statement/)
      .fill(
        `SELECT user_agent FROM lake.game.purchases WHERE user_id = '${user}' AND user_agent LIKE '%svg%' LIMIT 1`,
      );
    await page.getByRole("button", { name: "Ask" }).click();
    await page.getByRole("cell", { name: evil.agent, exact: true }).waitFor({ timeout: slowMs });
  });
});

describe("the page", () => {
  const places = {
    overview: "#/",
    lineage: "#/p/game",
    reports: "#/p/game/reports",
    report: "#/p/game/reports/members_by_guild",
    ledger: "#/p/game/ledger",
    quarantine: "#/p/game/quarantine",
    timeline: "#/timeline",
    alerts: "#/alerts",
    deploy: "#/deploy",
    sql: "#/sql",
  };

  it.each([
    ["light", 1280, 800],
    ["dark", 1280, 800],
    ["light", 390, 844],
  ] as const)("is fit for everybody: %s, %i pixels wide", async (scheme, width, height) => {
    const page = await open("", { scheme, width, height });
    const paintedMs: number[] = [];
    for (let load = 1; load <= 3 && !paintedMs.some((ms) => ms < 1000); load += 1) {
      if (load > 1) await page.reload();
      await waitFor("the page is painted", async () => {
        const [paint] = await page.evaluate(() =>
          performance.getEntriesByName("first-contentful-paint").map(({ startTime }) => startTime),
        );
        if (paint !== undefined) paintedMs.push(paint);
        return paint !== undefined;
      });
    }
    expect(Math.min(...paintedMs)).toBeLessThan(1000);
    for (const [name, hash] of Object.entries(places)) {
      await page.goto(`${address}/${hash}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page
        .getByText(/^Asking for/)
        .first()
        .waitFor({ state: "detached", timeout: slowMs });
      expect(await accessProblems(page), name).toEqual([]);
      const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
      expect(wide, `${name} is wider than the window`).toBeLessThanOrEqual(width);
      if (name === "overview" || name === "lineage") await keepPicture(page, `${name}-${scheme}-${width}`);
    }
  });

  it("goes by keyboard: from the first Tab to a pipeline's report", async () => {
    const page = await open("");
    await page.getByRole("link", { name: "game" }).first().waitFor();
    await page.keyboard.press("Tab");
    expect(await page.locator(":focus").innerText()).toBe("To the content");
    await page.keyboard.press("Enter");
    expect(await page.locator(":focus").getAttribute("id")).toBe("main");
    await page.getByRole("link", { name: "game" }).last().focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "game", level: 1 }).waitFor();
    expect(await page.locator(":focus").getAttribute("id")).toBe("main");
  });

  it("pages through ten thousand entries of the timeline without a pause", async () => {
    await store.transaction((client) =>
      client.query(
        `INSERT INTO history (at, who, action, subject, detail)
         SELECT now() - interval '30 days' - n * interval '1 s', 'test', 'note', $1, jsonb_build_object('n', n)
         FROM generate_series(1, 10000) AS n`,
        [user],
      ),
    );
    const page = await open("#/timeline");
    const older = page.getByRole("button", { name: "Older" });
    await page.getByText(/of \d\d,\d{3}$/).waitFor();
    for (let from = 51; from <= 501; from += 50) {
      const started = Date.now();
      await older.click();
      await page.getByText(new RegExp(`^${from} to `)).waitFor();
      expect(Date.now() - started).toBeLessThan(1000);
    }
    expect(await page.locator(".happening").count()).toBe(50);
  });
});
