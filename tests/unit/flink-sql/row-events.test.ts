import { parse } from "lossless-json";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  amount,
  decimal,
  definePipeline,
  event,
  id64,
  time,
  topic,
  yesNo,
} from "../../../flink-sql/pipeline.ts";
import { createEventMaker, type MakerOptions } from "../../../flink-sql/row-events.ts";
import { NumberText } from "../../../flink-sql/row-fields.ts";

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

/** Two events that no header can tell apart. */
const twin = event("One of two", { device: z.string() });
const twins = definePipeline({
  title: "t",
  topics: { t: topic({ key: "device", events: { fact: twin, other: twin } }) },
});

const maker = (options: Partial<MakerOptions> = {}) =>
  createEventMaker({ pipeline, type: "fact", ...options });
/** What becomes of a row, by its header and by its names: both the same. */
function made(row: Record<string, string>, options: Partial<MakerOptions> = {}) {
  const byHeader = maker(options).forHeader(Object.keys(row), "f.csv").make(Object.values(row));
  expect(maker(options).forObject(row)).toEqual(byHeader);
  return byHeader;
}

describe("an event of a row", () => {
  it("reads text as its field's type; ids and decimals keep every digit", () => {
    const row = { device: "7", big: "9223372036854775807", price: "0.10", n: "3", flag: "true", extra: "x" };
    expect(made(row)).toEqual({
      type: "fact",
      fields: { device: "7", big: "9223372036854775807", price: "0.10", n: 3, flag: true },
      eventTime: undefined,
    });
  });

  it("keeps the digits of NDJSON numbers", () => {
    const row = parse(
      '{"device":"d","big":9223372036854775807,"price":12.10,"n":3,"flag":false,"note":null}',
      null,
      (digits) => new NumberText(digits),
    );
    expect(maker().forObject(row as Record<string, unknown>)).toEqual({
      type: "fact",
      fields: { device: "d", big: "9223372036854775807", price: "12.10", n: 3, flag: false },
      eventTime: undefined,
    });
  });

  it("reads no value within a value", () => {
    expect(maker().forObject({ device: ["d"] })).toMatchObject({
      fault: {
        reason: "value_unreadable",
        path: "device",
        message: "device: a value within a value: files are flat",
      },
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

  it("takes its type from a column; one that isn't declared is no event", () => {
    const options = { type: undefined, typeColumn: "kind" };
    expect(made({ kind: "other", device: "d", n: "1" }, options)).toMatchObject({
      type: "other",
      fields: { device: "d" },
    });
    expect(made({ kind: "nope", device: "d" }, options)).toEqual({
      fault: { reason: "type_unknown", message: "kind 'nope': use one of fact, other", path: "event_type" },
    });
  });

  it("has its fields in the order of their names, whatever the order of the columns", () => {
    const one = made({ n: "1", device: "d", big: "2" });
    const other = made({ big: "2", n: "1", device: "d" });
    expect(JSON.stringify(one)).toBe(JSON.stringify(other));
  });

  it.each([
    ["iso", "2026-01-01T01:00:00+01:00", "2026-01-01T01:00:00+01:00"],
    ["epoch-ms", "1767225600000", "2026-01-01T00:00:00.000Z"],
    ["epoch-s", "1767225600.0", "2026-01-01T00:00:00.000Z"],
  ] as const)("reads a time as %s", (timeFormat, at, text) => {
    expect(made({ device: "d", at }, { eventTime: "at", timeFormat })).toMatchObject({ eventTime: text });
  });

  it.each([
    ["iso", "yesterday"],
    ["epoch-ms", "1767225600.5"],
    ["epoch-s", "99999999999999"],
  ] as const)("without a readable %s time can't be read", (timeFormat, event_time) => {
    expect(made({ device: "d", event_time }, { timeFormat })).toEqual({
      fault: {
        reason: "value_unreadable",
        path: "event_time",
        message: `event_time: '${event_time}' is no ${timeFormat} time`,
      },
    });
  });
});

describe("a contract's CSV form", () => {
  const csv = {
    columns: { price: "List Price", event_time: "Seen At", flag: "isBest" },
    nothing: ["NaN", "Unknown"],
    read: { price: amount(), flag: yesNo("True", "False"), event_time: time("M/d/yy H:mm") },
  };
  const shop = definePipeline({
    title: "t",
    topics: {
      items: topic({
        key: "id",
        events: {
          item: event(
            "x",
            { id: id64(), price: decimal(8, 2).optional(), flag: z.boolean(), name: z.string() },
            { csv },
          ),
          kind: event("y", { id: id64(), kind: z.string() }, { csv: {} }),
        },
      }),
    },
  });
  const header = ["ID", " LIST price", "seen at", "ISBEST", "Name"];
  const item = (...cells: string[]) =>
    createEventMaker({ pipeline: shop }).forHeader(header, "f.csv").make(cells);

  it("names columns without case, readers, and texts for nothing", () => {
    expect(item("9007199254740993", "$1,299.00", "2/19/18 2:05", "FALSE", "x")).toEqual({
      type: "item",
      fields: { flag: false, id: "9007199254740993", name: "x", price: "1299.00" },
      eventTime: "2018-02-19T02:05:00.000Z",
    });
    expect(item("1", "NaN", "2/19/18 2:05", "True", "Unknown")).toEqual({
      type: "item",
      fields: { flag: true, id: "1" },
      eventTime: "2018-02-19T02:05:00.000Z",
    });
  });

  it("tells every value that can't be read, and a time that isn't there", () => {
    expect(item("1", "cheap", "2/30/18 2:05", "maybe", "x")).toEqual({
      fault: {
        reason: "value_unreadable",
        path: "flag",
        message:
          "isBest: 'maybe' is no True or False; List Price: 'cheap' is no amount such as $1,299.00; " +
          "Seen At: '2/30/18 2:05' is no time as M/d/yy H:mm",
      },
    });
    expect(item("1", "", "", "True", "x")).toEqual({
      fault: { reason: "value_unreadable", path: "event_time", message: "Seen At: it has no value" },
    });
  });

  it("tells the event by the header, and says where it can't", () => {
    const maker = createEventMaker({ pipeline: shop });
    expect(maker.forHeader(header, "f.csv").type).toBe("item");
    expect(maker.forHeader(["kind", "id", "other"], "f.csv")).toMatchObject({
      type: "kind",
      unused: ["other"],
    });
    expect(() => maker.forHeader(["12", "$1", "x"], "f.csv:1")).toThrow(
      "f.csv:1: no header that fits: it lacks the columns 'isBest', 'id', 'name', 'Seen At' for item, 'id', 'kind' " +
        "for kind. The first row must name the columns; other names go by --map column=field. The header is: 12, $1, x.",
    );
    expect(() => maker.forHeader([...header, "kind"], "f.csv")).toThrow(
      /^f\.csv: its columns fit item and kind: say which with --type/,
    );
  });

  it("takes a column event_type for the type, unless a field takes it", () => {
    const maker = createEventMaker({ pipeline: shop });
    const rows = maker.forHeader(["event_type", "id", "kind"], "f.csv");
    expect(rows.type).toBeUndefined();
    expect(rows.make(["kind", "1", "k"])).toMatchObject({ type: "kind", fields: { id: "1", kind: "k" } });
    expect(rows.make(["", "1", "k"])).toMatchObject({ fault: { reason: "type_unknown" } });
    const fed = { csv: { columns: { action: "event_type" } } };
    const one = (extra: string) => event("z", { action: z.string(), [extra]: z.string().optional() }, fed);
    const both = definePipeline({
      title: "t",
      topics: { t: topic({ key: "action", events: { ad: one("ad_id"), app: one("app_id") } }) },
    });
    const told = createEventMaker({ pipeline: both }).forHeader(["event_type", "app_id"], "f.csv");
    expect(told.type).toBe("app");
    expect(told.make(["click", ""])).toMatchObject({ type: "app", fields: { action: "click" } });
  });
});

describe("what can't work", () => {
  it.each([
    [{ type: "nope" }, /--type 'nope' isn't declared. Use any of: fact, other\./],
    [
      { map: { a: "nope" } },
      /--map names 'nope', no field that is sent. The fields: event_time, big, device/,
    ],
    [{ map: { a: "event_id" } }, /The event_id is made by this program/],
  ])("of %j is refused before a row is read", (options, message) => {
    expect(() => maker(options)).toThrow(message);
  });

  it.each([
    [["n"], {}, /f\.csv: no header that fits: it lacks the columns 'device' for fact\./],
    [["device", "N", "n"], {}, /two columns are named 'n'/],
    [["device"], { eventTime: "at" }, /no column is named 'at'/],
    [["device"], { type: undefined, typeColumn: "kind" }, /no column is named 'kind'/],
  ])("of a header %j is refused", (columns, options, message) => {
    expect(() => maker(options).forHeader(columns, "f.csv")).toThrow(message);
  });

  it("is a header that two events fit as well", () => {
    expect(() => createEventMaker({ pipeline: twins }).forHeader(["device"], "f.csv")).toThrow(
      /its columns fit fact and other: say which with --type/,
    );
  });

  it("of a header is only what is needed: other columns are named", () => {
    expect(maker().forHeader(["device", "extra", "extra", "event_time"], "f.csv").unused).toEqual([
      "extra",
      "extra",
    ]);
  });
});
