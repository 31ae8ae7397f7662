// The picture of a report as SVG, drawn by vega without a browser. Takes no colours from the page but
// currentColor, so that light and dark need no second picture; adds no scripts, styles or links.
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Chart } from "./header.ts";
import { limit, type Point, toPoints } from "./points.ts";
import { type Column, isNumber, isTime, type Result, toVisible } from "./result.ts";

export interface Picture {
  svg: string;
  /** What the picture leaves out; empty when it shows every row. */
  omission: string;
}

const palette = ["#4f83d6", "#d9822b", "#3fa66b", "#b066c9", "#d2556a", "#8a8f3c", "#2f9fb3", "#9a7462"];

// Vega's warnings are about taste, and a library has no business on its caller's console.
const quiet = vega.logger(vega.None);

// Where vega would write 12 PM.
const clock = { hours: "%H:%M", minutes: "%H:%M" };

const words = (name: string) => toVisible(name.replaceAll("_", " "));

/** Beyond a million millions a double's digits mislead: 9.22E, and the table has them all. */
const numberFormat = (points: Point[]) => (points.some(({ y }) => Math.abs(y) >= 1e12) ? ".3~s" : ",~f");

function encode(chart: Chart, along: Column, format: string) {
  const color = chart.color
    ? { color: { field: "color", type: "nominal", sort: null, title: words(chart.color) } }
    : {};
  const y = {
    field: "y",
    type: "quantitative",
    title: words(chart.y),
    axis: { format, tickCount: 6 },
  };
  const title = words(chart.x);
  if (chart.kind === "bar") {
    const category = { field: "x", type: "ordinal", sort: null, title };
    // Names lie flat and stay readable beside lying bars; numbers and times read along the bottom.
    const upright = isNumber(along) || isTime(along);
    return upright ? { x: category, y, ...color } : { y: { ...category, title: null }, x: y, ...color };
  }
  const x = isTime(along)
    ? {
        field: "x",
        type: "temporal",
        scale: { type: "utc" },
        axis: { format: clock },
        title: `${title} (UTC)`,
      }
    : isNumber(along)
      ? { field: "x", type: "quantitative", scale: { zero: false }, axis: { tickCount: 6 }, title }
      : { field: "x", type: "ordinal", sort: null, title };
  return { x, y, ...color };
}

const look = (widthPx: number) => ({
  aria: false,
  background: "transparent",
  font: "system-ui, sans-serif",
  view: { stroke: null },
  range: { category: palette },
  mark: { color: palette[0] },
  axis: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    titleFontWeight: "normal",
    domainColor: "currentColor",
    domainOpacity: 0.4,
    ticks: false,
    gridColor: "currentColor",
    gridOpacity: 0.12,
    labelFontSize: 12,
    titleFontSize: 12,
    labelPadding: 6,
    labelLimit: 0.45 * widthPx,
  },
  axisBand: { domain: false },
  legend: {
    orient: "top",
    columns: Math.floor(widthPx / 180),
    titleColor: "currentColor",
    titleFontWeight: "normal",
    labelColor: "currentColor",
    labelFontSize: 12,
  },
  scale: { bandPaddingInner: 0.25 },
});

function specOf(chart: Chart, along: Column, points: Point[], widthPx: number): TopLevelSpec {
  const format = numberFormat(points);
  const encoding = encode(chart, along, format);
  const lying = chart.kind === "bar" && encoding.y.field === "x";
  const mark = { bar: "bar", line: "line", scatter: "point" }[chart.kind];
  const style = { bar: {}, line: { point: true }, scatter: { filled: true, size: 60, opacity: 0.6 } }[
    chart.kind
  ];
  const labels = {
    mark: { type: "text", align: "left", dx: 4, fontSize: 12, color: "currentColor" },
    encoding: { text: { field: "y", type: "quantitative", format } },
  };
  return {
    data: { values: points },
    width: widthPx,
    height: lying ? 26 * new Set(points.map((point) => point.x)).size : 260,
    autosize: { type: "fit-x", contains: "padding" },
    encoding,
    layer: [{ mark: { type: mark, ...style } }, ...(lying && !chart.color ? [labels] : [])],
    config: look(widthPx),
  } as unknown as TopLevelSpec;
}

/** Draws a report's answer. Throws where the chart names a column that the answer lacks. */
export async function drawPicture(result: Result, chart: Chart, widthPx: number): Promise<Picture> {
  const names = result.columns.map((column) => column.name);
  const missing = [chart.x, chart.y, chart.color].filter((name) => name && !names.includes(name));
  if (missing.length > 0)
    throw new Error(
      `Report '${result.report.name}' draws ${missing.join(", ")}, which its answer lacks. ` +
        `Name one of ${names.join(", ")} in its '-- chart:' line.`,
    );
  const { shown, omission } = limit(chart, toPoints(chart, result));
  if (shown.length === 0) return { svg: "", omission: "Nothing to draw yet." };
  const along = result.columns[names.indexOf(chart.x)]!;
  const { spec } = compile(specOf(chart, along, shown, widthPx), { logger: quiet });
  const view = new vega.View(vega.parse(spec), { renderer: "none", logger: quiet });
  try {
    return { svg: await view.toSVG(), omission };
  } finally {
    view.finalize();
  }
}
