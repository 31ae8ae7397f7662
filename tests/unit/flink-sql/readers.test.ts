import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  amount,
  byteSize,
  date,
  decimal,
  time,
  Unreadable,
  unquoted,
  wholeNumber,
  yesNo,
} from "../../../flink-sql/pipeline.ts";

const moments = fc.date({
  min: new Date("0001-01-02T00:00:00Z"),
  max: new Date("9999-12-30T00:00:00Z"),
  noInvalidDate: true,
});
const two = (n: number) => String(n).padStart(2, "0");
const monthNames =
  "January February March April May June July August September October November December".split(" ");

/** A moment in a format, written by other means than the reader's. */
const written: Record<string, (at: Date) => string> = {
  "yyyy-MM-dd HH:mm:ss 'UTC'": (at) =>
    at
      .toISOString()
      .replace("T", " ")
      .replace(/\.\d+Z/, " UTC"),
  "M/d/yyyy H:mm": (at) =>
    `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.toISOString().slice(0, 4)} ${at.getUTCHours()}:${two(at.getUTCMinutes())}`,
  "MMMM d, yyyy": (at) =>
    `${monthNames[at.getUTCMonth()]} ${at.getUTCDate()}, ${at.toISOString().slice(0, 4)}`,
  "dd MMM yyyy, HH'h'mm": (at) =>
    `${two(at.getUTCDate())} ${monthNames[at.getUTCMonth()]!.slice(0, 3).toUpperCase()} ${at.toISOString().slice(0, 4)}, ${two(at.getUTCHours())}h${two(at.getUTCMinutes())}`,
};
/** What a format keeps of a moment. */
const kept: Record<string, number> = {
  "yyyy-MM-dd HH:mm:ss 'UTC'": 1000,
  "M/d/yyyy H:mm": 60_000,
  "MMMM d, yyyy": 86_400_000,
  "dd MMM yyyy, HH'h'mm": 60_000,
};

describe("time", () => {
  it.each(Object.keys(written))("reads what is written as %s, whatever the moment", (format) => {
    const read = time(format);
    fc.assert(
      fc.property(moments, (at) => {
        const whole = Math.floor(at.getTime() / kept[format]!) * kept[format]!;
        expect(read(written[format]!(at))).toBe(new Date(whole).toISOString());
      }),
    );
  });

  it("takes exactly the days that the calendar has", () => {
    const read = time("yyyy-M-d");
    const parts = fc.tuple(
      fc.integer({ min: 1, max: 9999 }),
      fc.integer({ min: 0, max: 14 }),
      fc.integer({ min: 0, max: 33 }),
    );
    fc.assert(
      fc.property(parts, ([year, month, day]) => {
        const text = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
        const at = new Date(`${text}T00:00:00Z`);
        const isReal = !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
        if (isReal) expect(read(text)).toBe(`${text}T00:00:00.000Z`);
        else expect(() => read(text)).toThrow(Unreadable);
      }),
    );
  });

  it.each([
    ["2024-02-29", "2024-02-29T00:00:00.000Z"],
    ["2000-02-29", "2000-02-29T00:00:00.000Z"],
    ["2023-02-29", undefined],
    ["1900-02-29", undefined],
    ["2019-04-31", undefined],
    ["2019-13-01", undefined],
    ["2019-00-10", undefined],
    ["0000-01-01", undefined],
  ])("knows leap days: %s", (text, expected) => {
    const read = time("yyyy-MM-dd");
    if (expected) expect(read(text)).toBe(expected);
    else expect(() => read(text)).toThrow(`'${text}' is no time as yyyy-MM-dd`);
  });

  it("knows hours, minutes and seconds", () => {
    const read = time("yyyy-MM-dd HH:mm:ss");
    for (const text of ["2019-10-01 24:00:00", "2019-10-01 00:60:00", "2019-10-01 00:00:60"])
      expect(() => read(text)).toThrow(Unreadable);
    expect(read(" 2019-10-01 23:59:59 ")).toBe("2019-10-01T23:59:59.000Z");
  });

  it("takes two-digit years 69 to 99 for the 1900s, and 00 to 68 for the 2000s", () => {
    const read = time("M/d/yy H:mm");
    expect(read("2/19/18 2:05")).toBe("2018-02-19T02:05:00.000Z");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99 }), (year) => {
        const century = year >= 69 ? "19" : "20";
        expect(read(`3/1/${two(year)} 0:00`)).toBe(`${century}${two(year)}-03-01T00:00:00.000Z`);
      }),
    );
  });

  it("counts an offset, over the day's bounds too", () => {
    const read = time("yyyy-MM-dd HH:mm:ssXXX");
    expect(read("2021-01-14 22:09:05+00:00")).toBe("2021-01-14T22:09:05.000Z");
    expect(read("2021-01-14 22:09:05Z")).toBe("2021-01-14T22:09:05.000Z");
    expect(read("2021-01-01 01:00:00+05:30")).toBe("2020-12-31T19:30:00.000Z");
    expect(read("2020-12-31 20:00:00-08:00")).toBe("2021-01-01T04:00:00.000Z");
    for (const text of ["2021-01-14 22:09:05+0000", "2021-01-14 22:09:05+25:00", "2021-01-14 22:09:05"])
      expect(() => read(text)).toThrow(Unreadable);
  });

  it("tries the formats in order", () => {
    const read = time("yyyy-MM-dd HH:mm:ss 'UTC'", "M/d/yyyy H:mm", "M/d/yy H:mm");
    expect(read("2019-10-01 00:00:00 UTC")).toBe("2019-10-01T00:00:00.000Z");
    expect(read("11/7/2017 9:30")).toBe("2017-11-07T09:30:00.000Z");
    expect(read("2/19/18 2:05")).toBe("2018-02-19T02:05:00.000Z");
    expect(() => read("yesterday")).toThrow(
      "'yesterday' is no time as yyyy-MM-dd HH:mm:ss 'UTC' or M/d/yyyy H:mm or M/d/yy H:mm",
    );
  });

  it("throws nothing but Unreadable, and takes no signs of patterns for such", () => {
    const read = time("yyyy-MM-dd HH:mm:ss '(o''clock.)'");
    expect(read("2019-10-01 00:00:00 (o'clock.)")).toBe("2019-10-01T00:00:00.000Z");
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => read(text)).toThrow(Unreadable);
      }),
    );
  });

  it.each([
    [[], /needs a format/],
    [["yyyy-MM-dd T"], /has 'T', which is no token/],
    [["yyyy-MM-dd 'T"], /has a quote that isn't closed/],
    [["yyyy-MM-dd yyyy"], /has the year twice/],
    [["yyyy-MM"], /has no day/],
    [["d.M. HH:mm"], /has no year/],
  ])("refuses the formats %j", (formats, message) => {
    expect(() => time(...formats)).toThrow(message);
  });
});

