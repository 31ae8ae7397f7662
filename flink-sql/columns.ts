// From zod fields to Flink columns. One table of types; nothing else in the engine knows both.
import { z } from "zod";
import type { Topic } from "./pipeline.ts";

export interface Column {
  name: string;
  type: string;
  /** Event types in which the field must be present; elsewhere it may be null. */
  requiredIn: string[];
}

/** Columns of every event, in this order, before the pipeline's own. */
export const envelopeColumns = [
  { name: "event_id", type: "STRING" },
  { name: "event_type", type: "STRING" },
  { name: "event_time", type: "TIMESTAMP_LTZ(3)" },
  { name: "received_at", type: "TIMESTAMP_LTZ(3)" },
  { name: "host", type: "STRING" },
  { name: "user_agent", type: "STRING" },
  { name: "accept", type: "STRING" },
];

const wrappers = ["optional", "nullable", "default", "prefault", "readonly", "nonoptional"];

/** The type beneath optional(), default() and their kin. */
export function unwrap(type: z.ZodType): z.ZodType {
  if (type.def.type === "pipe") return unwrap((type as z.ZodPipe).def.in as z.ZodType);
  if (!wrappers.includes(type.def.type)) return type;
  return unwrap((type as z.ZodOptional<z.ZodType>).def.innerType);
}

const isText = (value: unknown) => typeof value === "string";

const noColumn = (field: string, type: string) =>
  new Error(
    `Field '${field}' is a zod '${type}', which has no column type. ` +
      `Use a string, number, boolean, enum of strings, z.iso.datetime(), decimal() or id64().`,
  );

/** Flink type of a zod field. Throws, naming the field, for what has no column type. */
export function toFlinkType(name: string, type: z.ZodType): string {
  const declared = type.meta()?.flink ?? unwrap(type).meta()?.flink;
  if (typeof declared === "string") return declared;
  const inner = unwrap(type);
  if (inner instanceof z.ZodISODateTime && !(inner.def as { local?: boolean }).local)
    return "TIMESTAMP_LTZ(3)";
  if (inner instanceof z.ZodISODate) return "DATE";
  if (inner instanceof z.ZodEnum && inner.options.every(isText)) return "STRING";
  if (inner instanceof z.ZodLiteral && [...inner.values].every(isText)) return "STRING";
  if (inner instanceof z.ZodISODateTime) throw noColumn(name, "datetime without an offset");
  if (inner instanceof z.ZodString || inner instanceof z.ZodStringFormat) return "STRING";
  if (inner instanceof z.ZodBoolean) return "BOOLEAN";
  if (inner instanceof z.ZodNumber) {
    if (inner.format === "int32") return "INT";
    return inner.format === "safeint" || inner.format === "uint32" ? "BIGINT" : "DOUBLE";
  }
  throw noColumn(name, inner.def.type);
}

/** Whether a stored event always has the field: a default or computed value counts as present. */
function isRequired(type: z.ZodType): boolean {
  if (z.safeParse(type, null).success) return false;
  if (type.def.type === "default" || type.def.type === "prefault") return true;
  return !z.safeParse(type, undefined).success;
}

/** All of a topic's own columns, each once. Throws where two events disagree on a field's type. */
export function topicColumns(topic: Topic): Column[] {
  const columns = new Map<string, Column>();
  for (const [eventType, event] of Object.entries(topic.events)) {
    const computed = Object.entries(event.computed).map(([name, c]) => [name, c.type] as const);
    for (const [name, zodType] of [...Object.entries(event.fields.shape), ...computed]) {
      const type = toFlinkType(`${eventType}.${name}`, zodType as z.ZodType);
      const column = columns.get(name) ?? { name, type, requiredIn: [] };
      if (column.type !== type) {
        throw new Error(
          `Field '${eventType}.${name}' is ${type}, and ${column.type} in an event before it. ` +
            `Events of one topic share columns: give both the same type, or rename one.`,
        );
      }
      if (isRequired(zodType as z.ZodType)) column.requiredIn.push(eventType);
      columns.set(name, column);
    }
  }
  return [...columns.values()];
}
