// What each damage makes of a row, and a file's counts against an independent reading of it.
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import * as damage from "../../../flink-sql/damage.ts";
import { createDraws } from "../../../flink-sql/generate-kit.ts";
import { createRowWriter, type RowFile } from "../../../flink-sql/row-writer.ts";

const fields = ["2100000000000000123", 'A "fine" chair, red', "1299.00", "True"];
const whole = '2100000000000000123,"A ""fine"" chair, red",1299.00,True';
const done = (kind: damage.Damage) => kind(fields, createDraws(1));

describe("damage", () => {
  it.each([
    ["a missing column", damage.fieldMissing(0), '"A ""fine"" chair, red",1299.00,True', "quarantined"],
    ["the same, padded", damage.fieldMissingPadded(1), "2100000000000000123,1299.00,True,", "quarantined"],
    ["a column too many", damage.fieldSplit(3), whole.replace("True", "and more,True"), "quarantined"],
    ["a spreadsheet's id", damage.scientific(0), whole.replace(/^\d+/, "2.1E+18"), "quarantined"],
    ["no value", damage.valueMissing(2, "NaN"), whole.replace("1299.00", "NaN"), "quarantined"],
    ["a wrong text", damage.wrongText(3, "maybe"), whole.replace("True", "maybe"), "quarantined"],
    ["thousands", damage.withThousands(2), whole.replace("1299.00", '"1,299.00"'), "landed"],
    ["literal quotes", damage.inLiteralQuotes(3), whole.replace("True", "'True'"), "landed"],
    ["double ones", damage.inLiteralQuotes(3, '"'), whole.replace("True", '"""True"""'), "landed"],
    [
      "quotes everywhere",
      damage.allInQuotes,
      '"2100000000000000123","A ""fine"" chair, red","1299.00","True"',
      "landed",
    ],
  ])("by %s", (_name, kind, row, verdict) => {
    expect(done(kind)).toEqual({ row, verdict });
  });

  it("by bytes that are no UTF-8", () => {
    const { row, verdict } = done(damage.invalidUtf8(1))!;
    expect(verdict).toBe("quarantined");
    expect(() => new TextDecoder("utf-8", { fatal: true }).decode(row as Uint8Array)).toThrow();
    expect(Buffer.from(row as Uint8Array).toString("latin1")).toContain("café A");
  });

  it("by a cut leaves less than all columns and more than nothing", () => {
    for (let seed = 0; seed < 200; seed++) {
      const { row } = damage.cutRow(fields, createDraws(seed))!;
      expect(whole.startsWith(row as string)).toBe(true);
      expect((row as string).length).toBeGreaterThan(0);
      expect((row as string).length).toBeLessThan(whole.lastIndexOf(","));
    }
  });

  it("is not done where it can't be", () => {
    expect(done(damage.scientific(1))).toBeUndefined();
    expect(done(damage.withThousands(3))).toBeUndefined();
  });
});

const write = (options: Partial<RowFile>, makeRow = (n: number) => [`id${n}`, `a,${n}`, "x"]) => {
  const parts: Buffer[] = [];
  const file = { name: "things.csv", event: "thing" };
  const set: RowFile = {
    file,
    header: ["id", "text", "last"],
    rows: 2000,
    damage: 0,
    damages: [],
    ...options,
  };
  const writer = createRowWriter(set, createDraws(1), (to, bytes) => {
    expect(to).toBe(file);
    parts.push(Buffer.from(bytes as string));
  });
  const landed: string[] = [];
  for (let n = 0; writer.left() > 0; n++) {
    const row = makeRow(n);
    if (writer.row(row)) landed.push(row[0]!);
  }
  writer.end();
  return { text: Buffer.concat(parts).toString("utf8"), counts: writer.counts, landed };
};

/** All rows, too short ones included. */
const readRows = (text: string) =>
  parse(text, { bom: true, relax_column_count: true, relax_quotes: true, from_line: 2 }) as string[][];

describe("a file", () => {
  it("without damage has its rows as they were made", () => {
    const { text, counts, landed } = write({ rows: 3, bom: true, crlf: true, cutLast: true });
    expect(text).toBe('id,text,last\nid0,"a,0",x\nid1,"a,1",x\nid2,"a,2",x\n');
    expect(counts).toEqual({ read: 3, landed: 3, duplicates: 0, quarantined: 0 });
    expect(landed).toEqual(["id0", "id1", "id2"]);
  });

  it("has exactly its rows, and each is what was counted", () => {
    const damages: RowFile["damages"] = [
      [damage.fieldMissing(1), 3],
      [damage.allInQuotes, 1],
    ];
    const { text, counts, landed } = write({ damage: 0.1, damages, late: 20 });
    const rows = readRows(text);
    const good = rows.filter((row) => row.length === 3);
    expect(rows).toHaveLength(2000);
    expect(counts.read).toBe(2000);
    expect(rows.length - good.length).toBe(counts.quarantined);
    expect(new Set(good.map(([id]) => id))).toEqual(new Set(landed));
    expect(landed).toHaveLength(counts.landed);
    expect(good.length - new Set(good.map((row) => row.join("|"))).size).toBe(counts.duplicates);
    for (const count of [counts.duplicates, counts.quarantined]) {
      expect(count).toBeGreaterThan(100);
      expect(count).toBeLessThan(250);
    }
  });

  it("may begin with a mark, end its lines as Windows does, and end in the middle of a row", () => {
    const { text, counts } = write({
      rows: 50,
      damage: 0.01,
      copies: 0,
      bom: true,
      crlf: true,
      cutLast: true,
    });
    expect(text.startsWith("\ufeffid,text,last\r\n")).toBe(true);
    const lines = text.split("\r\n");
    expect(lines).toHaveLength(51);
    expect('id49,"a,49"'.startsWith(lines.at(-1)!)).toBe(true);
    expect(counts).toEqual({ read: 50, landed: 49, duplicates: 0, quarantined: 1 });
  });

  it("has late rows within their delay", () => {
    const ids = readRows(write({ rows: 500, late: 10 }).text).map(([id]) => Number(id!.slice(2)));
    const before = ids.filter((id, at) => at > 0 && id < ids[at - 1]!);
    expect(before.length).toBeGreaterThan(50);
    expect(new Set(ids).size).toBe(500);
    expect(ids.every((id, at) => at >= id - 10)).toBe(true);
  });

  it("keeps bytes that are no UTF-8 in their row", () => {
    const { text } = write({ rows: 5, damage: 1, copies: 0, damages: [[damage.invalidUtf8(2), 1]] });
    expect(text.split("\n").slice(1, 6)).toEqual([0, 1, 2, 3, 4].map((n) => `id${n},"a,${n}",caf\ufffd x`));
  });

  it("refuses an end before all rows, and rows after the last", () => {
    const file = { name: "things.csv", event: "thing" };
    const writer = createRowWriter(
      { file, header: ["id"], rows: 1, damage: 0, damages: [] },
      createDraws(1),
      () => {},
    );
    expect(() => writer.end()).toThrow("things.csv has 0 rows of 1");
    writer.row(["a"]);
    expect(() => writer.row(["b"])).toThrow("has all its 1 rows");
  });
});
