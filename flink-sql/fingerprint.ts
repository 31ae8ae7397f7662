// A contract's fingerprint: the same for the same topics, events and fields, whatever else changed.
import { createHash } from "node:crypto";
import { z } from "zod";
import { eventsOf } from "./folders.ts";
import type { Pipeline } from "./pipeline.ts";

/** 12 hexadecimal digits. It travels with what the API refuses, so that one knows by which contract. */
export function contractFingerprint(pipeline: Pick<Pipeline, "topics">): string {
  const events = eventsOf(pipeline as Pipeline).map(({ type, event, topicName, topic }) => [
    topicName,
    topic.key,
    type,
    z.toJSONSchema(event.fields, { io: "input", unrepresentable: "any" }),
    Object.keys(event.computed),
  ]);
  return createHash("sha256").update(JSON.stringify(events)).digest("hex").slice(0, 12);
}
