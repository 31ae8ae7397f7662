// One refused event: where it is, what it was, and what it is after a repair. Pure.
import { parse, stringify } from "lossless-json";
import { acceptEvent, type Issue } from "../../flink-sql/envelope.ts";
import { eventsOf, type PipelineFolder } from "../../flink-sql/folders.ts";

/** Place of a row of the quarantine in Kafka, which names it for good. */
export interface Place {
  topic: string;
  partition: number;
  offset: string;
}

export interface Item extends Place {
  /** edge: refused by the API; flink: in Kafka, but no valid event. */
  stage: string;
  reason: string;
  fieldPath: string | null;
  eventType: string | null;
  message: string | null;
  /** As it came; cut where it was very long. */
  payload: string | null;
  isCut: boolean;
  refusedAt: string;
}

export interface Repaired {
  type: string;
  eventId: string;
  /** What is sent; numbers beyond 2^53 are digits in a string. */
  event: Record<string, unknown>;
}

/** What a repair file exports by default: the event as it should have been; undefined leaves it refused. */
export type RepairFunction = (
  event: Record<string, unknown>,
  item: Item,
) => Record<string, unknown> | undefined | Promise<Record<string, unknown> | undefined>;

export interface Edit {
  /** Fields set, and fields taken away. */
  set: Record<string, unknown>;
  unset: string[];
  with?: RepairFunction | undefined;
}

export const placeName = ({ topic, partition, offset }: Place) => `${topic}:${partition}:${offset}`;

/** Reads a place as `list` prints it. Throws for anything else. */
export function readPlace(text: string): Place {
  const [, topic = "", partition = "", offset = ""] =
    /^([a-z][a-z0-9_]{0,62}):(\d{1,6}):(\d{1,19})$/.exec(text) ?? [];
  if (!topic)
    throw new Error(`'${text}' is no place: give topic:partition:offset, as 'quarantine list' prints it.`);
  return { topic, partition: Number(partition), offset };
}

/** Reads `field=value`; the value is JSON where it reads as such, else text. */
export function readSet(pairs: string[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, field, text = ""] = /^([a-z][a-z0-9_]{0,62})=([\s\S]*)$/.exec(pair) ?? [];
      if (!field) throw new Error(`--set ${pair}: give field=value, such as amount=3 or sword_type=katana.`);
      return [field, readValue(text)];
    }),
  );
}

const digits = (text: string) =>
  /^-?\d+$/.test(text) && !Number.isSafeInteger(Number(text)) ? text : Number(text);

/** Numbers beyond 2^53 stay the digits they are. */
const readJson = (text: string) => parse(text, undefined, digits);

function readValue(text: string): unknown {
  try {
    return readJson(text);
  } catch {
    return text;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What was sent as an object: a query string's fields and a body's are one. Undefined where it is none. */
function sentFields({ payload, isCut }: Item): Record<string, unknown> | undefined {
  if (payload === null || isCut) return undefined;
  const value = readValue(payload);
  if (!isObject(value)) return undefined;
  const { query, body, ...rest } = value;
  if (!isObject(query) || typeof body !== "string" || Object.keys(rest).length > 0) return value;
  const inner = readValue(body);
  return isObject(inner) ? { ...query, ...inner } : query;
}

export type RepairVerdict = { ok: true; repaired: Repaired } | { ok: false; issues: Issue[] };

const refused = (path: string, message: string): RepairVerdict => ({
  ok: false,
  issues: [{ path, message }],
});

/** Columns that the edge adds: a record read back from Kafka has them, a client must not send them. */
const edgeFields = ["received_at", "host", "user_agent", "accept", "kafka_timestamp"];

/**
 * The event as it would be sent now, checked by the contract as the edge does. It keeps its event_id; one
 * without gets an id made of its place, so that a second replay is the same event.
 */
export async function repair(pipeline: PipelineFolder, item: Item, edit: Edit): Promise<RepairVerdict> {
  const sent = sentFields(item) ?? (edit.with || Object.keys(edit.set).length > 0 ? {} : undefined);
  if (!sent)
    return refused(
      "",
      item.isCut
        ? "the payload was cut: give its fields by --with"
        : "the payload is no JSON object: give its fields by --set or --with",
    );
  const changed = edit.with ? await edit.with(sent, item) : sent;
  if (changed === undefined) return refused("", "the repair function left it as it is");
  const { event_type, ...fields } = { ...changed, ...edit.set };
  for (const name of [...edit.unset, ...edgeFields]) delete fields[name];
  const type = String(event_type ?? item.eventType ?? "");
  const declared = eventsOf(pipeline).find((each) => each.type === type);
  if (!declared)
    return refused("event_type", `'${type}' is no event of '${pipeline.name}': --set event_type=…`);
  const computed = Object.keys(declared.event.computed);
  if (item.stage === "flink") for (const name of computed) delete fields[name];
  const given = typeof fields.event_id === "string" ? fields.event_id : undefined;
  const eventId = given ?? `quarantine.${placeName(item)}`;
  const event = { ...fields, event_id: eventId };
  const edge = {
    receivedAt: new Date().toISOString(),
    host: "",
    userAgent: "",
    accept: "",
    newId: () => eventId,
  };
  const verdict = acceptEvent(type, declared.event, event, edge);
  return verdict.ok
    ? { ok: true, repaired: { type, eventId, event } }
    : { ok: false, issues: verdict.issues };
}

/** JSON that keeps what `readJson` kept. */
export const eventText = (event: object) => stringify(event)!;
export const readEvent = (text: string) => readJson(text) as Record<string, unknown>;
