// Values that come as text, from a query string or a column, as the types their fields declare. Text
// that doesn't read as such a value is left as it is, so that the contract refuses it by name.
import { z } from "zod";
import { unwrap } from "./columns.ts";

export type ReadText = (text: string) => unknown;

const number = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

const toNumber: ReadText = (text) => (number.test(text) ? Number(text) : text);

const toBoolean: ReadText = (text) => {
  if (text === "true") return true;
  return text === "false" ? false : text;
};

/** None where text stays text: ids beyond 2^53 and decimals keep every digit. */
export function textReader(type: z.ZodType): ReadText | undefined {
  const inner = unwrap(type);
  if (inner instanceof z.ZodNumber) return toNumber;
  return inner instanceof z.ZodBoolean ? toBoolean : undefined;
}
