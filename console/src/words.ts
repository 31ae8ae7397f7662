// Numbers and times as people read them. Pure.

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** Every digit, whatever its size: `1,234,567`; a dash where there is none. */
export function count(value: number | string | null): string {
  if (value === null) return "–";
  return whole.format(typeof value === "string" && /^-?\d+$/.test(value) ? BigInt(value) : Number(value));
}

/** For pictures, where the width is small: `1.2M`. */
export const shortCount = (value: number) =>
  Math.abs(value) < 10_000 ? whole.format(value) : short.format(value);

/** Records a second. */
export function rate(value: number | null): string {
  if (value === null) return "–";
  return `${value > 0 && value < 10 ? value.toFixed(1) : whole.format(Math.round(value))}/s`;
}

/** How long something takes or took: `340 ms`, `2.3 s`, `4 min`, `3 h`, `12 d`. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** How long ago; a clock that is ahead by a little is now. */
export function ago(at: string | null, nowMs: number): string {
  const then = at === null ? Number.NaN : Date.parse(at);
  if (Number.isNaN(then)) return "never";
  const ms = nowMs - then;
  return ms < 1000 ? "now" : `${span(ms)} ago`;
}

/** `2026-11-23 18:04:05` in UTC, as the lake has it. */
export const time = (at: string) => {
  const then = new Date(at);
  return Number.isNaN(then.getTime()) ? at : then.toISOString().slice(0, 19).replace("T", " ");
};

/** `1 row`, `2 rows`. */
export const many = (n: number, one: string, more = `${one}s`) =>
  `${whole.format(n)} ${n === 1 ? one : more}`;

/** A column's name as words. */
export const words = (name: string) => name.replaceAll("_", " ");