describe("date", () => {
  it("reads words and digits as a day", () => {
    const read = date("MMMM d, yyyy", "d-MMM-yy");
    expect(read("January 7, 2018")).toBe("2018-01-07");
    expect(read("december 31, 0099")).toBe("0099-12-31");
    expect(read("1-Aug-18")).toBe("2018-08-01");
    expect(() => read("February 30, 2018")).toThrow(
      "'February 30, 2018' is no date as MMMM d, yyyy or d-MMM-yy",
    );
    expect(() => read("1.0.19")).toThrow(Unreadable);
  });

  it("refuses a format with a time of day", () => {
    expect(() => date("yyyy-MM-dd HH")).toThrow(/has the hour, and a date has none/);
  });
});

describe("wholeNumber", () => {
  const read = wholeNumber();

  it("reads every whole number, with separators or as a float", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (n) => {
        expect(read(String(n))).toBe(n);
        expect(read(n.toLocaleString("en-US"))).toBe(n);
        expect(read(`${n}.0`)).toBe(n);
      }),
    );
    expect(read("1,000,000+")).toBe(1_000_000);
    expect(Object.is(read("-0"), 0)).toBe(true);
  });

  it.each([
    "",
    "+",
    "1,00",
    "10,00,000",
    "1.5",
    "2.1E+18",
    "3.0M",
    "Free",
    "0x10",
    "9007199254740993",
    "NaN",
  ])("doesn't read '%s'", (text) => {
    expect(() => read(text)).toThrow(Unreadable);
  });
});

describe("amount", () => {
  const read = amount();

  it.each([
    ["$4.99", "4.99"],
    ["1,299.00", "1299.00"],
    ["-$1,000", "-1000"],
    ["€ 007.50", "7.50"],
    ["0", "0"],
    ["0.0", "0.0"],
  ])("reads '%s' as %s", (text, expected) => {
    expect(read(text)).toBe(expected);
    expect(decimal(10, 2).parse(expected)).toBe(expected);
  });

  it("keeps every digit", () => {
    const cents = fc.bigInt({ min: 0n, max: 10n ** 30n });
    fc.assert(
      fc.property(cents, (n) => {
        const text = `${n / 100n}.${two(Number(n % 100n))}`;
        expect(read(`$${text}`)).toBe(text);
      }),
    );
  });

  it.each([
    "",
    "$",
    "4.99.1",
    "4,9",
    "1e3",
    "free",
    "$$1",
    "1 000",
    ".5",
    "5.",
  ])("doesn't read '%s'", (text) => {
    expect(() => read(text)).toThrow(Unreadable);
  });
});

describe("yesNo", () => {
  it("reads its words in any case, and no others", () => {
    const read = yesNo("True", "False");
    expect(["True", "true", " FALSE "].map(read)).toEqual([true, true, false]);
    expect(() => read("1")).toThrow("'1' is no True or False");
  });
});

describe("unquoted", () => {
  const read = unquoted();

  it("takes off quotes that stand at both ends", () => {
    expect(["'abc'", '"abc"', "abc", "O'Neil"].map(read)).toEqual(["abc", "abc", "abc", "O'Neil"]);
    expect(["''", '""', ""].map(read)).toEqual([undefined, undefined, ""]);
  });

  it.each(["'abc", "abc'", "'abc\"", "'"])("doesn't read %s", (text) => {
    expect(() => read(text)).toThrow(Unreadable);
  });
});

describe("byteSize", () => {
  const read = byteSize("Varies with device");

  it("reads sizes as bytes, and the given words as no value", () => {
    expect(["19M", "316k", "8.7M", "1.5G", "1,024K"].map(read)).toEqual([
      19 * 1024 ** 2,
      316 * 1024,
      9_122_611,
      1.5 * 1024 ** 3,
      1024 ** 2,
    ]);
    expect(read("varies with device")).toBeUndefined();
  });

  it.each(["", "19", "M", "1,000+", "Varies", "1.M"])("doesn't read '%s'", (text) => {
    expect(() => read(text)).toThrow(`'${text}' is no size such as 19M or 316k, nor Varies with device`);
  });
});

it("shows only the start of a long text", () => {
  expect(() => time("yyyy-MM-dd")("x".repeat(1000))).toThrow(`'${"x".repeat(50)}…' is no time as yyyy-MM-dd`);
});
