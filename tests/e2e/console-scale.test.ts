// The console with 5 pipelines, 50 jobs each and 10,000 entries of history: smooth, and nothing is held on to.

import axios from "axios";
import type { CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TimelinePage } from "../../orchestrator/console/api.ts";
import { openStore, type Store } from "../../orchestrator/engines/store.ts";
import { type ConsoleBrowser, type Seen, startBrowser } from "../support/browser.ts";
import {
  crowd,
  crowdPage,
  heldBy,
  longTasks,
  median,
  scrollFrames,
  watchPage,
  workMs,
} from "../support/console-crowd.ts";
import { isolated, services } from "../support/services.ts";

const entries = 10_000;
const pageSize = 50;
/** A person takes what comes within a tenth of a second for at once. */
const atOnceMs = 100;
const who = isolated("scale");
const print = (line: string) => process.stdout.write(`${line}\n`);

let address: string;
let browser: ConsoleBrowser;
let store: Store;
let seen: Seen;
let page: Page;
let session: CDPSession;

/** Entries long before all others: what other tests look for stays on the first page. */
const addHistory = () =>
  store.transaction((client) =>
    client.query(
      `INSERT INTO history (at, who, action, subject, detail)
       SELECT TIMESTAMPTZ '2020-01-01' + n * INTERVAL '1 minute', $1, 'apply', 'game/job_' || n,
         jsonb_build_object('savepoint', 's3://lake/' || repeat('x', 200) || n, 'actions', n)
       FROM generate_series(1, ${entries}) AS n`,
      [who],
    ),
  );

beforeAll(async () => {
  const running = await services();
  address = running.connection.addresses.console;
  [browser, store] = await Promise.all([startBrowser(address), openStore(running.postgres)]);
  await addHistory();
  seen = await browser.open();
  page = seen.page;
  session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  await watchPage(page);
  await crowdPage(page);
});

afterAll(async () => {
  await store?.transaction((client) =>
    client.query("DELETE FROM history WHERE who = $1 OR subject = $1", [who]),
  );
  await Promise.allSettled([seen?.close(), browser?.close(), store?.close()]);
});

/** Does something on the page often, and prints and gives the work it took each time, in ms of the thread. */
async function measured(what: string, times: number, act: (at: number) => Promise<void>): Promise<number> {
  const works: number[] = [];
  await longTasks(page);
  for (let at = 0; at < times; at += 1) {
    const before = await workMs(session);
    await act(at);
    works.push((await workMs(session)) - before);
  }
  const long = await longTasks(page);
  const frames = await scrollFrames(page);
  print(
    `${what}: ${median(works).toFixed(0)} ms of work each time, at most ${Math.max(...works).toFixed(0)}; ` +
      `long tasks: ${long.length === 0 ? "none" : long.join(", ")}; ` +
      `frames while scrolling: ${median(frames).toFixed(0)} ms, at most ${Math.max(...frames).toFixed(0)}`,
  );
  return median(works);
}

describe("a timeline of 10,000 entries", () => {
  it("is read from Postgres at once, the first page and the last", async () => {
    const ask = async (offset: number) => {
      const startedAt = performance.now();
      const { data } = await axios.get<TimelinePage>(`${address}/api/timeline`, {
        params: { limit: pageSize, offset, kind: "deploy" },
      });
      expect(data.entries).toHaveLength(pageSize);
      expect(data.total).toBeGreaterThanOrEqual(entries);
      return performance.now() - startedAt;
    };
    for (const offset of [0, entries - pageSize]) {
      const took = [
        await ask(offset),
        await ask(offset),
        await ask(offset),
        await ask(offset),
        await ask(offset),
      ];
      print(`page at ${offset}: ${took.map((ms) => ms.toFixed(0)).join(", ")} ms`);
      // The quickest: a machine that does much else makes any of them late.
      expect(Math.min(...took)).toBeLessThan(3 * atOnceMs);
    }
  });

  it("is turned page by page, and each page is as quick as the first", async () => {
    await page.goto(`${address}/#/timeline`);
    await page.getByLabel("kind").selectOption("deploy");
    const turned = page.getByRole("status");
    const work = await measured("a page of the timeline", 20, async (at) => {
      await page.getByRole("button", { name: "Older" }).click();
      await turned
        .getByText(`${((at + 1) * pageSize + 1).toLocaleString("en")} to`, { exact: false })
        .waitFor();
    });
    expect(work).toBeLessThan(atOnceMs);
    expect(
      await page
        .getByRole("listitem")
        .filter({ has: page.locator(".tag") })
        .count(),
    ).toBeLessThanOrEqual(pageSize);
  });
});

describe(`${crowd.pipelines} pipelines of ${crowd.jobs} jobs`, () => {
  it("are shown, and drawn with new numbers, without holding the page up", async () => {
    await page.goto(`${address}/#/`);
    await page
      .locator(".card")
      .nth(crowd.pipelines - 1)
      .waitFor();
    const answered = () => page.waitForResponse((answer) => answer.url().endsWith("/api/overview"));
    expect(
      await measured("the overview with new numbers", 3, async () => void (await answered())),
    ).toBeLessThan(atOnceMs);
    await page.goto(`${address}/#/p/game`);
    await page.getByText("job_49", { exact: false }).first().waitFor();
    expect(
      await measured("50 jobs drawn with new numbers", 3, async () => void (await answered())),
    ).toBeLessThan(2 * atOnceMs);
  });

  it("leave nothing behind: heap, nodes and listeners are as before after many pages and live events", async () => {
    const routes = ["#/", "#/p/game", "#/timeline", "#/p/game/reports", "#/alerts", "#/sql", "#/deploy"];
    const round = async () => {
      for (const route of routes) {
        await page.goto(`${address}/${route}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        // Has the stream tell the page that the history has grown.
        await store.addHistory("scale", who, {});
      }
    };
    await round();
    await round();
    const before = await heldBy(session);
    for (let n = 0; n < 8; n += 1) await round();
    const after = await heldBy(session);
    print(
      `held before: ${before.heapMiB.toFixed(2)} MiB, ${before.domNodes} nodes, ${before.listeners} listeners; ` +
        `after ${8 * routes.length} pages: ${after.heapMiB.toFixed(2)} MiB, ${after.domNodes} nodes, ${after.listeners} listeners`,
    );
    expect(after.heapMiB - before.heapMiB).toBeLessThan(1.5);
    expect(after.domNodes).toBeLessThan(before.domNodes + 3000);
    expect(after.listeners).toBeLessThan(before.listeners + 200);
    expect(seen.wrong).toEqual([]);
  });
});
