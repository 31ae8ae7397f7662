import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSplitter } from "../../../flink-sql/csv-split.ts";

/** Rows as text with their lines, and what is unread, for bytes that come in chunks of a size. */
function split(text: string, { chunk = text.length || 1, rowBytesMax = 1000, csv = true } = {}) {
  const splitter = createSplitter({ rowBytesMax, delimiter: csv ? "," : undefined });
  const bytes = Buffer.from(text);
  const pieces = [];
  for (let at = 0; at < bytes.length; at += chunk)
    pieces.push(...splitter.push(bytes.subarray(at, at + chunk)));
  pieces.push(...splitter.push(Buffer.alloc(0), true));
  return pieces.flatMap((piece) =>
    piece.kind === "unread"
      ? [`${piece.line}! ${piece.fault.message}`]
      : piece.rows.map(({ line, start, end }) => `${line}: ${piece.bytes.subarray(start, end)}`),
  );
}

describe("the splitter", () => {
  it.each([
    ["a,b\nc,d\n", ["1: a,b", "2: c,d"]],
    ["a,b\r\nc,d", ["1: a,b", "2: c,d"]],
    ["a\n\n\r\nb\n", ["1: a", "4: b"]],
    ['"a\nb",c\nd,e\n', ['1: "a\nb",c', "3: d,e"]],
    ['"a ""b"", c",d\r\ne,f', ['1: "a ""b"", c",d', "2: e,f"]],
    ['x,"a"\r\ny,"b"\r\n', ['1: x,"a"', '2: y,"b"']],
    ['5" disk,a\n3" disk,b\n', ['1: 5" disk,a', '2: 3" disk,b']],
    ["", []],
  ])("cuts %j into rows", (text, rows) => {
    expect(split(text)).toEqual(rows);
  });

  it("gives up one line, and no other, for a broken quote", () => {
    expect(split('1,"abc\n2,def\n3,"ghi"\n4,jkl\n')).toEqual([
      "1! a quote within a quoted column is not doubled",
      "2: 2,def",
      '3: 3,"ghi"',
      "4: 4,jkl",
    ]);
    expect(split('1,"abc\n2,d\n3,e')).toEqual([
      "1! a quote is opened and not closed within 1000 bytes",
      "2: 2,d",
      "3: 3,e",
    ]);
  });

  it.each([1, 7, 100, 5000])("bounds what it holds, in chunks of %i bytes", (chunk) => {
    const long = "x".repeat(2000);
    const lines = ["a", long, "b", `"${"y,\n".repeat(5)}`, ...new Array<string>(300).fill("zzzz"), long];
    const found = split(lines.join("\n"), { chunk });
    expect(found.slice(0, 4)).toEqual([
      "1: a",
      "2! longer than 1000 bytes",
      "3: b",
      "4! a quote is opened and not closed within 1000 bytes",
    ]);
    expect(found.filter((row) => row.endsWith(": zzzz"))).toHaveLength(300);
    expect(found.at(-1)).toBe("310! longer than 1000 bytes");
  });

  it("knows no quotes in NDJSON", () => {
    expect(split('{"a":"1\n{"b":2}\n', { csv: false })).toEqual(['1: {"a":"1', '2: {"b":2}']);
  });

  it("finds the same rows however the bytes are cut", () => {
    const piece = fc.constantFrom("a", ",", '"', '""', "\n", "\r\n", "é", "xxxxxxxxxx");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (parts, chunk) => {
        const text = parts.join("");
        expect(split(text, { chunk, rowBytesMax: 40 })).toEqual(split(text, { rowBytesMax: 40 }));
      }),
    );
  });

  it("loses no row that is quoted as it should be", () => {
    const cell = fc.string({ maxLength: 8 }).map((text) => `"${text.replaceAll('"', '""')}"`);
    const row = fc.tuple(cell, cell).map((cells) => cells.join(","));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), fc.integer({ min: 1, max: 50 }), (rows, chunk) => {
        const found = split(rows.join("\n"), { chunk }).map((one) => one.replace(/^\d+: /, ""));
        expect(found).toEqual(rows);
      }),
    );
  });
});
