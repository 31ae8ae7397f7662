// What generators make rows of: random numbers by a seed, skewed picks, ids that never repeat, and texts as
// CSV files have them. Pure; the same seed gives the same rows. Not for secrets.

const bitsMax = 2 ** 32;

/**
 * A series of random numbers (sfc32: its 128 bits of state are good for hundreds of millions of draws). A class,
 * as functions made anew for each series would cost more than what they draw.
 */
export class Draws {
  readonly #base: number;
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 1;

  constructor(seed: number, name: string) {
    let base = Math.imul(seed ^ Math.floor(seed / bitsMax), 0x9e3779b1);
    for (let at = 0; at < name.length; at++) {
      base = Math.imul(base ^ name.charCodeAt(at), 0x85ebca6b);
      base ^= base >>> 15;
    }
    this.#base = base;
    this.#begin(seed | 0, (seed / bitsMax) | 0);
  }

  #begin(a: number, b: number): void {
    this.#a = a;
    this.#b = b;
    this.#c = this.#base;
    this.#d = 1;
    for (let round = 0; round < 12; round++) this.bits();
  }

  /** Starts the series of number `n` (0 to 2^53): what is made of it is the same whenever it is made. */
  at(n: number): this {
    this.#begin(n | 0, ((n / bitsMax) | 0) ^ 0x5bd1e995);
    return this;
  }

  /** 32 random bits, 0 to 2^32 - 1. */
  bits(): number {
    const sum = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A whole number from 0 up to, not including, the limit, at most 2^53. */
  below(limit: number): number {
    if (limit <= bitsMax) return Math.floor((this.bits() / bitsMax) * limit);
    return Math.floor(((this.bits() * 2 ** 21 + (this.bits() >>> 11)) / 2 ** 53) * limit);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True in this share of calls: 0 never, 1 always. */
  chance(share: number): boolean {
    return this.bits() < share * bitsMax;
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)]!;
  }

  /** Normally distributed: mean 0, deviation 1. */
  normal(): number {
    // Box and Muller; 1 - x, as the logarithm of 0 is none.
    return (
      Math.sqrt(-2 * Math.log(1 - this.bits() / bitsMax)) * Math.cos((2 * Math.PI * this.bits()) / bitsMax)
    );
  }
}

/** One series by seed and name: another name gives other numbers, so that one series can't disturb another. */
export const createDraws = (seed: number, name = ""): Draws => new Draws(seed, name);

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

/**
 * A quotient of whole numbers 0 or above as a decimal text of so many digits, rounded half up once, as by
 * CAST(CAST(numerator AS DECIMAL(18, scale)) / denominator AS DECIMAL(18, scale)) in Trino: by a BIGINT such a numerator
 * is divided in 20 digits more than the scale, too many to become a tie. `numerator` is in units of 10^-unit.
 */
export function quotient(
  numerator: number | bigint,
  denominator: number | bigint,
  scale: number,
  unit = 0,
): string {
  const above = BigInt(numerator) * 10n ** BigInt(scale);
  const below = BigInt(denominator) * 10n ** BigInt(unit);
  const digits = String((2n * above + below) / (2n * below)).padStart(scale + 1, "0");
  return scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
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
