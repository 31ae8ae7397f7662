// Parts in which records are judged, so that Trino's memory is enough however many there are. Pure.
import type { Bound } from "./judge.ts";

/** Part of all records, by a checksum of their event_id: `slice` of `slices`, from 0. Copies of an event are in one. */
export interface Slice {
  slice: number;
  slices: number;
}

export const whole: Slice = { slice: 0, slices: 1 };

/** Trino took 225 MB to judge 1,000,000 records of a pipeline with three tables of latest rows; a query may have 512 MB. */
const sliceRecords = 1_000_000;

/** Slices of about as many records each as are judged at once; at least as many as are asked for. */
export function slicesOf(bounds: Bound[], atLeast = 1): Slice[] {
  const records = bounds.reduce((sum, { low, upTo }) => sum + upTo - low, 0);
  const slices = Math.max(atLeast, Math.ceil(records / sliceRecords));
  return Array.from({ length: slices }, (_, slice) => ({ slice, slices }));
}

/** What Trino asks of an event_id that is of a slice: nothing where there is one alone. Without an id it is as with an empty one. */
export const inSlice = (eventId: string, { slice, slices }: Slice): string[] =>
  slices === 1 ? [] : [`mod(crc32(to_utf8(coalesce(${eventId}, ''))), ${slices}) = ${slice}`];

/** " (3 of 8)" for a line of progress; nothing where there is one alone. */
export const stepOf = ({ slice, slices }: Slice): string =>
  slices > 1 ? ` (${slice + 1} of ${slices})` : "";
