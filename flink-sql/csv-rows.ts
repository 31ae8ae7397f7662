// The rows of a CSV file, cut into cells, with their lines; what can't be read is a row with a fault, never an
// end. RFC 4180, with or without a byte order mark, lines ended by LF or CRLF. Pure; holds a row at most.
import { isUtf8 } from "node:buffer";
import { createSplitter, type Piece } from "./csv-split.ts";
import { payloadCharsMax, type RowFault } from "./unreadable.ts";

export interface CsvRow {
  /** Line on which it starts, from 1. */
  line: number;
  cells: string[];
  text: string;
}

/** A row that can't be read; `payload` is its text, or base64:… where that is no UTF-8. */
export interface BadRow {
  line: number;
  fault: RowFault;
  payload: string;
}

export interface CsvOptions {
  delimiter: string;
  rowBytesMax: number;
  /** Rows up to this line are not wanted any more, and not read; the header is. */
  afterLine?: number;
  /** Hears the first row; throws where it doesn't fit. `fault` where it can't be read. */
  onHeader: (columns: string[], line: number, fault?: RowFault) => void;
}

/** Text of bytes as they are shown: base64 where they are no UTF-8. */
export const payloadOf = (bytes: Uint8Array): string => {
  const own = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (isUtf8(own) ? own.toString("utf8") : `base64:${own.toString("base64")}`).slice(0, payloadCharsMax);
};

/** Cells of a row that has quotes; the splitter has seen that they fit. */
function quotedCells(text: string, delimiter: string): string[] {
  const cells: string[] = [];
  for (let at = 0; ; ) {
    if (text[at] === '"') {
      let end = text.indexOf('"', at + 1);
      let isDoubled = false;
      while (text[end + 1] === '"') {
        isDoubled = true;
        end = text.indexOf('"', end + 2);
      }
      const cell = text.slice(at + 1, end);
      cells.push(isDoubled ? cell.replaceAll('""', '"') : cell);
      at = end + 1;
    } else {
      const end = text.indexOf(delimiter, at);
      cells.push(end < 0 ? text.slice(at) : text.slice(at, end));
      at = end < 0 ? text.length : end;
    }
    if (at >= text.length) return cells;
    at += delimiter.length;
    if (at === text.length) {
      cells.push("");
      return cells;
    }
  }
}

/** Cells of one row, without its line's end. */
export const cellsOf = (text: string, delimiter: string): string[] =>
  text.includes('"') ? quotedCells(text, delimiter) : text.split(delimiter);

const mark = Buffer.from([0xef, 0xbb, 0xbf]);

type RowsPiece = Extract<Piece, { kind: "rows" }>;
type Found = CsvRow | BadRow;

/** Calls `read` for each row of a piece with its text, or gives what is wrong with its bytes. */
export function readTexts<Row>(
  { bytes, rows }: RowsPiece,
  read: (text: string, line: number, isCut: boolean) => Row,
): (Row | BadRow)[] {
  const together = bytes.subarray(rows[0]!.start, rows.at(-1)!.end);
  const isPlain = isUtf8(together) && !together.includes(0);
  return rows.map(({ line, start, end, isCut }) => {
    if (!isPlain) {
      const own = bytes.subarray(start, end);
      const isText = isUtf8(own);
      if (!isText || own.includes(0))
        return {
          line,
          fault: isText
            ? ({ reason: "has_nul", message: "it holds a NUL" } as const)
            : ({ reason: "not_utf8", message: "not UTF-8" } as const),
          payload: payloadOf(own),
        };
    }
    return read(bytes.toString("utf8", start, end), line, isCut === true);
  });
}

/** Takes the bytes of a file in order and gives its rows; `isLast` with its last bytes, which may be none. */
export function createCsvReader(options: CsvOptions): (bytes: Buffer, isLast?: boolean) => Found[] {
  const { delimiter, rowBytesMax, afterLine = 0, onHeader } = options;
  const splitter = createSplitter({ rowBytesMax, delimiter });
  let columns: number | undefined;
  let isStart = true;

  function fit(text: string, line: number, isCut: boolean): Found {
    const cells = cellsOf(text, delimiter);
    if (columns === undefined || cells.length === columns) return { line, cells, text };
    const counted = `${cells.length} columns, the header has ${columns}`;
    const isShort = isCut && cells.length < columns;
    return {
      line,
      fault: isShort
        ? { reason: "row_cut", message: `the file ends within it: ${counted}` }
        : { reason: "column_count", message: counted },
      payload: text.slice(0, payloadCharsMax),
    };
  }

  function takeHeader(row: Found): void {
    const cells = "cells" in row ? row.cells : [];
    columns = cells.length;
    onHeader(cells, row.line, "fault" in row ? row.fault : undefined);
  }

  function rowsOf(piece: Piece): Found[] {
    if (piece.kind === "unread") {
      const bad = { line: piece.line, fault: piece.fault, payload: payloadOf(piece.bytes) };
      if (columns === undefined) takeHeader(bad);
      return piece.line > afterLine ? [bad] : [];
    }
    let { rows } = piece;
    if (columns === undefined) {
      takeHeader(readTexts({ ...piece, rows: rows.slice(0, 1) }, fit)[0]!);
      rows = rows.slice(1);
    }
    if (rows.length > 0 && rows[0]!.line <= afterLine) rows = rows.filter(({ line }) => line > afterLine);
    return rows.length === 0 ? [] : readTexts({ ...piece, rows }, fit);
  }

  return (bytes, isLast = false) => {
    const isMarked = isStart && bytes.length >= 3 && bytes.subarray(0, 3).equals(mark);
    if (bytes.length > 0) isStart = false;
    return splitter.push(isMarked ? bytes.subarray(3) : bytes, isLast).flatMap(rowsOf);
  };
}
