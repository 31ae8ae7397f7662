// Query-string values, which are always text, as the types their fields declare. Text that doesn't
// read as such a value is left as it is, so that the contract refuses it by name.
import { z } from "zod";
import { unwrap } from "../flink-sql/columns.ts";
import { requestType } from "../flink-sql/envelope.ts";
import type { EventType } from "../flink-sql/pipeline.ts";

type Coerce = (text: string) => unknown;

const number = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

const toNumber: Coerce = (text) => (number.test(text) ? Number(text) : text);

const toBoolean: Coerce = (text) => {
  if (text === "true") return true;
  return text === "false" ? false : text;
};

function coercionOf(type: z.ZodType): Coerce | undefined {
  const inner = unwrap(type);
  if (inner instanceof z.ZodNumber) return toNumber;
  return inner instanceof z.ZodBoolean ? toBoolean : undefined;
}

/** Made once per event; reads the query of each of its requests. */
export function queryReader(event: EventType): (query: Record<string, unknown>) => Record<string, unknown> {
  const coercions = new Map<string, Coerce>();
  for (const [name, type] of Object.entries(requestType(event).shape)) {
    const coerce = coercionOf(type as z.ZodType);
    if (coerce) coercions.set(name, coerce);
  }
  return (query) => {
    const values: [string, unknown][] = Object.entries(query).map(([name, value]) => {
      const coerce = typeof value === "string" ? coercions.get(name) : undefined;
      return [name, coerce ? coerce(value as string) : value];
    });
    return Object.fromEntries(values);
  };
}
