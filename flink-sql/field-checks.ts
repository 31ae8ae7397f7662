// Quick checks of single fields, made from their zod types: for events that are right, which nearly
// all are. Whatever a quick check doesn't surely know is left to zod, as is every refusal's wording.
import { z } from "zod";

/** The value that is stored, undefined where the field is absent, or `unsure`: ask zod. */
export type FieldCheck = (value: unknown) => unknown;

export const unsure = Symbol("unsure");

type Test<Value> = (value: Value) => boolean;

interface CheckDefinition {
  check: string;
  format?: string;
  pattern?: RegExp;
  minimum?: number;
  maximum?: number;
  value?: number | bigint | Date;
  inclusive?: boolean;
}

const definitionsOf = (type: z.ZodType): CheckDefinition[] =>
  (type.def.checks ?? []).map((check) => check._zod.def as CheckDefinition);

/** Any state in a pattern would make its verdicts depend on those before. */
const isPlain = (pattern: RegExp | undefined): pattern is RegExp =>
  pattern !== undefined && !pattern.global && !pattern.sticky;

function textTest({ check, format, pattern, minimum, maximum }: CheckDefinition): Test<string> | undefined {
  if (check === "min_length") return (text) => text.length >= minimum!;
  if (check === "max_length") return (text) => text.length <= maximum!;
  if (check === "string_format" && format === "regex" && isPlain(pattern))
    return (text) => pattern.test(text);
  return undefined;
}

function numberTest({ check, value, inclusive }: CheckDefinition): Test<number> | undefined {
  if (typeof value !== "number") return undefined;
  if (check === "greater_than") return inclusive ? (n) => n >= value : (n) => n > value;
  if (check === "less_than") return inclusive ? (n) => n <= value : (n) => n < value;
  return undefined;
}

const numberFormats: Record<string, Test<number>> = {
  int32: (n) => Number.isInteger(n) && n >= -2_147_483_648 && n <= 2_147_483_647,
  uint32: (n) => Number.isInteger(n) && n >= 0 && n <= 4_294_967_295,
  safeint: Number.isSafeInteger,
};

/** All tests, or undefined where one of them isn't known. */
function allOf<Value>(tests: (Test<Value> | undefined)[]): Test<Value> | undefined {
  const [first, second, ...rest] = tests;
  if (tests.some((test) => test === undefined)) return undefined;
  if (!first) return () => true;
  if (!second) return first;
  const both: Test<Value> = (value) => first(value) && second(value);
  return rest.length === 0 ? both : allOf([both, ...rest]);
}

function checkText(type: z.ZodType): FieldCheck | undefined {
  const { coerce } = type.def as { coerce?: boolean };
  const test = coerce ? undefined : allOf(definitionsOf(type).map(textTest));
  return test && ((value) => (typeof value === "string" && test(value) ? value : unsure));
}

function checkTime(type: z.ZodISODateTime): FieldCheck | undefined {
  const { pattern } = type.def as { pattern?: RegExp };
  if (definitionsOf(type).length > 0 || !isPlain(pattern)) return undefined;
  return (value) => (typeof value === "string" && pattern.test(value) ? value : unsure);
}

function checkNumber(type: z.ZodNumber): FieldCheck | undefined {
  const { coerce, format } = type.def as { coerce?: boolean; format?: string };
  // A format comes as a definition of its own, and once more among the checks.
  const ofChecks = definitionsOf(type).filter(({ check }) => check !== "number_format");
  const ofFormat = format === undefined ? [] : [numberFormats[format]];
  const formats = definitionsOf(type).flatMap(({ check, format: each }) =>
    check === "number_format" ? [numberFormats[each!]] : [],
  );
  const test = coerce ? undefined : allOf([...ofFormat, ...formats, ...ofChecks.map(numberTest)]);
  return (
    test && ((value) => (typeof value === "number" && Number.isFinite(value) && test(value) ? value : unsure))
  );
}

function checkPlain(type: z.ZodType): FieldCheck | undefined {
  if (type instanceof z.ZodISODateTime) return checkTime(type);
  if (type instanceof z.ZodString) return checkText(type);
  if (type instanceof z.ZodNumber) return checkNumber(type);
  if (definitionsOf(type).length > 0) return undefined;
  if (type instanceof z.ZodBoolean) {
    if ((type.def as { coerce?: boolean }).coerce) return undefined;
    return (value) => (typeof value === "boolean" ? value : unsure);
  }
  if (!(type instanceof z.ZodEnum)) return undefined;
  const known = new Set<unknown>(type.options);
  return (value) => (known.has(value) ? value : unsure);
}

/** Zod itself, for one field. What is absent is left to the event as a whole. */
const checkByZod =
  (type: z.ZodType): FieldCheck =>
  (value) => {
    const parsed = value === undefined ? undefined : type.safeParse(value);
    return parsed?.success ? parsed.data : unsure;
  };

/** The check of one field. */
export function fieldCheck(type: z.ZodType): FieldCheck {
  const isDefault = type instanceof z.ZodDefault;
  if ((!isDefault && !(type instanceof z.ZodOptional)) || definitionsOf(type).length > 0)
    return checkPlain(type) ?? checkByZod(type);
  const inner = type.def.innerType as z.ZodType;
  const check = checkPlain(inner) ?? checkByZod(type);
  if (isDefault) return (value) => (value === undefined ? type.def.defaultValue : check(value));
  // An inner type that takes absence as well has a say in what becomes of it.
  const isAbsent = inner._zod.optin === "optional" ? unsure : undefined;
  return (value) => (value === undefined ? isAbsent : check(value));
}
