// From one input to one Kafka record, or to the reasons why not. Pure but for the ids it is given.

import type { FastifyRequest } from "fastify";
import type { Edge, Issue } from "../flink-sql/envelope.ts";
import { acceptRecord } from "../flink-sql/record.ts";
import type { KafkaRecord } from "./delivery.ts";
import type { EventRoute } from "./event-routes.ts";

export type Intake = { ok: true; eventId: string; record: KafkaRecord } | { ok: false; issues: Issue[] };

const forbiddenKey: Issue[] = [{ path: "__proto__", message: "Not a name for a field" }];

/** Fields are flat by contract, so a look at the event itself covers all of it. */
function isPoisoned(input: unknown): boolean {
  return typeof input === "object" && input !== null && Object.hasOwn(input, "__proto__");
}

let lastMs = Number.NaN;
let lastTime = "";

/** Many requests share a millisecond: its text is made once. */
function timeText(nowMs: number): string {
  if (nowMs !== lastMs) {
    lastTime = new Date(nowMs).toISOString();
    lastMs = nowMs;
  }
  return lastTime;
}

/** What the edge knows of a request; one for all events of a batch. */
export function edgeOf(request: FastifyRequest, nowMs: number, newId: () => string): Edge {
  const { host, accept, "user-agent": userAgent } = request.headers;
  return {
    receivedAt: timeText(nowMs),
    host: host ?? "",
    userAgent: userAgent ?? "",
    accept: accept ?? "",
    newId,
  };
}

/**
 * `isTyped`: the input is an object that names its type under event_type, as events of a batch do;
 * `hasSource`: it tells under source where it was loaded from.
 */
export function takeIn(
  route: EventRoute,
  input: unknown,
  edge: Edge,
  isTyped = false,
  hasSource = false,
): Intake {
  if (isPoisoned(input)) return { ok: false, issues: forbiddenKey };
  const recorded = acceptRecord(route, input, edge, isTyped, hasSource);
  if (!recorded.ok) return recorded;
  const { eventId, key, value } = recorded;
  return { ok: true, eventId, record: { topic: route.topic, key, value } };
}
