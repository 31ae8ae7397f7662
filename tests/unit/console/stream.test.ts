// Alerts as they come: each change is told once, though the looks for them overlap.
import { expect, it } from "vitest";
import { loadPipelines } from "../../../flink-sql/folders.ts";
import type { AlertRow } from "../../../orchestrator/alerts/rows.ts";
import { alertEntry } from "../../../orchestrator/console/alert-entries.ts";
import { newsOf } from "../../../orchestrator/console/stream.ts";

const row = (id: string, updatedMs: number, over: Partial<AlertRow> = {}): AlertRow => ({
  pipeline: "shop",
  alert: "bot_bursts",
  id,
  key: {},
  value: { actions: "11", user_id: "9007199254740993", extra: { a: 1 } },
  raisedAt: new Date(0),
  updatedAt: new Date(updatedMs),
  state: "waiting",
  attempts: 2,
  lastError: "answered 503",
  nextTryAt: new Date(0),
  deliveredAt: null,
  ...over,
});

it("tells what is new or has changed, and nothing twice", () => {
  const news = newsOf();
  const ids = (rows: AlertRow[], now: number) => news(rows, now).map(({ id }) => id);
  expect(ids([row("a", 1), row("b", 2)], 10)).toEqual(["a", "b"]);
  expect(ids([row("a", 1), row("b", 2)], 20)).toEqual([]);
  expect(ids([row("a", 5), row("b", 2)], 30)).toEqual(["a"]);
});

it("says its fields in the contract's order, every digit, and how the webhook was told", async () => {
  const shop = (await loadPipelines()).find(({ name }) => name === "shop")!;
  const entry = alertEntry(shop, row("a", 1));
  expect(entry.says).toEqual([
    ["user_id", "9007199254740993"],
    ["actions", "11"],
    ["extra", '{"a":1}'],
  ]);
  expect(entry.delivery).toBe("waiting, 2 tries: answered 503");
  expect(entry.description).not.toBe("");
});
