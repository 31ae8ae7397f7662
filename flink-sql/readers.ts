// Readers of CSV columns: from the text that a file has to the JSON value that the contract takes. Pure.
// Each throws Unreadable for text it can't read, and returns undefined where the text stands for no value.
import { compileFormat } from "./time-formats.ts";

/** From a column's text to a JSON value of the contract; undefined leaves the field out. */
export type Reader<Value = unknown> = (text: string) => Value | undefined;

const shownMax = 50;

/** Text that a reader can't read; the message has the text (its start, where it is long) and what was expected. */
export class Unreadable extends Error {
  override name = "Unreadable";

  constructor(text: string, expected: string) {
    const shown = text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
    super(`'${shown}' is no ${expected}`);
  }
}

/** The first format that the text is in gives the moment. */
function momentReader(
  kind: "time" | "date",
  formats: string[],
  write: (date: Date) => string,
): Reader<string> {
  if (formats.length === 0) throw new Error(`${kind}() needs a format, such as ${kind}("yyyy-MM-dd").`);
  const compiled = formats.map((format) => compileFormat(format, kind));
  const expected = `${kind} as ${formats.join(" or ")}`;
  return (given) => {
    const text = given.trim();
    for (const read of compiled) {
      const ms = read(text);
      if (ms !== undefined) return write(new Date(ms));
    }
    throw new Unreadable(given, expected);
  };
}

/**
 * Reads times: ISO 8601 text in UTC. Without the token XXX (an offset, +00:00) a text is in UTC.
 * Tokens: yyyy yy MMMM MMM MM M dd d HH H mm ss XXX; other letters in single quotes. Two-digit years 69 to 99
 * are of the 1900s, 00 to 68 of the 2000s. Throws at once, naming it, for a format that is wrong.
 */
export const time = (...formats: string[]): Reader<string> =>
  momentReader("time", formats, (date) => date.toISOString());

/** Reads dates: "YYYY-MM-DD". Formats as for time(), without the tokens of a day's time. */
export const date = (...formats: string[]): Reader<string> =>
  momentReader("date", formats, (day) => day.toISOString().slice(0, 10));

const digits = /^(-?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?\+?$/;

/** Reads "1,000,000+" and "1000.0" as whole numbers. Beyond 2^53 is unreadable: declare an id64() without reader. */
export function wholeNumber(): Reader<number> {
  return (text) => {
    const [, sign, whole] = digits.exec(text.trim()) ?? [];
    const value = whole === undefined ? Number.NaN : Number(whole.replaceAll(",", ""));
    if (!Number.isSafeInteger(value)) throw new Unreadable(text, "whole number such as 1,000");
    return sign && value !== 0 ? -value : value;
  };
}

const money = /^(-?)(?:\p{Sc}\s?)?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?$/u;

/** Reads "$4.99" and "1,299.00" as the text that decimal() takes, every digit kept. */
export function amount(): Reader<string> {
  return (text) => {
    const match = money.exec(text.trim());
    if (!match) throw new Unreadable(text, "amount such as $1,299.00");
    const [, sign = "", whole = "", fraction = ""] = match;
    return sign + whole.replaceAll(",", "").replace(/^0+(?=\d)/, "") + fraction;
  };
}

/** Reads two words, in any case, as true and false. */
export function yesNo(yes: string, no: string): Reader<boolean> {
  const [yesWord, noWord] = [yes.toLowerCase(), no.toLowerCase()];
  return (text) => {
    const word = text.trim().toLowerCase();
    if (word === yesWord) return true;
    if (word === noWord) return false;
    throw new Unreadable(text, `${yes} or ${no}`);
  };
}

const quotes = ["'", '"'];

/** Takes the literal quotes off: "'abc'" is abc. Text without them stays; a quote on one side only is unreadable. */
export function unquoted(): Reader<string> {
  return (text) => {
    const first = quotes.includes(text[0]!) ? text[0] : undefined;
    const last = quotes.includes(text.at(-1)!) ? text.at(-1) : undefined;
    if (first === undefined && last === undefined) return text;
    if (first !== last || text.length < 2)
      throw new Unreadable(text, "text with a quote at both ends or none");
    return text.length === 2 ? undefined : text.slice(1, -1);
  };
}

const size = /^(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s?([kKMG])B?$/;
const unitBytes: Record<string, number> = { k: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** Reads "316k", "8.7M" and "1.2G" as bytes (k is 1024), rounded. `nothing`: words for no value, in any case. */
export function byteSize(...nothing: string[]): Reader<number> {
  const words = new Set(nothing.map((word) => word.toLowerCase()));
  return (text) => {
    const trimmed = text.trim();
    if (words.has(trimmed.toLowerCase())) return undefined;
    const match = size.exec(trimmed);
    if (!match) throw new Unreadable(text, ["size such as 19M or 316k", ...nothing].join(", nor "));
    const [, whole = "", fraction = "", unit = ""] = match;
    const bytes = Number(whole.replaceAll(",", "") + fraction) * unitBytes[unit === "K" ? "k" : unit]!;
    return Math.round(bytes);
  };
}
