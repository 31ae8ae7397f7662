// What a report answered, and how one value of it reads as text. Knows no output format.
import type { Report } from "./header.ts";

export interface Column {
  name: string;
  /** Trino's type, such as `bigint` or `timestamp(6) with time zone`. */
  type: string;
}

export interface Result {
  /** With the SQL as it was run: its parameters filled in. */
  report: Report;
  /** Value of each parameter; those of a report without any are left out. */
  parameters?: Record<string, string>;
  /** The moment whose snapshots were read; absent where the newest were. */
  asOf?: Date;
  columns: Column[];
  /** Values beyond a double's precision come as strings: bigint and decimal stay exact. */
  rows: unknown[][];
  /** Why there are no rows, where Trino gave no answer. */
  problem?: string;
}

export const isNumber = (column: Column) =>
  /^(tinyint|smallint|integer|int|bigint|real|double|decimal)\b/i.test(column.type);

export const isTime = (column: Column) => /^(date|timestamp)\b/i.test(column.type);

export const isText = (column: Column) => /^(varchar|char)\b/i.test(column.type);

/** A value as text, exact; null is empty. Arrays, maps and rows as JSON. */
export function toText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? toJson(value) : String(value);
}

/** Parameters and moment for people, as `month = 2019-10, country = ''`; empty where there are none. */
export const toParameterLine = ({ parameters = {}, asOf }: Pick<Result, "parameters" | "asOf">) =>
  [
    ...Object.entries(parameters).map(
      ([name, value]) => `${name} = ${value === "" ? "''" : toVisible(value)}`,
    ),
    ...(asOf ? [`as of ${asOf.toISOString()}`] : []),
  ].join(", ");

export const toJson = (value: unknown, indent?: number) =>
  JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? String(inner) : inner), indent);

// Controls could drive the reader's terminal; bidi marks could make text read as other text.
const unsafe = /[\p{Cc}\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;

/** Text for people: controls and direction marks are written out, such as \u001b. */
export const toVisible = (text: string) =>
  text.replace(unsafe, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
