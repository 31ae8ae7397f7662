// From a zod field to what a caller may write for it: TypeScript type and the words above it. Pure.
import { z } from "zod";
import { unwrap } from "../flink-sql/columns.ts";

const schemaOf = (type: z.ZodType) => z.toJSONSchema(type, { io: "input", unrepresentable: "any" });

const storedAs = (type: z.ZodType): unknown => type.meta()?.flink ?? unwrap(type).meta()?.flink;

const isId64 = (type: z.ZodType) => storedAs(type) === "BIGINT" && unwrap(type) instanceof z.ZodString;

const literals = (values: Iterable<unknown>): string =>
  [...values].map((value) => (typeof value === "bigint" ? `${value}n` : JSON.stringify(value))).join(" | ");

function plainType(type: z.ZodType): string {
  const inner = unwrap(type);
  if (isId64(type)) return "string | bigint";
  if (inner instanceof z.ZodEnum) return literals(inner.options);
  if (inner instanceof z.ZodLiteral) return literals(inner.values);
  if (inner instanceof z.ZodString || inner instanceof z.ZodStringFormat) return "string";
  if (inner instanceof z.ZodNumber) return "number";
  if (inner instanceof z.ZodBoolean) return "boolean";
  // Only a field that declares its column by meta() can be of another kind; the API checks it.
  return "unknown";
}

/** Type of a field as TypeScript text. */
export function typeText(type: z.ZodType): string {
  const plain = plainType(type);
  return plain !== "unknown" && z.safeParse(type, null).success ? `${plain} | null` : plain;
}

/** Whether an event may leave the field out: it is optional, or the API has a default. */
export const mayBeLeftOut = (type: z.ZodType): boolean => z.safeParse(type, undefined).success;

function kindOf(type: z.ZodType): string {
  const inner = unwrap(type);
  const stored = storedAs(type);
  if (isId64(type)) return "64-bit id: a bigint, or its digits.";
  if (typeof stored === "string" && stored.startsWith("DECIMAL")) return `${stored} as text, exact.`;
  if (inner instanceof z.ZodISODateTime) return 'ISO 8601 time, such as "2026-01-31T12:00:00Z".';
  if (inner instanceof z.ZodISODate) return 'Date, such as "2026-01-31".';
  if (!(inner instanceof z.ZodNumber)) return "";
  const { type: kind, minimum, maximum } = schemaOf(inner);
  return kind === "integer" ? `Whole number from ${minimum} to ${maximum}.` : "";
}

const sentence = (text: string) => (text === "" || /[.!?]$/.test(text) ? text : `${text}.`);

/** What a caller should know of a field: description, kind, default. May be empty. */
export function fieldWords(type: z.ZodType): string {
  const described = type.meta()?.description ?? unwrap(type).meta()?.description ?? "";
  const { default: fallback } = schemaOf(type);
  const left = fallback === undefined ? "" : `Default ${JSON.stringify(fallback)}.`;
  return [sentence(described), kindOf(type), left].filter(Boolean).join(" ");
}
