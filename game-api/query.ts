// Query-string values, which are always text, as the types their fields declare.
import type { z } from "zod";
import { requestType } from "../flink-sql/envelope.ts";
import type { EventType } from "../flink-sql/pipeline.ts";
import { type ReadText, textReader } from "../flink-sql/text.ts";

/** Made once per event; reads the query of each of its requests. */
export function queryReader(event: EventType): (query: Record<string, unknown>) => Record<string, unknown> {
  const coercions = new Map<string, ReadText>();
  for (const [name, type] of Object.entries(requestType(event).shape)) {
    const coerce = textReader(type as z.ZodType);
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
