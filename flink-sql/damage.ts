// Damage as real files have it: each takes a row's fields and gives what stands in the file instead, with the
// verdict that it will have. None changes what a landed row means: it is then written otherwise, no more.
import { csvField, csvRow, csvRowInQuotes, type Draws, thousands } from "./generate-kit.ts";

/** What becomes of a row: in its table, in the quarantine, or left out as a copy of another. */
export type Verdict = "landed" | "quarantined" | "duplicate";

export interface Damaged {
  /** The row without its line end; bytes where it is no UTF-8. */
  row: string | Uint8Array;
  verdict: Exclude<Verdict, "duplicate">;
}

/** `undefined` where this damage can't be done to this row. */
export type Damage = (fields: readonly string[], draws: Draws) => Damaged | undefined;

const quarantined = (row: string | Uint8Array): Damaged => ({ row, verdict: "quarantined" });
const landed = (row: string): Damaged => ({ row, verdict: "landed" });

const replaced = (fields: readonly string[], column: number, text: string) => {
  const copy = [...fields];
  copy[column] = text;
  return copy;
};

const encoder = new TextEncoder();

/** A byte that is no UTF-8 within a column: 0xE9 is é in Latin-1. */
export const invalidUtf8 =
  (column: number): Damage =>
  (fields) => {
    const mark = "\u0000";
    const bytes = encoder.encode(csvRow(replaced(fields, column, `caf${mark} ${fields[column]}`)));
    bytes[bytes.indexOf(0)] = 0xe9;
    return quarantined(bytes);
  };

/** A column is missing, so that all after it shift left: the row is too short. */
export const fieldMissing =
  (column: number): Damage =>
  (fields) =>
    quarantined(csvRow(fields.toSpliced(column, 1)));

/**
 * The same, with empty columns at the end that bring it to the right width: only the contract's types catch
 * it. Choose a column after which some field refuses its neighbour's text or an empty one.
 */
export const fieldMissingPadded =
  (column: number): Damage =>
  (fields) =>
    quarantined(csvRow([...fields.toSpliced(column, 1), ""]));

/** One column too many: a comma that should have been in quotes. */
export const fieldSplit =
  (column: number): Damage =>
  (fields) =>
    quarantined(
      [...fields.slice(0, column).map(csvField), "and more", ...fields.slice(column).map(csvField)].join(","),
    );

/** The row ends in the middle, before its last column begins. The file should end with it. */
export const cutRow: Damage = (fields, draws) => {
  const whole = csvRow(fields.slice(0, -1));
  return quarantined(whole.slice(0, draws.between(1, Math.max(1, whole.length - 1))));
};

/** An id as a spreadsheet spoils it: 2100000000000000123 becomes 2.1E+18. */
export const scientific =
  (column: number): Damage =>
  (fields) => {
    const digits = fields[column] ?? "";
    if (!/^\d{3,}$/.test(digits)) return undefined;
    const text = `${digits[0]}.${digits[1]}E+${String(digits.length - 1).padStart(2, "0")}`;
    return quarantined(csvRow(replaced(fields, column, text)));
  };

/** A word for nothing ("", "NaN", "Unknown") where the contract needs a value. */
export const valueMissing =
  (column: number, word = ""): Damage =>
  (fields) =>
    quarantined(csvRow(replaced(fields, column, word)));

/** Any text that the contract refuses in a column. */
export const wrongText =
  (column: number, text: string): Damage =>
  (fields) =>
    quarantined(csvRow(replaced(fields, column, text)));

/** A number with thousands separators, which the column's reader understands. */
export const withThousands =
  (column: number): Damage =>
  (fields) => {
    const number = fields[column] ?? "";
    return /^\d{4,}(\.\d+)?$/.test(number)
      ? landed(csvRow(replaced(fields, column, thousands(number))))
      : undefined;
  };

/** Literal quotes around a value, which the column's reader takes off. */
export const inLiteralQuotes =
  (column: number, quote = "'"): Damage =>
  (fields) =>
    landed(csvRow(replaced(fields, column, `${quote}${fields[column]}${quote}`)));

/** Every field in quotes, also where none needs them. */
export const allInQuotes: Damage = (fields) => landed(csvRowInQuotes(fields));
