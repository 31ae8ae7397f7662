// A ledger that is open raises an alert once, and another when it has closed; --watch prints a line per look.
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AlertRow, listAlerts } from "../../orchestrator/alerts/rows.ts";
import { openStore, type Store } from "../../orchestrator/engines/store.ts";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import { tellLedger } from "../../orchestrator/ledger/watch.ts";
import { repository } from "../../stack/config.ts";
import { isolated, services } from "../support/services.ts";

let store: Store;

beforeAll(async () => {
  store = await openStore((await services()).postgres);
});

afterAll(() => store.close());

it("tells that a ledger is open once, with the first place, and that it has closed", async () => {
  const pipeline = isolated("ledger");
  const problem = { kind: "lost", topic: "events", partition: 3, offset: 71, detail: "event_id x" } as const;
  const ledger = (closed: boolean) =>
    ({ pipeline, closed, problems: closed ? [] : [problem] }) as unknown as Ledger;
  const raised = async (): Promise<AlertRow["value"][]> =>
    (await store.transaction((client) => listAlerts(client, { pipeline, since: new Date(0) }))).map(
      ({ value }) => value,
    );
  await tellLedger(store, ledger(true));
  expect(await raised()).toEqual([]);
  await tellLedger(store, ledger(false), new Date("2026-01-01T00:00:00Z"));
  await tellLedger(store, ledger(false), new Date("2026-01-01T00:05:00Z"));
  const since = "2026-01-01T00:00:00.000Z";
  const open = { state: "open", since, problems: 1, first: "lost: events 3 at 71" };
  expect(await raised()).toEqual([open]);
  await tellLedger(store, ledger(true));
  await tellLedger(store, ledger(true));
  expect(await raised()).toEqual([open, { state: "closed", since, problems: 0 }]);
  await tellLedger(store, ledger(false));
  expect((await raised()).map(({ state }) => state)).toEqual(["open", "closed", "open"]);
});

it("is printed at each look, until a signal", async () => {
  const watching = execa(
    process.execPath,
    ["orchestrator/bin.js", "ledger", "game", "--watch", "0.5", "--json"],
    {
      cwd: repository,
      stdin: "ignore",
      reject: false,
    },
  );
  let looks = 0;
  for await (const line of watching) {
    expect(JSON.parse(line)).toMatchObject({ pipeline: "game" });
    looks += 1;
    if (looks === 2) watching.kill("SIGINT");
  }
  expect(looks).toBeGreaterThanOrEqual(2);
  expect([0, 1]).toContain((await watching).exitCode);
});
