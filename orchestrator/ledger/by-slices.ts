// Asks the lake for the verdicts of all records, slice by slice.
import type { Lake } from "../engines/trino.ts";
import type { Bound } from "./judge.ts";
import { type Slice, slicesOf, stepOf } from "./slices.ts";

/** Rows of a query over each slice of the records below the bounds, one after the other: Trino holds one at a time. */
export async function queryBySlices(
  lake: Lake,
  bounds: Bound[],
  query: (slice: Slice) => string,
  tell: (line: string) => void,
  what = "reading the lake",
): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  for (const slice of slicesOf(bounds)) {
    tell(`${what}${stepOf(slice)}`);
    rows.push(...(await lake.query(query(slice))).rows);
  }
  return rows;
}
