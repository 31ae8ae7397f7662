// A contract's fingerprint: the same where clients may send the same, whatever else of it changed.
import { createHash } from "node:crypto";
import { z } from "zod";
import { requestType } from "./envelope.ts";
import { eventsOf } from "./folders.ts";
import type { EventType, Pipeline } from "./pipeline.ts";

/** Schema of what a client may send of one event. */
const schemaOf = (event: EventType) =>
  z.toJSONSchema(requestType(event), { io: "input", unrepresentable: "any" });

/** Words and storage, which change nothing of what the API takes. */
const silent = ["$schema", "description", "examples", "flink", "id", "title"];

/** The same text for the same contract, however its parts are ordered. */
function canonical(value: unknown, isNames = false): unknown {
  if (Array.isArray(value)) {
    const parts = value.map((part) => canonical(part));
    return parts.every((part) => typeof part === "string") ? parts.sort() : parts;
  }
  if (typeof value !== "object" || value === null) return value;
  const parts = Object.entries(value)
    .filter(([key]) => isNames || !silent.includes(key))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  // Beneath `properties` keys are names of fields, and a field may be called "title".
  return Object.fromEntries(parts.map(([key, part]) => [key, canonical(part, key === "properties")]));
}

/**
 * 16 hex digits that differ when what the API takes does. It stands in generated clients, and with each
 * event that the API refused, so that one knows by which contract.
 */
export function contractFingerprint({ name, ...pipeline }: Pipeline & { name: string }): string {
  const events = eventsOf(pipeline)
    .map(({ type, event }) => [type, canonical(schemaOf(event))] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([name, events]))
    .digest("hex")
    .slice(0, 16);
}
