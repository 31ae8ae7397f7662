// What the command history takes and says.
import { expect, it } from "vitest";
import { readSince, whyOf } from "../../../orchestrator/commands/history.ts";

const now = new Date("2026-03-01T12:00:00Z");

it.each([
  ["90s", "2026-03-01T11:58:30.000Z"],
  ["2h", "2026-03-01T10:00:00.000Z"],
  ["7d", "2026-02-22T12:00:00.000Z"],
  ["2026-02-28", "2026-02-28T00:00:00.000Z"],
  ["2026-02-28 12:30", "2026-02-28T12:30:00.000Z"],
  ["2026-02-28T12:30:00+02:00", "2026-02-28T10:30:00.000Z"],
])("reads --since %s", (text, time) => {
  expect(readSince(text, now).toISOString()).toBe(time);
});

it.each(["yesterday", "2h ago", "", "2026-13-01", "2026-02-28T99:00"])("refuses --since '%s'", (text) => {
  expect(() => readSince(text, now)).toThrow(/--since .*: give a time such as/);
});

it.each([
  [{ why: "the filter was wrong", changes: ["~ job"] }, "the filter was wrong"],
  [{ reason: "no slot\nat …" }, "no slot"],
  [
    { changes: ["~ job p/a: its SQL changed\n    = kept", "+ topic"] },
    "~ job p/a: its SQL changed and 1 more",
  ],
  [{ restoredFrom: "file:///c/7f/chk-12" }, "from chk-12"],
  [{ savepoint: "file:///s/savepoint-1" }, "to savepoint-1"],
  [{ state: "closed", why: "" }, "it is over"],
  [{ flinkJobId: "1" }, ""],
])("says why: %o", (detail, why) => {
  expect(whyOf({ detail })).toBe(why);
});
