// From what a client sent to the Kafka record that is kept. Pure: time and ids come as arguments.
import { z } from "zod";
import { unwrap } from "./columns.ts";
import type { EventType } from "./pipeline.ts";

/** What the edge knows of a request, stored with each of its events. */
export interface Edge {
  receivedAt: string;
  host: string;
  userAgent: string;
  accept: string;
  /** Makes an event_id where the client gave none. */
  newId: () => string;
}

export interface Issue {
  /** Path of the field, dots between its parts; empty for the event as a whole. */
  path: string;
  message: string;
}

export type Verdict =
  | { ok: true; eventId: string; event: Record<string, unknown> }
  | { ok: false; issues: Issue[] };

/** Fields that every event may carry beside its own. */
export const envelopeFields = {
  event_id: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,128}$/, "1 to 128 of A-Z a-z 0-9 _ . : -")
    .optional()
    .meta({ description: "Yours, to retry safely; made at the edge when left out" }),
  event_time: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: "When it happened, ISO 8601; the time of receipt when left out" }),
};

const requestTypes = new WeakMap<EventType, z.ZodObject>();

/** The zod type of a request body for one event: envelope and the event's own fields, no others. */
export function requestType(event: EventType): z.ZodObject {
  const known = requestTypes.get(event);
  if (known) return known;
  const made = z.strictObject({ ...envelopeFields, ...event.fields.shape });
  requestTypes.set(event, made);
  return made;
}

const timeFields = new WeakMap<EventType, string[]>();

/** The event's own fields that hold a time. */
function timesOf(event: EventType): string[] {
  const known = timeFields.get(event);
  if (known) return known;
  const all = Object.entries(event.fields.shape as Record<string, z.ZodType>);
  const made = all.flatMap(([name, type]) => (unwrap(type) instanceof z.ZodISODateTime ? [name] : []));
  timeFields.set(event, made);
  return made;
}

/** A time in UTC: Flink reads no other offset than Z. */
const toUtc = (time: string) => new Date(time).toISOString();

/** Checks one event against its contract and completes it. Never throws for bad input. */
export function acceptEvent(eventType: string, event: EventType, input: unknown, edge: Edge): Verdict {
  const parsed = requestType(event).safeParse(input);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((i) => ({
      path: i.path.map(String).join("."),
      message: i.message,
    }));
    return { ok: false, issues };
  }
  const { event_id, event_time, ...fields } = parsed.data as Record<string, unknown>;
  const eventId = (event_id as string | undefined) ?? edge.newId();
  for (const name of timesOf(event)) if (typeof fields[name] === "string") fields[name] = toUtc(fields[name]);
  const computed = Object.entries(event.computed).map(([name, c]) => [name, c.from(fields)]);
  return {
    ok: true,
    eventId,
    event: {
      event_id: eventId,
      event_type: eventType,
      event_time: event_time ? toUtc(event_time as string) : edge.receivedAt,
      received_at: edge.receivedAt,
      host: edge.host,
      user_agent: edge.userAgent,
      accept: edge.accept,
      ...fields,
      ...Object.fromEntries(computed),
    },
  };
}
