// The rows of an answer as points of a picture: which values, and how many of them. Draws nothing.
import type { Chart } from "./header.ts";
import { isNumber, isTime, type Result, toText, toVisible } from "./result.ts";

const categoriesMax = 25;
const pointsMax = 5000;

/** Trino writes `2026-07-01 12:34:56.123456 UTC`; a zone by name other than UTC can't be placed. */
function toEpochMs(text: string): number {
  const [, day, time, zone] = /^(\d{4}-\d\d-\d\d)(?: ([\d:.]+))?(?: (.*))?$/.exec(text) ?? [];
  if (!day) return Number.NaN;
  return Date.parse(`${day}T${time ?? "00:00"}${!zone || zone === "UTC" ? "Z" : zone}`);
}

export interface Point {
  x: string | number;
  y: number;
  color?: string;
}

/** Rows as the chart needs them: numbers and times as numbers, the rest as text. */
export function toPoints({ kind, x, y, color }: Chart, { columns, rows }: Result): Point[] {
  const at = (name: string) => columns.findIndex((column) => column.name === name);
  const [xAt, yAt, colorAt] = [at(x), at(y), color ? at(color) : -1];
  const along = columns[xAt]!;
  const category = (value: unknown) => toVisible(toText(value)) || "none";
  const measure = (value: unknown) => Number(toText(value) || Number.NaN);
  const placed =
    kind === "bar" || !(isNumber(along) || isTime(along))
      ? category
      : isNumber(along)
        ? measure
        : (value: unknown) => toEpochMs(toText(value));
  return rows
    .map((row) => ({
      x: placed(row[xAt]),
      y: measure(row[yAt]),
      ...(color ? { color: category(row[colorAt]) } : {}),
    }))
    .filter((point) => Number.isFinite(point.y) && !Number.isNaN(point.x));
}

/** The first of the points that a picture can hold, and how many values of x or points it leaves out. */
export function limit(chart: Chart, points: Point[]) {
  if (chart.kind !== "bar") {
    const omitted = Math.max(0, points.length - pointsMax);
    return {
      shown: points.slice(0, pointsMax),
      omission: omitted ? `${omitted} more rows aren't drawn.` : "",
    };
  }
  const all = [...new Set(points.map((point) => point.x))];
  const kept = new Set(all.slice(0, categoriesMax));
  const omitted = all.length - kept.size;
  return {
    shown: points.filter((point) => kept.has(point.x)),
    omission: omitted ? `The first ${kept.size} of ${all.length} are drawn.` : "",
  };
}
