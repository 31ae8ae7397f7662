// The rows of a CSV or NDJSON file as events of the contract, in order, with their lines. What can't be read
// is a row with a fault, never an end. Constant memory: a chunk of the file at a time.
import { parse as parseJson } from "lossless-json";
import { createCsvReader, payloadOf, readTexts } from "../../flink-sql/csv-rows.ts";
import { createSplitter, type Piece } from "../../flink-sql/csv-split.ts";
import type { EventMaker, HeaderMaker, Made } from "../../flink-sql/row-events.ts";
import { FormError, NumberText } from "../../flink-sql/row-fields.ts";
import type { RowFault } from "../../flink-sql/unreadable.ts";
import { type InputFile, readBytes } from "./input-files.ts";

/** One row; `payload` gives its text, for rows that are kept as they came. */
export interface EventRow {
  line: number;
  made: Made;
  payload: string;
}

export interface RowsOptions {
  delimiter: string;
  rowBytesMax: number;
  /** Rows up to this line are not wanted any more, and not parsed. */
  afterLine: number;
  onBytes: (bytes: number) => void;
  /** Hears how the header of a CSV file was understood. */
  onHeader: (maker: HeaderMaker) => void;
}

type ToRows = (bytes: Buffer, isLast?: boolean) => EventRow[];

function csvRows(path: string, maker: EventMaker, options: RowsOptions): ToRows {
  let header: HeaderMaker | undefined;
  const read = createCsvReader({
    ...options,
    onHeader(columns, line, fault) {
      if (fault) throw new FormError(`${path}:${line}: the header can't be read: ${fault.message}.`);
      header = maker.forHeader(columns, `${path}:${line}`);
      options.onHeader(header);
    },
  });
  return (bytes, isLast = false) => {
    const rows = read(bytes, isLast).map(
      (row): EventRow =>
        "fault" in row
          ? { line: row.line, made: row, payload: row.payload }
          : { line: row.line, made: header!.make(row.cells), payload: row.text },
    );
    if (isLast && !header)
      throw new FormError(`${path}: the file is empty: its first row must name the columns.`);
    return rows;
  };
}

const numberText = (digits: string) => new NumberText(digits);
const jsonFault = (message: string): { fault: RowFault } => ({
  fault: { reason: "json_invalid", message: message.slice(0, 200) },
});

function makeObject(text: string, maker: EventMaker): Made {
  let value: unknown;
  try {
    value = parseJson(text, null, numberText);
  } catch (error) {
    return jsonFault((error as Error).message);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return jsonFault("not a JSON object");
  return maker.forObject(value as Record<string, unknown>);
}

function ndjsonRows(maker: EventMaker, { rowBytesMax, afterLine }: RowsOptions): ToRows {
  const splitter = createSplitter({ rowBytesMax });
  const read = (text: string, line: number): EventRow => ({
    line,
    made: makeObject(text, maker),
    payload: text,
  });
  const rowsOf = (piece: Piece): EventRow[] => {
    if (piece.kind === "unread")
      return [{ line: piece.line, made: { fault: piece.fault }, payload: payloadOf(piece.bytes) }];
    const rows = piece.rows.filter(({ line }) => line > afterLine);
    if (rows.length === 0) return [];
    return readTexts({ ...piece, rows }, read).map((row) =>
      "fault" in row ? { line: row.line, made: { fault: row.fault }, payload: row.payload } : row,
    );
  };
  let isStart = true;
  return (bytes, isLast = false) => {
    const isMarked = isStart && bytes.subarray(0, 3).toString("latin1") === "\u00ef\u00bb\u00bf";
    if (bytes.length > 0) isStart = false;
    return splitter
      .push(isMarked ? bytes.subarray(3) : bytes, isLast)
      .flatMap(rowsOf)
      .filter(({ line }) => line > afterLine);
  };
}

/** Yields rows in groups, one per chunk. Throws where the file itself can't be read, or its header doesn't fit. */
export async function* readEvents(
  file: InputFile,
  maker: EventMaker,
  options: RowsOptions,
): AsyncGenerator<EventRow[], void> {
  const read = file.form === "csv" ? csvRows(file.path, maker, options) : ndjsonRows(maker, options);
  for await (const chunk of readBytes(file, options.onBytes)) yield read(chunk);
  yield read(Buffer.alloc(0), true);
}
