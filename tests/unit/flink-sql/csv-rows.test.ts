import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellsOf, createCsvReader } from "../../../flink-sql/csv-rows.ts";

/** Header, rows and faults of a file that comes in chunks of a size. */
function read(file: string | Buffer, { chunk = 1000, afterLine = 0, rowBytesMax = 1000 } = {}) {
  const bytes = Buffer.from(file);
  const header: unknown[] = [];
  const take = createCsvReader({
    delimiter: ",",
    rowBytesMax,
    afterLine,
    onHeader: (columns, line, fault) => header.push(fault ?? columns, line),
  });
  const rows = [];
  for (let at = 0; at < bytes.length; at += chunk) rows.push(...take(bytes.subarray(at, at + chunk)));
  rows.push(...take(Buffer.alloc(0), true));
  return { header, rows };
}

/** Such as "3: a|b", or "3! reason". */
const shown = (file: string | Buffer, how?: Parameters<typeof read>[1]) =>
  read(file, how).rows.map((row) =>
    "fault" in row ? `${row.line}! ${row.fault.reason}` : `${row.line}: ${row.cells.join("|")}`,
  );

describe("cells", () => {
  it.each([
    ["a,b,", ["a", "b", ""]],
    [",", ["", ""]],
    ['"a,b","c ""d"""', ["a,b", 'c "d"']],
    ['"",x,""', ["", "x", ""]],
    ['"a\nb",', ["a\nb", ""]],
    ['Nails 5" long,1', ['Nails 5" long', "1"]],
    ['""""', ['"']],
  ])("of %j", (text, cells) => {
    expect(cellsOf(text, ",")).toEqual(cells);
  });

  it("come back as they were quoted", () => {
    const cell = fc.string().map((text) => text.replaceAll("\0", ""));
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1 }), (cells) => {
        const text = cells.map((one) => `"${one.replaceAll('"', '""')}"`).join(";");
        expect(cellsOf(text, ";")).toEqual(cells);
      }),
    );
  });
});

describe("rows", () => {
  it.each([
    ["a,b\n1,2\n", ["2: 1|2"]],
    ["\ufeffa,b\r\n1,2\r\n\r\n3,4", ["2: 1|2", "4: 3|4"]],
    ["a,b\n1\n1,2,3\n1,2\n", ["2! column_count", "3! column_count", "4: 1|2"]],
    ["a,b\n1,2\n3", ["2: 1|2", "3! row_cut"]],
    ['a,b\n1,2\n3,"x', ["2: 1|2", "3! row_cut"]],
    ['a,b\n1,"x"y\n3,4\n', ["2! quote_broken", "3: 3|4"]],
    ["a,b\n1,\0\n3,é\n", ["2! has_nul", "3: 3|é"]],
    [`a,b\n1,${"x".repeat(2000)}\n3,4\n`, ["2! row_too_long", "3: 3|4"]],
  ])("of %j, however the bytes are cut", (file, rows) => {
    for (const chunk of [1, 3, 7, 1000]) {
      // The mark is looked for in the first chunk.
      if (file.startsWith("\ufeff") && chunk < 3) continue;
      expect(shown(file, { chunk, rowBytesMax: 1000 })).toEqual(rows);
    }
  });

  it("that can't be read keep their text; bytes that are none, in base64", () => {
    const file = Buffer.concat([
      Buffer.from("a,b\n1\n"),
      Buffer.from("x,\xe9\n", "latin1"),
      Buffer.from('"q\n'),
    ]);
    expect(read(file).rows).toEqual([
      {
        line: 2,
        fault: { reason: "column_count", message: "1 columns, the header has 2" },
        payload: "1",
      },
      { line: 3, fault: { reason: "not_utf8", message: "not UTF-8" }, payload: "base64:eCzp" },
      {
        line: 4,
        fault: {
          reason: "quote_broken",
          message: "a quote is opened and not closed within 1000 bytes",
        },
        payload: '"q',
      },
    ]);
  });

  it("up to a line are passed over; the header is heard", () => {
    const { header, rows } = read("a,b\n1,2\n3,4\n5\n7,8\n", { afterLine: 3 });
    expect(header).toEqual([["a", "b"], 1]);
    expect(rows.map(({ line }) => line)).toEqual([4, 5]);
  });

  it("have no header where it can't be read", () => {
    expect(read('"a"b,c\n1,2\n').header).toEqual([
      { reason: "quote_broken", message: expect.any(String) },
      1,
    ]);
  });
});
