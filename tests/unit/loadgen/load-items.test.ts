import { describe, expect, it } from "vitest";
import { contentId } from "../../../flink-sql/content-id.ts";
import { createItems } from "../../../loadgen/replay/load-items.ts";
import type { EventRow } from "../../../loadgen/replay/rows.ts";

const at = "2020-01-01T00:00:00.000Z";
const row = (fields: Record<string, unknown>, eventTime?: string, line = 2): EventRow => ({
  line,
  made: { type: "sale", fields, eventTime },
  payload: "the row's text",
});
const items = (shiftMs = 0) => createItems("shop", "dir/a.csv", () => shiftMs);
const sent = (one: EventRow, shiftMs = 0) => JSON.parse(items(shiftMs)(one, "sale").text);

describe("a row that reads", () => {
  it("is sent with its place and an id by its content", () => {
    expect(sent(row({ a: "x", n: 1 }, at))).toEqual({
      event_type: "sale",
      event_id: contentId("shop", "sale", { a: "x", n: 1, event_time: at }),
      source: { file: "dir/a.csv", line: 2 },
      a: "x",
      n: 1,
      event_time: at,
    });
    expect(sent(row({}))).toEqual({
      event_type: "sale",
      event_id: contentId("shop", "sale", {}),
      source: { file: "dir/a.csv", line: 2 },
    });
    expect(sent(row({}, at))).toMatchObject({ event_id: contentId("shop", "sale", { event_time: at }) });
  });

  it("is the same event in any file, on any line and at any shift, and another one where a value differs", () => {
    const { event_id: id } = sent(row({ a: "x" }, at));
    expect(id).toMatch(/^[0-9a-f]{40}$/);
    expect(createItems("shop", "b.csv", () => 0)(row({ a: "x" }, at, 99), "sale").id).toBe(id);
    expect(sent(row({ a: "x" }, at), 3_600_000)).toMatchObject({
      event_id: id,
      event_time: "2020-01-01T01:00:00.000Z",
    });
    const others = [
      sent(row({ a: "y" }, at)),
      sent(row({ b: "x" }, at)),
      sent(row({ a: "x" })),
      JSON.parse(createItems("mall", "a.csv", () => 0)(row({ a: "x" }, at), "sale").text),
    ];
    expect(new Set([id, ...others.map(({ event_id }) => event_id)]).size).toBe(5);
  });
});

describe("a row that can't be read", () => {
  const bad: EventRow = {
    line: 7,
    made: { fault: { reason: "value_unreadable", message: "m".repeat(2000), path: "price" } },
    payload: "p".repeat(200_000),
  };

  it("is sent with its reason, within the API's bounds", () => {
    const { event_type, unreadable, source, ...more } = JSON.parse(items()(bad, "sale").text);
    expect([event_type, source, more]).toEqual(["sale", { file: "dir/a.csv", line: 7 }, {}]);
    expect(unreadable).toEqual({
      reason: "value_unreadable",
      path: "price",
      message: "m".repeat(1000),
      payload: "p".repeat(100_000),
    });
    expect(JSON.parse(items()(bad, undefined).text)).not.toHaveProperty("event_type");
  });

  it.each([
    ["too long", { a: "x".repeat(400_000) }, "row_too_long"],
    ["half a surrogate pair", { a: "\ud800" }, "json_invalid"],
  ])("is one with %s, too", (_, fields, reason) => {
    expect(sent(row(fields))).toMatchObject({ unreadable: { reason, payload: "the row's text" } });
  });

  it("is not one that only looks like half a pair", () => {
    expect(sent(row({ a: "\\ud800", b: "\u{1f600}" }))).toMatchObject({ a: "\\ud800", b: "\u{1f600}" });
  });
});
