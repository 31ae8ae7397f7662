// Times of events as files write them, and the moment at which a row of a replay is due. Pure.

export const timeFormats = ["iso", "epoch-ms", "epoch-s"] as const;
export type TimeFormat = (typeof timeFormats)[number];

const wholeNumber = /^-?\d{1,16}$/;
const number = /^-?\d{1,13}(\.\d{1,9})?$/;

/** ISO 8601 for the event, and ms since 1970; undefined for text that is no such time. */
export function readTime(text: string, format: TimeFormat): { text: string; ms: number } | undefined {
  if (format === "iso") {
    const ms = Date.parse(text);
    return Number.isNaN(ms) ? undefined : { text, ms };
  }
  if (!(format === "epoch-ms" ? wholeNumber : number).test(text)) return undefined;
  const date = new Date(Math.round(format === "epoch-ms" ? Number(text) : Number(text) * 1000));
  return Number.isNaN(date.getTime()) ? undefined : { text: date.toISOString(), ms: date.getTime() };
}

export interface Pace {
  /** Rows per second; 0 for as fast as it goes. */
  rate: number;
  /** How much faster than the events happened; 0 for no regard to their times. */
  speedUp: number;
}

/** Tells when the next row is due, in ms from the first; a row older than the first is due at once. */
export function createPace({ rate, speedUp }: Pace): (atMs: number | undefined) => number {
  let rows = 0;
  let firstMs: number | undefined;
  return (atMs) => {
    if (rate > 0) return (rows++ / rate) * 1000;
    if (speedUp === 0 || atMs === undefined) return 0;
    firstMs ??= atMs;
    return (atMs - firstMs) / speedUp;
  };
}
