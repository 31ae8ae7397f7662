import { describe, expect, it } from "vitest";
import { z } from "zod";
import { toFlinkType, topicColumns } from "../../../flink-sql/columns.ts";
import { decimal, event, id64, topic } from "../../../flink-sql/pipeline.ts";

describe("toFlinkType", () => {
  it.each<[string, z.ZodType, string]>([
    ["string", z.string().min(1), "STRING"],
    ["uuid", z.uuid(), "STRING"],
    ["email", z.email(), "STRING"],
    ["time of day", z.iso.time(), "STRING"],
    ["enum of strings", z.enum(["a", "b"]), "STRING"],
    ["literal string", z.literal("a"), "STRING"],
    ["boolean", z.boolean(), "BOOLEAN"],
    ["int32", z.int32().min(0), "INT"],
    ["uint32, half of which an INT can't hold", z.uint32(), "BIGINT"],
    ["int", z.int(), "BIGINT"],
    ["number().int()", z.number().int(), "BIGINT"],
    ["number", z.number(), "DOUBLE"],
    ["float32", z.float32(), "DOUBLE"],
    ["datetime", z.iso.datetime(), "TIMESTAMP_LTZ(3)"],
    ["datetime with offset", z.iso.datetime({ offset: true }), "TIMESTAMP_LTZ(3)"],
    ["date", z.iso.date(), "DATE"],
    ["decimal", decimal(10, 2), "DECIMAL(10, 2)"],
    ["id64", id64(), "BIGINT"],
    ["declared by meta()", z.string().meta({ flink: "CHAR(3)" }), "CHAR(3)"],
  ])("maps %s", (_, type, expected) => {
    expect(toFlinkType("e.f", type)).toBe(expected);
  });

  it.each<[string, z.ZodType]>([
    ["optional", z.int32().optional()],
    ["nullable", z.int32().nullable()],
    ["nullish", z.int32().nullish()],
    ["default", z.int32().default(1)],
    ["prefault", z.int32().prefault(1)],
    ["readonly", z.int32().readonly()],
    ["nonoptional", z.nonoptional(z.int32().optional())],
    ["a transform behind it", z.int32().transform((n) => n + 1)],
    ["several at once", z.int32().nullable().default(1).optional()],
  ])("sees the type beneath %s", (_, type) => {
    expect(toFlinkType("e.f", type)).toBe("INT");
  });

  it("keeps what meta() says beneath a wrapper", () => {
    expect(toFlinkType("e.f", decimal(5, 1).optional())).toBe("DECIMAL(5, 1)");
  });

  it.each<[string, z.ZodType]>([
    ["object", z.object({ a: z.string() })],
    ["array", z.array(z.string())],
    ["record", z.record(z.string(), z.string())],
    ["union", z.union([z.string(), z.number()])],
    ["any", z.any()],
    ["unknown", z.unknown()],
    ["bigint", z.bigint()],
    ["date", z.date()],
    ["literal", z.literal(5)],
    ["enum", z.enum({ One: 1 })],
    ["datetime without an offset", z.iso.datetime({ local: true })],
  ])("refuses %s, naming field, type and cure", (kind, type) => {
    expect(() => toFlinkType("level_up.items", type)).toThrow(
      new RegExp(`^Field 'level_up\\.items' is a zod '${kind}'.*Use a string, number`),
    );
  });
});

describe("topicColumns", () => {
  const user_id = z.string();

  it("has each field once, in order of declaration, computed ones after their event's own", () => {
    const events = {
      a: event("A", { user_id, x: z.int32() }, { computed: { twice: { type: z.int32(), from: () => 2 } } }),
      b: event("B", { user_id, y: z.boolean() }),
    };
    expect(topicColumns(topic({ key: "user_id", events }))).toEqual([
      { name: "user_id", type: "STRING", requiredIn: ["a", "b"] },
      { name: "x", type: "INT", requiredIn: ["a"] },
      { name: "twice", type: "INT", requiredIn: ["a"] },
      { name: "y", type: "BOOLEAN", requiredIn: ["b"] },
    ]);
  });

  it.each<[string, z.ZodType, boolean]>([
    ["a plain field", z.int32(), true],
    ["a default", z.int32().default(1), true],
    ["a prefault", z.int32().prefault(1), true],
    ["optional", z.int32().optional(), false],
    ["nullable", z.int32().nullable(), false],
    ["a default that may be overruled by null", z.int32().nullable().default(1), false],
  ])("tells whether a stored event always has it: %s", (_, type, required) => {
    const columns = topicColumns(topic({ key: "user_id", events: { a: event("A", { user_id, f: type }) } }));
    expect(columns[1]?.requiredIn).toEqual(required ? ["a"] : []);
  });

  it("refuses two events that disagree, naming field, both types and the cure", () => {
    const events = { a: event("A", { size: z.int32() }), b: event("B", { size: z.string() }) };
    expect(() => topicColumns(topic({ key: "size", events }))).toThrow(
      /^Field 'b\.size' is STRING, and INT in an event before it\..*give both the same type, or rename one/,
    );
  });
});
