// Cuts the bytes of a file into rows, knowing of quotes only as much as that takes. Holds one row at
// most; a row that is too long, or whose quotes never fit, costs its first line and no other.
import { payloadCharsMax, type RowFault } from "./unreadable.ts";

export interface RowPlace {
  /** Line on which the row starts, from 1. */
  line: number;
  /** Within `bytes`; without the line's end. */
  start: number;
  end: number;
  /** The file ended, and no line's end came: the row may go on in a file that is whole. */
  isCut?: true;
}

export type Piece =
  | { kind: "rows"; bytes: Buffer; rows: RowPlace[] }
  /** `bytes`: the row's line, or its start where that is long. */
  | { kind: "unread"; line: number; fault: RowFault; bytes: Buffer };

export interface SplitOptions {
  rowBytesMax: number;
  /** What separates columns; without it a quote means nothing and each line is a row. */
  delimiter?: string | undefined;
}

const [newLine, carriageReturn, quote] = [10, 13, 34];

/** What the quotes of one line leave behind. A quote opens only where a column starts. */
function scanQuotes(
  bytes: Buffer,
  from: number,
  to: number,
  isOpen: boolean,
  delimiter: number,
): "open" | "closed" | "broken" {
  let isInside = isOpen;
  let isColumnStart = !isOpen;
  for (let at = from; at < to; ) {
    if (!isInside) {
      isInside = bytes[at] === quote && isColumnStart;
      isColumnStart = bytes[at] === delimiter;
      at += 1;
      continue;
    }
    const found = bytes.indexOf(quote, at);
    if (found < 0 || found >= to) return "open";
    at = found + 1;
    if (at < to && bytes[at] === quote) at += 1;
    else {
      const isLast = at === to || (at === to - 1 && bytes[at] === carriageReturn);
      if (!isLast && bytes[at] !== delimiter) return "broken";
      isInside = false;
    }
  }
  return isInside ? "open" : "closed";
}

interface Place {
  end: number;
  next: number;
  lines: number;
}

type Found =
  | ({ is: "row" } & Place)
  | ({ is: "broken" | "open" | "long" } & Place)
  | { is: "cut" }
  | { is: "skip" };

export function createSplitter({ rowBytesMax, delimiter }: SplitOptions) {
  const separator = delimiter?.charCodeAt(0);
  const faults: Record<"broken" | "open" | "long", RowFault> = {
    broken: { reason: "quote_broken", message: "a quote within a quoted column is not doubled" },
    open: {
      reason: "quote_broken",
      message: `a quote is opened and not closed within ${rowBytesMax} bytes`,
    },
    long: { reason: "row_too_long", message: `longer than ${rowBytesMax} bytes` },
  };
  const cutFault: RowFault = { reason: "row_cut", message: "the file ends within a quoted column" };
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  let isSkipping = false;
  let skipped: Buffer = Buffer.alloc(0);

  /** The row that starts at a place; `cut` where more bytes are needed to tell. */
  function find(bytes: Buffer, start: number, quoteAt: number, isLast: boolean): Found {
    let firstEnd = -1;
    let isOpen = false;
    for (let from = start, lines = 1; ; lines++) {
      const found = bytes.indexOf(newLine, from);
      const end = found < 0 ? bytes.length : found;
      const first = firstEnd < 0 ? end : firstEnd;
      const only = { end: first, next: first + 1, lines: 1 };
      if (found < 0 && !isLast) {
        if (bytes.length - start <= rowBytesMax) return { is: "cut" };
        return firstEnd < 0 ? { is: "skip" } : { is: "open", ...only };
      }
      let state: "open" | "closed" | "broken" = isOpen ? "open" : "closed";
      if (separator !== undefined && (isOpen || quoteAt < end))
        state = scanQuotes(bytes, from, end, isOpen, separator);
      if (state === "broken") return { is: "broken", ...only };
      if (state === "closed") {
        const isLong = end - start > rowBytesMax;
        if (isLong && lines > 1) return { is: "open", ...only };
        return { is: isLong ? "long" : "row", end, next: end + 1, lines };
      }
      if (found < 0 || end - start > rowBytesMax) return { is: "open", ...only };
      isOpen = true;
      firstEnd = first;
      from = end + 1;
    }
  }

  /** Takes the next bytes of the file, with `isLast` its last ones, and gives the rows that are whole. */
  function push(chunk: Buffer, isLast = false): Piece[] {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const pieces: Piece[] = [];
    let rows: RowPlace[] = [];
    const flush = () => {
      if (rows.length > 0) pieces.push({ kind: "rows", bytes, rows });
      rows = [];
    };
    const unread = (fault: RowFault, own: Buffer) => {
      flush();
      pieces.push({ kind: "unread", line, fault, bytes: own });
    };
    // Copied, as a view would keep the whole chunk in memory.
    const copyOf = (start: number, end: number) =>
      Buffer.from(bytes.subarray(start, Math.min(end, start + payloadCharsMax)));
    let at = 0;
    let quoteAt = -1;
    rest = Buffer.alloc(0);
    while (at < bytes.length) {
      if (isSkipping) {
        const found = bytes.indexOf(newLine, at);
        at = found < 0 ? bytes.length : found + 1;
        if (found < 0 && !isLast) break;
        isSkipping = false;
        unread(faults.long, skipped);
        line += 1;
        continue;
      }
      if (quoteAt < at) {
        const found = separator === undefined ? -1 : bytes.indexOf(quote, at);
        quoteAt = found < 0 ? Number.POSITIVE_INFINITY : found;
      }
      const found = find(bytes, at, quoteAt, isLast);
      if (found.is === "cut") {
        // Copied, as a view would keep the whole chunk in memory.
        rest = Buffer.from(bytes.subarray(at));
        break;
      }
      if (found.is === "skip") {
        isSkipping = true;
        skipped = copyOf(at, bytes.length);
        break;
      }
      const end = bytes[found.end - 1] === carriageReturn && found.end > at ? found.end - 1 : found.end;
      // No line's end came after it.
      const isCut = found.end === bytes.length;
      if (found.is !== "row")
        unread(found.is === "open" && isCut ? cutFault : faults[found.is], copyOf(at, end));
      else if (end > at) rows.push({ line, start: at, end, ...(isCut ? { isCut } : {}) });
      line += found.lines;
      at = found.next;
    }
    if (isLast && isSkipping) {
      isSkipping = false;
      unread(faults.long, skipped);
    }
    flush();
    return pieces;
  }
  return { push };
}
