import { describe, expect, it } from "vitest";
import { z } from "zod";
import { decimal, definePipeline, event, id64, topic } from "../../../flink-sql/pipeline.ts";

const refusal = (type: z.ZodType, value: unknown) =>
  type.safeParse(value).error?.issues.map((i) => i.message);

describe("decimal", () => {
  it.each<[number, number, string[], string[]]>([
    [
      10,
      2,
      ["0", "-1", "12345678", "12345678.9", "-0.99"],
      ["", "-", ".5", "5.", "123456789", "0.123", "1e3", "+1", " 1", "1\n", "١"],
    ],
    [5, 0, ["0", "99999", "-99999"], ["", "-", "1.0", "1.", "100000"]],
    [3, 3, ["0", "-0", "0.1", "0.125", "-0.999"], ["", "-", ".", "-.", ".125", "1", "1.0", "0.1234"]],
    [38, 18, ["12345678901234567890.123456789012345678"], ["123456789012345678901"]],
  ])("DECIMAL(%i,%i) takes what fits, exactly", (precision, scale, good, bad) => {
    const type = decimal(precision, scale);
    expect(good.filter((value) => !type.safeParse(value).success)).toEqual([]);
    expect(bad.filter((value) => type.safeParse(value).success)).toEqual([]);
    expect(refusal(type, "x")).toEqual([`Not a DECIMAL(${precision},${scale})`]);
  });

  it("takes no number: it would be inexact", () => {
    expect(decimal(10, 2).safeParse(1.1).success).toBe(false);
  });
});

describe("id64", () => {
  it.each(["0", "9007199254740993", "9223372036854775807", "0000000000000000001"])("takes %s", (id) => {
    expect(id64().parse(id)).toBe(id);
  });

  it.each(["9223372036854775808", "9999999999999999999"])("refuses %s, beyond 64 bits", (id) => {
    expect(refusal(id64(), id)).toEqual(["Beyond 64 bits"]);
  });

  it.each(["", "-1", "abc", "1.0", "0x1f", "12345678901234567890", "1\n"])("refuses %j, no digits", (id) => {
    expect(refusal(id64(), id)).toEqual(["Not a 64-bit id: digits in a string expected"]);
  });
});

describe("declarations", () => {
  it("fill in what is left out, and keep what is said", () => {
    const a = event("A", { user_id: z.string() });
    expect(a).toMatchObject({ description: "A", computed: {} });
    expect(a).not.toHaveProperty("path");
    const declared = definePipeline({ title: "T", topics: { t: topic({ key: "user_id", events: { a } }) } });
    expect(declared).toMatchObject({ freshnessMs: 2000, deduplicationMs: 86_400_000, parallelism: 1 });
    expect(declared.topics.t).toMatchObject({ partitions: 4, retentionMs: 7 * 86_400_000 });
    expect(definePipeline({ title: "T", topics: {}, freshnessMs: 500 }).freshnessMs).toBe(500);
    expect(topic({ key: "k", events: {}, partitions: 12 }).partitions).toBe(12);
    expect(event("A", {}, { path: "/" }).path).toBe("/");
  });
});
