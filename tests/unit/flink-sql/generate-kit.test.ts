// Seeded numbers, skewed picks, ids without repetition, and texts as CSV files have them.
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  byWeight,
  createDraws,
  csvRow,
  csvRowInQuotes,
  hundredths,
  powerLaw,
  quotient,
  scramble,
  thousands,
  timeWriter,
  weighted,
} from "../../../flink-sql/generate-kit.ts";

const many = 100_000;
const countOf = (make: () => number, size: number) => {
  const counts = new Array<number>(size).fill(0);
  for (let n = 0; n < many; n++) counts[make()]!++;
  return counts;
};

describe("draws", () => {
  const firstOf = (seed: number, name?: string) => {
    const draws = createDraws(seed, name);
    return Array.from({ length: 5 }, () => draws.bits());
  };

  it("are the same for a seed and a name, and others for others", () => {
    expect(firstOf(7, "rows")).toEqual(firstOf(7, "rows"));
    const all = [firstOf(7), firstOf(8), firstOf(7 + 2 ** 32), firstOf(7, "rows"), firstOf(7, "damage")];
    expect(new Set(all.flat()).size).toBe(25);
  });

  it("start again at any number, and give each its own", () => {
    const draws = createDraws(7);
    const at = (n: number) => [draws.at(n).bits(), draws.bits()];
    const first = at(5);
    const all = [0, 1, 2 ** 32, 2 ** 40].map(at);
    expect(at(5)).toEqual(first);
    expect(new Set([...first, ...all.flat()]).size).toBe(10);
  });

  it("spread evenly over a range, its ends included", () => {
    const draws = createDraws(1);
    for (const count of countOf(() => draws.between(3, 12) - 3, 10)) {
      expect(count).toBeGreaterThan(9500);
      expect(count).toBeLessThan(10_500);
    }
  });

  it("are exact beyond 32 bits, and stay below their limit", () => {
    const draws = createDraws(1);
    const limit = 2 ** 53;
    const values = Array.from({ length: 1000 }, () => draws.below(limit));
    expect(values.every((value) => Number.isSafeInteger(value) && value >= 0)).toBe(true);
    expect(Math.max(...values)).toBeGreaterThan(limit * 0.99);
    expect(values.some((value) => value % 2 === 1)).toBe(true);
  });

  it("hold at chance's ends", () => {
    const draws = createDraws(1);
    expect(countOf(() => (draws.chance(0) ? 1 : 0), 2)).toEqual([many, 0]);
    expect(countOf(() => (draws.chance(1) ? 1 : 0), 2)).toEqual([0, many]);
  });

  it("are normal with mean 0 and deviation 1", () => {
    const draws = createDraws(5);
    const values = Array.from({ length: many }, () => draws.normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / many;
    expect(mean).toBeCloseTo(0, 1);
    expect(values.reduce((sum, value) => sum + value * value, 0) / many).toBeCloseTo(1, 1);
  });
});

describe("weights", () => {
  it("are kept, and what has none is never picked", () => {
    const draws = createDraws(2);
    const pick = byWeight([1, 0, 3, 6]);
    const [one = 0, none, three = 0, six = 0] = countOf(() => pick(draws), 4);
    expect(none).toBe(0);
    expect(one / many).toBeCloseTo(0.1, 2);
    expect(three / many).toBeCloseTo(0.3, 2);
    expect(six / many).toBeCloseTo(0.6, 2);
  });

  it("belong to values", () => {
    const pick = weighted([
      ["often", 1],
      ["never", 0],
    ]);
    expect(pick(createDraws(3))).toBe("often");
    expect(() => byWeight([0, 0])).toThrow("at least one weight above 0");
  });

  it("fall by a power", () => {
    const draws = createDraws(4);
    const pick = powerLaw(100, 1);
    const counts = countOf(() => pick(draws), 100);
    expect(counts[0]! / counts[9]!).toBeGreaterThan(8);
    expect(counts[0]! / counts[9]!).toBeLessThan(12);
    expect(counts.every((count) => count > 0)).toBe(true);
  });
});

describe("scramble", () => {
  it("gives each number of the range once", () => {
    const seen = new Set(Array.from({ length: 4 ** 7 }, (_, n) => scramble(n, 7, 99)));
    expect(seen.size).toBe(4 ** 7);
    expect(Math.max(...seen)).toBe(4 ** 7 - 1);
  });

  it("has no order, and another one for another seed", () => {
    const first = Array.from({ length: 1000 }, (_, n) => scramble(n, 26, 1));
    const rising = first.filter((value, n) => n > 0 && value > first[n - 1]!).length;
    expect(rising).toBeGreaterThan(400);
    expect(rising).toBeLessThan(600);
    expect(scramble(1, 26, 2)).not.toBe(first[1]);
    expect(first.every((value) => Number.isSafeInteger(value) && value >= 0 && value < 4 ** 26)).toBe(true);
  });
});

describe("texts", () => {
  it("of rows are read by a CSV parser as they were, in quotes or not", () => {
    const fields = fc.array(
      fc.string().map((text) => text.replaceAll("\ufeff", "")),
      { minLength: 2 },
    );
    fc.assert(
      fc.property(fields, (row) => {
        for (const text of [csvRow(row), csvRowInQuotes(row)]) expect(parse(`${text}\n`)).toEqual([row]);
      }),
    );
  });

  it.each([
    [0, "0.00"],
    [5, "0.05"],
    [1299, "12.99"],
    [-150, "-1.50"],
    [123_456_789_012_345, "1234567890123.45"],
  ])("of %d hundredths is %s", (value, text) => {
    expect(hundredths(value)).toBe(text);
  });

  it.each([
    [1, 3, 4, 0, "0.3333"],
    [2, 3, 4, 0, "0.6667"],
    [1, 8, 2, 0, "0.13"],
    [201, 200, 2, 2, "0.01"],
    [1005, 1, 2, 3, "1.01"],
    [10_049_999, 1, 2, 7, "1.00"],
    [239_245, 1_335_448, 4, 0, "0.1791"],
    [390, 866_871, 4, 0, "0.0004"],
    [7, 2, 0, 0, "4"],
    [2n ** 70n, 2n ** 69n, 3, 0, "2.000"],
  ])("of %d by %d in %d digits is rounded once", (above, below, scale, unit, text) => {
    expect(quotient(above, below, scale, unit)).toBe(text);
  });

  it.each([
    ["999", "999"],
    ["1299.00", "1,299.00"],
    ["1234567.8901", "1,234,567.8901"],
    ["1000000", "1,000,000"],
  ])("of %s in threes is %s", (number, text) => {
    expect(thousands(number)).toBe(text);
  });

  it.each([
    ["yyyy-MM-dd HH:mm:ss 'UTC'", "2018-02-09 02:05:07 UTC"],
    ["yyyy-MM-dd HH:mm:ssXXX", "2018-02-09 02:05:07+00:00"],
    ["M/d/yyyy H:mm", "2/9/2018 2:05"],
    ["M/d/yy H:mm", "2/9/18 2:05"],
    ["MMMM d, yyyy", "February 9, 2018"],
    ["MMM dd", "Feb 09"],
  ])("of a time in %s is %s", (format, text) => {
    expect(timeWriter(format)(Date.UTC(2018, 1, 9, 2, 5, 7))).toBe(text);
  });

  it("of a time refuse a letter that is no token", () => {
    expect(() => timeWriter("yyyy UTC")).toThrow("'U' is no token");
  });
});
