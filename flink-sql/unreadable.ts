// Rows of files that can't be read as events: why, and what is told of each. The loader names a reason, the
// API takes no others, and the quarantine has it.

export const unreadableReasons = {
  row_cut: "the file ends within the row",
  column_count: "more or fewer columns than the header",
  quote_broken: "quotes that don't fit",
  row_too_long: "longer than a row may be",
  not_utf8: "bytes that are no UTF-8",
  has_nul: "a NUL in the text",
  json_invalid: "no JSON object",
  type_unknown: "of no event type of the pipeline",
  value_unreadable: "a value that its column's reader can't read",
} as const;

export type UnreadableReason = keyof typeof unreadableReasons;

/** Why a row can't be read. */
export interface RowFault {
  reason: UnreadableReason;
  message: string;
  /** Field that the fault is in, where it is in one. */
  path?: string;
}

/** Characters of a row that are shown; the quarantine keeps no more. */
export const payloadCharsMax = 100_000;
/** Characters of a message that are kept. */
export const faultCharsMax = 1000;
