import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fieldWords, mayBeLeftOut, typeText } from "../../../client/field-type.ts";
import { decimal, id64 } from "../../../flink-sql/pipeline.ts";

describe("typeText", () => {
  it.each<[string, z.ZodType, string]>([
    ["string", z.string().min(1), "string"],
    ["uuid", z.uuid(), "string"],
    ["email", z.email(), "string"],
    ["time of day", z.iso.time(), "string"],
    ["enum", z.enum(["a", 'b"']), '"a" | "b\\""'],
    ["literal", z.literal("a"), '"a"'],
    ["literals", z.literal(["a", "b"]), '"a" | "b"'],
    ["boolean", z.boolean(), "boolean"],
    ["int32", z.int32(), "number"],
    ["uint32", z.uint32(), "number"],
    ["int", z.int(), "number"],
    ["number", z.number(), "number"],
    ["float32", z.float32(), "number"],
    ["datetime", z.iso.datetime({ offset: true }), "string"],
    ["date", z.iso.date(), "string"],
    ["decimal", decimal(10, 2), "string"],
    ["id64", id64(), "string | bigint"],
    ["id64 with words", id64().meta({ examples: ["1"] }), "string | bigint"],
    ["column declared by meta()", z.string().meta({ flink: "CHAR(3)" }), "string"],
    ["of a kind only meta() knows", z.union([z.string(), z.null()]).meta({ flink: "STRING" }), "unknown"],
    ["optional", z.int32().optional(), "number"],
    ["nullable", z.enum(["a", "b"]).nullable(), '"a" | "b" | null'],
    ["nullish", id64().nullish(), "string | bigint | null"],
    ["nullable with default", z.boolean().nullable().default(true), "boolean | null"],
    ["prefault", z.string().prefault("a"), "string"],
    ["readonly", z.string().readonly(), "string"],
    ["nonoptional", z.nonoptional(z.string().optional()), "string"],
    ["a transform behind it", z.string().transform(Number), "string"],
  ])("writes %s", (_, type, expected) => {
    expect(typeText(type)).toBe(expected);
  });
});

describe("mayBeLeftOut", () => {
  it.each<[string, z.ZodType, boolean]>([
    ["required", z.string(), false],
    ["nullable", z.string().nullable(), false],
    ["nonoptional", z.nonoptional(z.string().optional()), false],
    ["optional", z.string().optional(), true],
    ["nullish", z.string().nullish(), true],
    ["default", z.string().default("a"), true],
    ["prefault", z.string().prefault("a"), true],
  ])("%s: %j", (_, type, expected) => {
    expect(mayBeLeftOut(type)).toBe(expected);
  });
});

describe("fieldWords", () => {
  it.each<[z.ZodType, string]>([
    [z.string(), ""],
    [z.string().meta({ description: "Who plays" }), "Who plays."],
    [z.string().meta({ description: "Who plays?" }).optional(), "Who plays?"],
    [z.int32().min(1).max(5).default(2), "Whole number from 1 to 5. Default 2."],
    [z.int32().min(1).max(5).nullable(), "Whole number from 1 to 5."],
    [z.number(), ""],
    [decimal(9, 2), "DECIMAL(9, 2) as text, exact."],
    [id64().optional(), "64-bit id: a bigint, or its digits."],
    [z.iso.datetime(), 'ISO 8601 time, such as "2026-01-31T12:00:00Z".'],
    [z.iso.date(), 'Date, such as "2026-01-31".'],
  ])("of %#: %s", (type, expected) => {
    expect(fieldWords(type)).toBe(expected);
  });
});
