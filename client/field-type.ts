// From a zod field to what a caller may write for it: TypeScript type and the words above it. Pure.
import { z } from "zod";
import { unwrap } from "../flink-sql/columns.ts";

/** What z.toJSONSchema says of a field, as far as it is shown. */
export interface FieldSchema {
  type?: unknown;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
}

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

function kindOf(type: z.ZodType, { type: jsonType, minimum, maximum }: FieldSchema): string {
  const inner = unwrap(type);
  const stored = storedAs(type);
  if (isId64(type)) return "64-bit id: a bigint, or its digits.";
  if (typeof stored === "string" && stored.startsWith("DECIMAL")) return `${stored} as text, exact.`;
  if (inner instanceof z.ZodISODateTime) return 'ISO 8601 time, such as "2026-01-31T12:00:00Z".';
  if (inner instanceof z.ZodISODate) return 'Date, such as "2026-01-31".';
  const isWhole = [jsonType].flat().includes("integer");
  if (isWhole && minimum !== undefined && maximum !== undefined)
    return `Whole number from ${minimum} to ${maximum}.`;
  return isWhole ? "Whole number." : "";
}

const sentence = (text: string) => (text === "" || /[.!?]$/.test(text) ? text : `${text}.`);

/** What a caller should know of a field: description, kind, default. May be empty. */
export function fieldWords(type: z.ZodType, schema: FieldSchema): string {
  const described = schema.description ?? unwrap(type).meta()?.description ?? "";
  const fallback = schema.default === undefined ? "" : `Default ${JSON.stringify(schema.default)}.`;
  return [sentence(described), kindOf(type, schema), fallback].filter(Boolean).join(" ");
}
