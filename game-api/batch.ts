// The events of one batch: found in the body, checked each on its own, completed with what Kafka said.
// Pure; one bad line refuses that line only.
import type { Edge, Issue } from "../flink-sql/envelope.ts";
import { checkSource, checkUnreadable, isOwnField, type Source } from "./batch-source.ts";
import type { KafkaRecord, Outcome } from "./delivery.ts";
import { errors } from "./errors.ts";
import type { PipelineRoutes } from "./event-routes.ts";
import { takeIn } from "./intake.ts";
import { readGuarded } from "./json-guard.ts";
import type { Refused } from "./quarantine.ts";

/** An event of a batch as it was found: where, and its value or why it has none. */
export interface Found {
  line?: number;
  index?: number;
  value?: unknown;
  unread?: string;
  /** Its event type, where the pipeline has it. */
  type?: string;
  /** The line as it came; of a row that its sender couldn't read, the row. */
  raw?: string | undefined;
  /** Where it was loaded from, as its sender says. */
  source?: Source;
}

export interface Result {
  status: "accepted" | "rejected" | "unknown";
  event_id?: string;
  partition?: number;
  offset?: number;
  line?: number;
  index?: number;
  code?: string;
  message?: string;
  issues?: Issue[];
}

function readLines(text: string): Found[] {
  const found: Found[] = [];
  let line = 0;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf("\n", from);
    const raw = text.slice(from, end < 0 ? text.length : end).trim();
    from = end < 0 ? text.length : end + 1;
    line += 1;
    if (raw === "") continue;
    try {
      found.push({ line, value: readGuarded(raw), raw });
    } catch (error) {
      found.push({ line, unread: (error as Error).message, raw });
    }
  }
  return found;
}

export function readBatch(body: unknown): Found[] {
  if (typeof body === "string") return readLines(body);
  if (!Array.isArray(body)) throw errors.BatchShape();
  return body.map((value, index) => ({ index, value }));
}

/** Where it was, for a result that the client must act on. */
const placeOf = ({ line, index }: Found) => (line === undefined ? { index: index! } : { line });

const rejected = (found: Found, code: string, issues: Issue[]): Result => ({
  status: "rejected",
  ...placeOf(found),
  code,
  issues,
});

/** A row that its sender couldn't read is kept with the sender's reason, and never accepted. */
function refuseUnreadable(found: Found, value: Record<string, unknown>, type: string | undefined): Result {
  if (type !== undefined) found.type = type;
  const checked = checkUnreadable(value);
  if ("issues" in checked) return rejected(found, "event_invalid", checked.issues);
  const { reason, message, path = "", payload } = checked.unreadable;
  found.raw = payload;
  if (checked.source) found.source = checked.source;
  return rejected(found, reason, [{ path, message }]);
}

/** Checks one event; a valid one joins `records` and gets its outcome later. */
export function check(found: Found, routes: PipelineRoutes, edge: Edge, records: KafkaRecord[]): Result {
  if (found.unread !== undefined)
    return rejected(found, "json_invalid", [{ path: "", message: found.unread }]);
  const { value } = found;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return rejected(found, "event_invalid", [{ path: "", message: "Not an object: send {…}" }]);
  const { event_type: type, source, unreadable } = value as Record<string, unknown>;
  const route = typeof type === "string" ? routes.events.get(type) : undefined;
  if (unreadable !== undefined && !isOwnField(route, "unreadable"))
    return refuseUnreadable(found, value as Record<string, unknown>, route?.type);
  if (!route) {
    const message = `Not an event of '${routes.name}': use one of ${[...routes.events.keys()].join(", ")}`;
    return rejected(found, "event_type_unknown", [{ path: "event_type", message }]);
  }
  found.type = route.type;
  const hasSource = source !== undefined && !isOwnField(route, "source");
  if (hasSource) {
    const issues = checkSource(source);
    if (issues) return rejected(found, "event_invalid", issues);
    found.source = source as Source;
  }
  const intake = takeIn(route, value, edge, true, hasSource);
  if (!intake.ok) return rejected(found, "event_invalid", intake.issues);
  records.push(intake.record);
  // While Kafka is waited for, only refused events are still of use as they came.
  found.value = undefined;
  found.raw = undefined;
  return { status: "accepted", event_id: intake.eventId };
}

/** A refused event for the quarantine, with its type where it named one. */
export function refusedOf({ code, issues = [] }: Result, { value, raw, source }: Found): Refused {
  const type = (value as { event_type?: unknown } | null | undefined)?.event_type;
  return {
    eventType: typeof type === "string" ? type : undefined,
    reason: code!,
    issues,
    payload: raw ?? JSON.stringify(value),
    source,
  };
}

export function complete(result: Result, outcome: Outcome, found: Found): void {
  if (outcome.ok) {
    result.partition = outcome.partition;
    result.offset = outcome.offset;
    return;
  }
  const status = outcome.code === "event_too_large" ? "rejected" : "unknown";
  Object.assign(result, { status, ...placeOf(found), code: outcome.code, message: outcome.message });
}

/** Event types and outcomes, neighbours that are alike as one: counting costs more than telling them apart. */
export function tally(batch: Found[], results: Result[]) {
  const tallies: { type: string | undefined; outcome: string; count: number }[] = [];
  let last: (typeof tallies)[number] | undefined;
  for (const [place, { code: outcome = "accepted" }] of results.entries()) {
    const { type } = batch[place]!;
    if (last && last.type === type && last.outcome === outcome) last.count += 1;
    else {
      last = { type, outcome, count: 1 };
      tallies.push(last);
    }
  }
  return tallies;
}

export function statusOf(accepted: number, rejected: number, unknown: number): number {
  if (unknown > 0) return 503;
  if (rejected === 0) return 202;
  return accepted === 0 ? 400 : 207;
}
