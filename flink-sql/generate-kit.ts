// What generators make rows of: random numbers by a seed, skewed picks, ids that never repeat, and texts as
// CSV files have them. Pure; the same seed gives the same rows. Not for secrets.

/** A series of random numbers. */
export interface Draws {
  /** 32 random bits, 0 to 2^32 - 1. */
  bits(): number;
  /** A whole number from 0 up to, not including, the limit, at most 2^53. */
  below(limit: number): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** True in this share of calls: 0 never, 1 always. */
  chance(share: number): boolean;
  pick<Value>(values: readonly Value[]): Value;
  /** Normally distributed: mean 0, deviation 1. */
  normal(): number;
}

const bitsMax = 2 ** 32;

/** One series by seed and name: another name gives other numbers, so that one series can't disturb another. */
export function createDraws(seed: number, name = ""): Draws {
  let [a, b, c, d] = [seed | 0, (seed / bitsMax) | 0, 0x9e3779b9, 1];
  // sfc32: 128 bits of state, as a series may be hundreds of millions of draws long.
  const bits = () => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let at = 0; at < name.length; at++) {
    c = Math.imul(c ^ name.charCodeAt(at), 0x85ebca6b);
    bits();
  }
  for (let round = 0; round < 12; round++) bits();
  const below = (limit: number) =>
    limit <= bitsMax
      ? Math.floor((bits() / bitsMax) * limit)
      : Math.floor(((bits() * 2 ** 21 + (bits() >>> 11)) / 2 ** 53) * limit);
  return {
    bits,
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: (share) => bits() < share * bitsMax,
    pick: (values) => values[below(values.length)]!,
    // Box and Muller; 1 - x, as the logarithm of 0 is none.
    normal: () => Math.sqrt(-2 * Math.log(1 - bits() / bitsMax)) * Math.cos((2 * Math.PI * bits()) / bitsMax),
  };
}

/** Picks an index, each by its weight, in constant time (Vose's alias method). Throws for no weight above 0. */
export function byWeight(weights: ArrayLike<number>): (draws: Draws) => number {
  const count = weights.length;
  let total = 0;
  for (let at = 0; at < count; at++) total += weights[at]!;
  if (!(total > 0)) throw new Error("byWeight needs at least one weight above 0.");
  const share = Float64Array.from(weights, (weight) => (weight * count) / total);
  const other = new Uint32Array(count);
  const small: number[] = [];
  const large: number[] = [];
  for (let at = 0; at < count; at++) (share[at]! < 1 ? small : large).push(at);
  while (small.length > 0 && large.length > 0) {
    const low = small.pop()!;
    const high = large.at(-1)!;
    other[low] = high;
    share[high] = share[high]! - (1 - share[low]!);
    if (share[high] < 1) small.push(large.pop()!);
  }
  for (const rest of [...small, ...large]) share[rest] = 1;
  return (draws) => {
    const at = draws.below(count);
    return draws.bits() < share[at]! * bitsMax ? at : other[at]!;
  };
}

/** Picks a value by its weight: weighted([["view", 90], ["cart", 9], ["buy", 1]]). */
export function weighted<Value>(choices: readonly (readonly [Value, number])[]): (draws: Draws) => Value {
  const pick = byWeight(choices.map(([, weight]) => weight));
  return (draws) => choices[pick(draws)]![0];
}

/** Picks 0 to count - 1, few of them often: index i has weight 1 / (i + 1)^exponent. About 1 is usual. */
export const powerLaw = (count: number, exponent: number): ((draws: Draws) => number) =>
  byWeight(Float64Array.from({ length: count }, (_, at) => (at + 1) ** -exponent));

/**
 * Another number of the same range for each n from 0 to 4^halfBits - 1, never one for two: ids without order
 * and without memory. `halfBits` 1 to 26.
 */
export function scramble(n: number, halfBits: number, seed: number): number {
  const half = 2 ** halfBits;
  let [left, right] = [Math.floor(n / half), n % half];
  for (let round = 1; round <= 4; round++) {
    let mixed = Math.imul(right ^ seed ^ Math.imul(round, 0x9e3779b9), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
    [left, right] = [right, (left ^ ((mixed ^ (mixed >>> 13)) & (half - 1))) >>> 0];
  }
  return left * half + right;
}

const needsQuotes = /[",\r\n]/;

/** One CSV field, in quotes only where it must be (RFC 4180). */
export const csvField = (text: string): string =>
  needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** One CSV row without its line end. */
export function csvRow(fields: readonly string[]): string {
  let row = csvField(fields[0] ?? "");
  for (let at = 1; at < fields.length; at++) row += `,${csvField(fields[at]!)}`;
  return row;
}

/** One CSV row with every field in quotes, without its line end: the same row, written otherwise. */
export const csvRowInQuotes = (fields: readonly string[]): string =>
  fields.map((text) => `"${text.replaceAll('"', '""')}"`).join(",");

/** Hundredths as a decimal text: 1299 is "12.99". Exact for whole numbers up to 2^53. */
export function hundredths(value: number): string {
  const digits = String(Math.abs(value)).padStart(3, "0");
  return `${value < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Digits in threes from the right: "1234567.89" is "1,234,567.89". */
export function thousands(number: string): string {
  const point = number.indexOf(".");
  const whole = point < 0 ? number : number.slice(0, point);
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + number.slice(whole.length);
}

const months = "January February March April May June July August September October November December".split(
  " ",
);
const two = (n: number) => (n < 10 ? `0${n}` : String(n));

const timeParts: Record<string, (time: Date) => string> = {
  yyyy: (time) => String(time.getUTCFullYear()),
  yy: (time) => two(time.getUTCFullYear() % 100),
  MMMM: (time) => months[time.getUTCMonth()]!,
  MMM: (time) => months[time.getUTCMonth()]!.slice(0, 3),
  MM: (time) => two(time.getUTCMonth() + 1),
  M: (time) => String(time.getUTCMonth() + 1),
  dd: (time) => two(time.getUTCDate()),
  d: (time) => String(time.getUTCDate()),
  HH: (time) => two(time.getUTCHours()),
  H: (time) => String(time.getUTCHours()),
  mm: (time) => two(time.getUTCMinutes()),
  ss: (time) => two(time.getUTCSeconds()),
  XXX: () => "+00:00",
};

/**
 * Writes times (milliseconds since 1970) in UTC by a format of the readers' tokens, such as
 * "yyyy-MM-dd HH:mm:ss 'UTC'" or "M/d/yy H:mm". Throws for a letter that is no token and in no quotes.
 */
export function timeWriter(format: string): (ms: number) => string {
  const parts = (format.match(/'[^']*'|([A-Za-z])\1*|[^A-Za-z']+/g) ?? []).map((token) => {
    if (token.startsWith("'")) return () => token.slice(1, -1);
    if (!/[A-Za-z]/.test(token)) return () => token;
    const write = timeParts[token];
    if (!write)
      throw new Error(`Time format '${format}': '${token}' is no token; put text in single quotes.`);
    return write;
  });
  return (ms) => {
    const time = new Date(ms);
    let text = "";
    for (const part of parts) text += part(time);
    return text;
  };
}
