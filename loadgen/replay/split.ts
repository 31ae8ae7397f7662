// Cuts the bytes of a file into rows, knowing of quotes only as much as that takes. Holds one row at
// most; a row that is too long, or whose quotes never fit, costs its first line and no other.

export interface RowPlace {
  /** Line on which the row starts, from 1. */
  line: number;
  /** Within `bytes`; without the line's end. */
  start: number;
  end: number;
}

export type Piece =
  | { kind: "rows"; bytes: Buffer; rows: RowPlace[] }
  | { kind: "unread"; line: number; reason: string };

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
  const reasons = {
    broken: "a quote within a quoted column is not doubled",
    open: `a quote is opened and not closed within ${rowBytesMax} bytes`,
    long: `longer than ${rowBytesMax} bytes`,
  };
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  let isSkipping = false;

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
    const unread = (reason: string) => {
      flush();
      pieces.push({ kind: "unread", line, reason });
    };
    let at = 0;
    let quoteAt = -1;
    rest = Buffer.alloc(0);
    while (at < bytes.length) {
      if (isSkipping) {
        const found = bytes.indexOf(newLine, at);
        at = found < 0 ? bytes.length : found + 1;
        if (found < 0 && !isLast) break;
        isSkipping = false;
        unread(reasons.long);
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
        break;
      }
      const end = bytes[found.end - 1] === carriageReturn && found.end > at ? found.end - 1 : found.end;
      if (found.is !== "row") unread(reasons[found.is]);
      else if (end > at) rows.push({ line, start: at, end });
      line += found.lines;
      at = found.next;
    }
    if (isLast && isSkipping) {
      isSkipping = false;
      unread(reasons.long);
    }
    flush();
    return pieces;
  }
  return { push };
}
