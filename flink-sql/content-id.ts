// The event_id of a row, made from what it says: the same row is the same event, in whatever file it comes.
import { hash } from "node:crypto";

/**
 * 40 hex digits, the same for the same pipeline, event type and values. `fields` as the contract takes them,
 * in the order of their names; without event_id.
 */
export const contentId = (pipeline: string, type: string, fields: Record<string, unknown>): string =>
  contentIdOf(`${JSON.stringify([pipeline, type])}\n`, JSON.stringify(fields));

/** The same of texts that are made already: a start for pipeline and type, and the JSON of the fields. */
export const contentIdOf = (start: string, fieldsText: string): string =>
  hash("sha256", start + fieldsText).slice(0, 40);
