// Numbers and times on the console's page, as people read them.
import { expect, it } from "vitest";
import { ago, count, many, rate, shortCount, span, time } from "../../../console/src/words.ts";

it("shows every digit of a count, beyond 2^53 too", () => {
  expect([count(0), count(1234567), count("9007199254740993"), count(null)]).toEqual([
    "0",
    "1,234,567",
    "9,007,199,254,740,993",
    "–",
  ]);
  expect([shortCount(9999), shortCount(1_234_567)]).toEqual(["9,999", "1.2M"]);
});

it("says rates with a decimal only where it tells something", () => {
  expect([rate(null), rate(0), rate(0.25), rate(9.96), rate(1234.5)]).toEqual([
    "–",
    "0/s",
    "0.3/s",
    "10.0/s",
    "1,235/s",
  ]);
});

it("says spans in the unit that fits", () => {
  const said = [-5, 12, 999, 1000, 9900, 59_000, 120_000, 7_200_000, 3 * 86_400_000].map(span);
  expect(said).toEqual(["0 ms", "12 ms", "999 ms", "1.0 s", "9.9 s", "59 s", "2 min", "2 h", "3 d"]);
});

it("says how long ago, and never for no time at all", () => {
  const now = Date.parse("2026-11-23T18:00:00Z");
  expect(ago("2026-11-23T17:59:58Z", now)).toBe("2.0 s ago");
  expect(ago("2026-11-23T18:00:05Z", now)).toBe("now");
  expect([ago(null, now), ago("no time", now)]).toEqual(["never", "never"]);
});

it("writes times in UTC, and what is no time as it is", () => {
  expect(time("2026-11-23T19:00:00.5+01:00")).toBe("2026-11-23 18:00:00");
  expect(time("soon")).toBe("soon");
});

it("counts one and many", () => {
  expect([many(1, "row"), many(0, "row"), many(1200, "entry", "entries")]).toEqual([
    "1 row",
    "0 rows",
    "1,200 entries",
  ]);
});
