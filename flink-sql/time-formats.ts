// Times and dates by a format such as "yyyy-MM-dd HH:mm:ss 'UTC'", read strictly: a day that no calendar
// has is no day. Pure; a format is compiled once and then costs one regular expression per text.

interface Token {
  pattern: string;
  /** The part of a time that it gives, from the text that it matched. */
  part: keyof Parts;
  value: (text: string) => number;
}

/** A moment as written; the offset is in minutes east of UTC. */
interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  offset: number;
}

const months = [
  ["January", 31],
  ["February", 28],
  ["March", 31],
  ["April", 30],
  ["May", 31],
  ["June", 30],
  ["July", 31],
  ["August", 31],
  ["September", 30],
  ["October", 31],
  ["November", 30],
  ["December", 31],
] as const;
const monthNames = months.map(([name]) => name);
const shortNames = monthNames.map((name) => name.slice(0, 3));
const monthOf = (text: string) =>
  shortNames.indexOf(text[0]!.toUpperCase() + text.slice(1, 3).toLowerCase()) + 1;

/** POSIX's rule: 69 to 99 are of the 1900s, 00 to 68 of the 2000s. */
const fullYear = (text: string) => Number(text) + (Number(text) < 69 ? 2000 : 1900);

function offsetOf(text: string): number {
  if (text.length === 1) return 0; // Z
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(4));
  return text[0] === "-" ? -minutes : minutes;
}

const token = (part: keyof Parts, pattern: string, value: Token["value"] = Number): Token => ({
  part,
  pattern,
  value,
});
const tokens: Record<string, Token> = {
  yyyy: token("year", "\\d{4}"),
  yy: token("year", "\\d{2}", fullYear),
  MMMM: token("month", monthNames.join("|"), monthOf),
  MMM: token("month", shortNames.join("|"), monthOf),
  MM: token("month", "\\d{2}"),
  M: token("month", "\\d{1,2}"),
  dd: token("day", "\\d{2}"),
  d: token("day", "\\d{1,2}"),
  HH: token("hour", "\\d{2}"),
  H: token("hour", "\\d{1,2}"),
  mm: token("minute", "\\d{2}"),
  ss: token("second", "\\d{2}"),
  XXX: token("offset", "Z|[+-](?:0\\d|1[0-4]):[0-5]\\d", offsetOf),
};

/** Runs of one letter, texts in single quotes ('' is a quote), and single characters that are no letters. */
const piece = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']|'/g;

const isLeap = (year: number) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

function isReal({ year, month, day, hour, minute, second }: Parts): boolean {
  const days = month === 2 && isLeap(year) ? 29 : (months[month - 1]?.[1] ?? 0);
  return year >= 1 && day >= 1 && day <= days && hour <= 23 && minute <= 59 && second <= 59;
}

/** The calendar repeats after 400 years. Date.UTC takes years below 100 for those of the 1900s. */
const cycleMs = 146_097 * 24 * 3600 * 1000;

/** Milliseconds since 1970 of a text in this format; undefined where it isn't, or names no real moment. */
export type ReadMoment = (text: string) => number | undefined;

/** Throws an Error that names the format, what is wrong in it and the cure. */
export function compileFormat(format: string, parts: "time" | "date"): ReadMoment {
  const used: Token[] = [];
  const wrong = (what: string) =>
    new Error(
      `The ${parts} format "${format}" ${what}. Tokens: ${Object.keys(tokens).join(" ")}; put other letters in single quotes.`,
    );
  const pattern = [...format.matchAll(piece)].map(([text, quoted, letter]) => {
    if (text === "'") throw wrong("has a quote that isn't closed");
    const found = Object.hasOwn(tokens, text) ? tokens[text] : undefined;
    if (letter !== undefined && !found) throw wrong(`has '${text}', which is no token`);
    if (found) {
      if (used.some(({ part }) => part === found.part)) throw wrong(`has the ${found.part} twice`);
      used.push(found);
      return `(${found.pattern})`;
    }
    const literal = quoted === undefined ? text : quoted.replaceAll("''", "'") || "'";
    return literal.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  });
  for (const part of ["year", "month", "day"] as const)
    if (!used.some((each) => each.part === part)) throw wrong(`has no ${part}`);
  const ofDay = used.find(({ part }) => ["hour", "minute", "second", "offset"].includes(part));
  if (parts === "date" && ofDay) throw wrong(`has the ${ofDay.part}, and a date has none: use time()`);
  const whole = new RegExp(`^${pattern.join("")}$`, "i");

  return (text) => {
    const match = whole.exec(text);
    if (!match) return undefined;
    const read: Parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, offset: 0 };
    for (let at = 0; at < used.length; at += 1) read[used[at]!.part] = used[at]!.value(match[at + 1]!);
    if (!isReal(read)) return undefined;
    const { year, month, day, hour, minute, second, offset } = read;
    return Date.UTC(year + 400, month - 1, day, hour, minute - offset, second) - cycleMs;
  };
}
