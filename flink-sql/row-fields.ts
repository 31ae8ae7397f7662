// One value of a row: what stands for nothing, and how text becomes the field's JSON value. Pure.
import { z } from "zod";
import { unwrap } from "./columns.ts";
import type { CsvForm } from "./pipeline.ts";
import { type ReadText, textReader } from "./text.ts";

/** A file, or what was said of it, doesn't fit the contract: the message names it and the cure. */
export class FormError extends Error {
  override name = "FormError";
  /** Of the program that was told so. */
  readonly exitCode = 2;
}

/** Headers are compared without case and without white space around them. */
export const foldHeader = (name: string): string => name.trim().toLowerCase();

/** A number of an NDJSON file with all its digits. */
export class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * What a value of a row is in the event; undefined leaves the field out. Throws what the form's reader throws.
 * With a form an empty text is no value, wherever it stands; without, a required text may be empty.
 */
export function fieldReader(
  type: z.ZodType,
  form: Pick<CsvForm, "nothing" | "read"> | undefined,
  field: string,
): (value: unknown) => unknown {
  const inner = unwrap(type);
  const own = form?.read[field];
  const plain: ReadText = textReader(type) ?? ((text) => text);
  const isText = !(inner instanceof z.ZodNumber) && !(inner instanceof z.ZodBoolean);
  const keepsEmpty = !form && inner instanceof z.ZodString && !type.safeParse(undefined).success;
  const takesNull = type.safeParse(null).success;
  const nothing = new Set(form?.nothing ?? []);
  return (value) => {
    if (value === "") return keepsEmpty ? "" : undefined;
    if (typeof value === "string") {
      if (nothing.has(value)) return undefined;
      return own ? own(value) : plain(value);
    }
    if (value === null && !takesNull) return undefined;
    if (!(value instanceof NumberText)) {
      if (typeof value === "object" && value !== null)
        throw new Error("a value within a value: files are flat");
      return value;
    }
    // Digits of ids and decimals stay as they are written.
    if (own) return own(value.text);
    return isText ? value.text : plain(value.text);
  };
}
