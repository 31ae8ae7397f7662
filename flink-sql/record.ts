// From what a client sent to the text of the Kafka record: the quick way for events that are right,
// the way through acceptEvent for all others. Both give the same text, to the byte. Pure.

import { z } from "zod";
import { unwrap } from "./columns.ts";
import { acceptEvent, type Edge, envelopeFields, type Issue } from "./envelope.ts";
import { type FieldCheck, fieldCheck, unsure } from "./field-checks.ts";
import type { EventType } from "./pipeline.ts";

/** An event type as one topic carries it. */
export interface RecordType {
  type: string;
  event: EventType;
  /** Field whose value keys the record. */
  key: string;
}

export type Recorded =
  | { ok: true; eventId: string; key: string | null; value: string }
  | { ok: false; issues: Issue[] };

interface Field {
  name: string;
  /** What stands before the value in the text. */
  label: string;
  check: FieldCheck;
  isTime: boolean;
}

interface Plan {
  fields: Field[];
  isKeyed: boolean;
  typeText: string;
}

/** What JSON writes otherwise than it is read: quotes, backslashes, control characters, halves of pairs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const escaped = /["\\\u0000-\u001f\ud800-\udfff]/;

const quote = (text: string) => (escaped.test(text) ? JSON.stringify(text) : `"${text}"`);

function textOf(value: unknown): string {
  if (typeof value === "string") return quote(value);
  return Number.isFinite(value) || typeof value === "boolean" ? `${value}` : JSON.stringify(value);
}

const toUtc = (time: string) => new Date(time).toISOString();

const ownNames = ["event_id", "event_type", "event_time", "received_at", "host", "user_agent", "accept"];

/** How to read an event type quickly; undefined where only acceptEvent knows. */
function planOf({ type, event, key }: RecordType): Plan | undefined {
  const shape = Object.entries(event.fields.shape as Record<string, z.ZodType>);
  // Computed fields see the event as an object; fields that replace the envelope's change its order.
  if (Object.keys(event.computed).length > 0) return undefined;
  if (shape.some(([name]) => ownNames.includes(name) || /^(\d+$|__proto__$)/.test(name))) return undefined;
  const fields = shape.map(([name, fieldType]) => ({
    name,
    label: `,${JSON.stringify(name)}:`,
    check: fieldCheck(fieldType),
    isTime: unwrap(fieldType) instanceof z.ZodISODateTime,
  }));
  const typeText = `,"event_type":${JSON.stringify(type)},"event_time":`;
  return { fields, isKeyed: fields.some(({ name }) => name === key), typeText };
}

const plans = new WeakMap<RecordType, { plan: Plan | undefined }>();

function knownPlan(recordType: RecordType): Plan | undefined {
  let known = plans.get(recordType);
  if (!known) {
    known = { plan: planOf(recordType) };
    plans.set(recordType, known);
  }
  return known.plan?.isKeyed ? known.plan : undefined;
}

let lastEdge: Edge | undefined;
let lastEdgeText = "";

/** The same for all events of a request, so it is made once. */
function edgeText(edge: Edge): string {
  if (edge === lastEdge) return lastEdgeText;
  const { receivedAt, host, userAgent, accept } = edge;
  lastEdge = edge;
  lastEdgeText =
    `,"received_at":${quote(receivedAt)},"host":${quote(host)}` +
    `,"user_agent":${quote(userAgent)},"accept":${quote(accept)}`;
  return lastEdgeText;
}

const checkId = fieldCheck(envelopeFields.event_id);
const checkEventTime = fieldCheck(envelopeFields.event_time);

/** The record of an event that is right beyond doubt; undefined for any other. */
function quickly(
  plan: Plan,
  { key }: RecordType,
  input: unknown,
  edge: Edge,
  beside: number,
): Recorded | undefined {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return undefined;
  const given = input as Record<string, unknown>;
  const id = checkId(given.event_id);
  const time = checkEventTime(given.event_time);
  if (id === unsure || time === unsure) return undefined;
  let present = (id === undefined ? 0 : 1) + (time === undefined ? 0 : 1) + beside;
  let keyValue: unknown;
  let own = "";
  for (const { name, label, check, isTime } of plan.fields) {
    const sent = given[name];
    if (sent !== undefined) present += 1;
    let value = check(sent);
    if (value === unsure) return undefined;
    if (value === undefined) continue;
    if (isTime && typeof value === "string") value = toUtc(value);
    if (name === key) keyValue = value;
    own += label + textOf(value);
  }
  for (const _ in given) present -= 1;
  // Fewer known fields than fields: there are others.
  if (present !== 0) return undefined;
  const eventId = (id as string | undefined) ?? edge.newId();
  const eventTime = time === undefined ? edge.receivedAt : toUtc(time as string);
  const value = `{"event_id":${quote(eventId)}${plan.typeText}${quote(eventTime)}${edgeText(edge)}${own}}`;
  return {
    ok: true,
    eventId,
    key: keyValue === undefined || keyValue === null ? null : String(keyValue),
    value,
  };
}

/** What an event of a batch is without the name of its type, and without the place it was loaded from. */
function ownOf(input: unknown, hasSource: boolean): unknown {
  const { event_type: _, ...own } = input as Record<string, unknown>;
  if (hasSource) delete own.source;
  return own;
}

/**
 * Checks one event against its contract and writes its record. Never throws for bad input.
 * `isTyped`: the input is an object that names its type under event_type beside the event's own fields;
 * `hasSource`: and under source the place in a file that it was loaded from.
 */
export function acceptRecord(
  recordType: RecordType,
  input: unknown,
  edge: Edge,
  isTyped = false,
  hasSource = false,
): Recorded {
  const plan = knownPlan(recordType);
  const quick = plan && quickly(plan, recordType, input, edge, (isTyped ? 1 : 0) + (hasSource ? 1 : 0));
  if (quick) return quick;
  const own = isTyped ? ownOf(input, hasSource) : input;
  const verdict = acceptEvent(recordType.type, recordType.event, own, edge);
  if (!verdict.ok) return verdict;
  const key = verdict.event[recordType.key];
  return {
    ok: true,
    eventId: verdict.eventId,
    key: key === undefined || key === null ? null : String(key),
    value: JSON.stringify(verdict.event),
  };
}
