import { parse } from "lossless-json";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { decimal, definePipeline, event, id64, topic } from "../../../flink-sql/pipeline.ts";
import { createEventMaker, type MakerOptions } from "../../../loadgen/replay/event-maker.ts";

const pipeline = definePipeline({
  title: "t",
  topics: {
    facts: topic({
      key: "device",
      events: {
        fact: event("All kinds", {
          device: z.string(),
          big: id64().optional(),
          price: decimal(20, 2).optional(),
          n: z.int32().default(1),
          flag: z.boolean().optional(),
          note: z.string().min(1).optional(),
        }),
        other: event("Another", { device: z.string() }),
      },
    }),
  },
});

const maker = (options: Partial<MakerOptions> = {}) =>
  createEventMaker({
    pipeline,
    type: "fact",
    typeColumn: "event_type",
    map: {},
    key: undefined,
    eventTime: undefined,
    timeFormat: "iso",
    ...options,
  });
const made = (row: Record<string, unknown>, options: Partial<MakerOptions> = {}) =>
  maker(options).make((name) => row[name]);

describe("an event of a row", () => {
  it("reads text as its field's type; ids and decimals keep every digit", () => {
    const row = { device: "7", big: "9223372036854775807", price: "0.10", n: "3", flag: "true", extra: "x" };
    expect(made(row)).toEqual({
      type: "fact",
      fields: { device: "7", big: "9223372036854775807", price: "0.10", n: 3, flag: true },
      atMs: undefined,
    });
  });

  it("keeps the digits of NDJSON numbers", () => {
    const row = parse('{"device":"d","big":9223372036854775807,"price":12.10,"n":3,"flag":false}');
    expect(made(row as Record<string, unknown>)).toMatchObject({
      fields: { big: "9223372036854775807", price: "12.10", n: 3, flag: false },
    });
  });

  it("leaves what isn't of the type to the contract, and empty columns out", () => {
    expect(made({ device: "", n: "three", flag: "yes", note: "" })).toMatchObject({
      fields: { device: "", n: "three", flag: "yes" },
    });
  });

  it("takes columns by map and key", () => {
    const row = { player: "p", "Some Note": "hi" };
    expect(made(row, { key: "player", map: { "Some Note": "note" } })).toMatchObject({
      fields: { device: "p", note: "hi" },
    });
  });

  it("takes its type from a column; the API refuses one that isn't declared", () => {
    const options = { type: undefined, typeColumn: "kind" };
    expect(made({ kind: "other", device: "d", n: "1" }, options)).toMatchObject({
      type: "other",
      fields: { device: "d" },
    });
    expect(made({ kind: "nope", device: "d" }, options)).toMatchObject({ type: "nope", fields: {} });
  });

  it.each([
    ["iso", "2026-01-01T01:00:00+01:00", "2026-01-01T01:00:00+01:00"],
    ["epoch-ms", "1767225600000", "2026-01-01T00:00:00.000Z"],
    ["epoch-s", "1767225600.0", "2026-01-01T00:00:00.000Z"],
  ] as const)("reads a time as %s", (timeFormat, at, text) => {
    expect(made({ device: "d", at }, { eventTime: "at", timeFormat })).toMatchObject({
      fields: { event_time: text },
      atMs: 1767225600000,
    });
  });

  it.each([
    ["iso", "yesterday"],
    ["epoch-ms", "1767225600.5"],
    ["epoch-s", "99999999999999"],
  ] as const)("without a readable %s time is unread", (timeFormat, event_time) => {
    expect(made({ device: "d", event_time }, { timeFormat })).toEqual({
      reason: `event_time '${event_time}' is no ${timeFormat} time`,
    });
  });
});

describe("what can't work", () => {
  it.each([
    [{ type: "nope" }, /--type 'nope' isn't declared. Use any of: fact, other\./],
    [{ map: { a: "nope" } }, /--map names 'nope', no field that is sent. The fields: device, big/],
    [{ map: { a: "event_id" } }, /the event_id is made of file and line/],
  ])("of %j is refused before a row is read", (options, message) => {
    expect(() => maker(options)).toThrow(message);
  });

  it.each([
    [["n"], {}, /No column gives 'device' of 'fact'. Name it with --map column=field. The header is: n\./],
    [["device", "n", "n"], {}, /Two columns are named 'n'/],
    [["device"], { eventTime: "at" }, /No column is named 'at'/],
    [["device"], { type: undefined }, /No column is named 'event_type'. Say the events' type with --type/],
  ])("of a header %j is refused", (columns, options, message) => {
    expect(() => maker(options).checkHeader(columns)).toThrow(message);
  });

  it("of a header is only what is needed: other columns are named", () => {
    expect(maker().checkHeader(["device", "extra", "event_time"])).toEqual(["extra"]);
  });
});
