// The rows of a CSV or NDJSON file, in order, with their lines. What can't be read is a row with a
// reason, never an end. Constant memory: a chunk of the file at a time.
import { isUtf8 } from "node:buffer";
import { parse as parseCsv } from "csv-parse/sync";
import { parse as parseJson } from "lossless-json";
import { UsageError } from "../errors.ts";
import { type InputFile, readBytes } from "./input-files.ts";
import { createSplitter, type Piece, type RowPlace } from "./split.ts";

export type Row =
  | { line: number; cells: unknown[] }
  | { line: number; values: Record<string, unknown> }
  | { line: number; reason: string };

export interface RowsOptions {
  delimiter: string;
  rowBytesMax: number;
  /** Rows up to this line are not wanted any more, and not parsed. */
  afterLine: number;
  onBytes: (bytes: number) => void;
  /** Hears the first row of a CSV file; throws where it doesn't fit. */
  onHeader: (columns: string[]) => void;
}

type RowsPiece = Extract<Piece, { kind: "rows" }>;
type ParseRow = (bytes: Buffer) => { cells: unknown[] } | { values: Record<string, unknown> };

/** One row by itself: whatever is wrong with it is said of it alone. */
function readOne(bytes: Buffer, { line, start, end }: RowPlace, parse: ParseRow): Row {
  const own = bytes.subarray(start, end);
  if (own.includes(0)) return { line, reason: "it holds a NUL" };
  if (!isUtf8(own)) return { line, reason: "not UTF-8" };
  try {
    return { line, ...parse(own) };
  } catch (error) {
    return { line, reason: (error as Error).message.slice(0, 200) };
  }
}

function csvReader(delimiter: string) {
  const options = {
    delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ["\r\n", "\n"],
  };
  const parse = (bytes: Buffer) => parseCsv(bytes, options) as unknown as string[][];
  const parseRow: ParseRow = (bytes) => ({ cells: parse(bytes)[0] ?? [] });
  /** Parses rows together, which is far quicker; where one is bad, each alone. */
  return ({ bytes, rows }: RowsPiece): Row[] => {
    const together = bytes.subarray(rows[0]!.start, rows.at(-1)!.end);
    if (!together.includes(0) && isUtf8(together)) {
      try {
        const parsed = parse(together);
        if (parsed.length === rows.length) return rows.map(({ line }, i) => ({ line, cells: parsed[i]! }));
      } catch {
        // Found again below, by the row that is to blame.
      }
    }
    return rows.map((row) => readOne(bytes, row, parseRow));
  };
}

const parseObject: ParseRow = (bytes) => {
  const value = parseJson(bytes.toString("utf8"));
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("not a JSON object");
  return { values: value as Record<string, unknown> };
};

const readObjects = ({ bytes, rows }: RowsPiece): Row[] =>
  rows.map((row) => readOne(bytes, row, parseObject));

const fitting = (row: Row, columns: number): Row =>
  "cells" in row && row.cells.length !== columns
    ? { line: row.line, reason: `${row.cells.length} columns, the header has ${columns}` }
    : row;

function after(piece: Piece, line: number): Piece | undefined {
  if (piece.kind === "unread") return piece.line > line ? piece : undefined;
  const rows = piece.rows.filter((row) => row.line > line);
  return rows.length > 0 ? { ...piece, rows } : undefined;
}

/** Without a byte order mark. */
async function* withoutMark(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let isFirst = true;
  for await (const chunk of chunks) {
    yield isFirst && chunk.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? chunk.subarray(3) : chunk;
    isFirst = false;
  }
}

/** Yields rows in groups, one per chunk. Throws where the file itself can't be read. */
export async function* readRows(file: InputFile, options: RowsOptions): AsyncGenerator<Row[], void> {
  const { delimiter, rowBytesMax } = options;
  const isCsv = file.form === "csv";
  const splitter = createSplitter({ rowBytesMax, delimiter: isCsv ? delimiter : undefined });
  const read = isCsv ? csvReader(delimiter) : readObjects;
  let columns: number | undefined;
  const toRows = (given: Piece): Row[] => {
    const needsHeader = isCsv && columns === undefined;
    const piece = needsHeader ? given : after(given, options.afterLine);
    if (!piece) return [];
    const rows = piece.kind === "unread" ? [{ line: piece.line, reason: piece.reason }] : read(piece);
    if (!isCsv) return rows;
    if (needsHeader) {
      const header = rows.shift()!;
      if (!("cells" in header))
        throw new UsageError(
          `${file.path}:${header.line}: the header can't be read: ${"reason" in header && header.reason}.`,
        );
      columns = header.cells.length;
      options.onHeader(header.cells as string[]);
    }
    return rows.filter((row) => row.line > options.afterLine).map((row) => fitting(row, columns!));
  };
  for await (const chunk of withoutMark(readBytes(file, options.onBytes)))
    for (const piece of splitter.push(chunk)) yield toRows(piece);
  for (const piece of splitter.push(Buffer.alloc(0), true)) yield toRows(piece);
}
