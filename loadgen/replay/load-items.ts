// The lines of a load's requests: each row as the API's batch route takes it, with file and line, and an
// event_id made from its content; a row that can't be read goes there too, with the reason. Pure.
import { contentIdOf } from "../../flink-sql/content-id.ts";
import { faultCharsMax, payloadCharsMax, type RowFault } from "../../flink-sql/unreadable.ts";
import type { EventRow } from "./rows.ts";

export interface Item {
  /** Line of the file. */
  line: number;
  /** Its event_id; empty where it is unreadable. */
  id: string;
  /** JSON as it is sent. */
  text: string;
  /** The same row as one that can't be read, where the API can't take it as it is. */
  asUnreadable: (fault: RowFault) => Item;
}

/** Longest line that is sent: the API takes 1 MiB, and Kafka 1 MB with what the API adds. */
const itemCharsMax = 300_000;
/** Halves of surrogate pairs: they have no form in UTF-8. */
const half = /\p{Surrogate}/u;

const tooLong: RowFault = {
  reason: "row_too_long",
  message: `longer than ${itemCharsMax} characters as JSON`,
};
const halfPair: RowFault = { reason: "json_invalid", message: "half a surrogate pair in a text" };

/** The event's fields with its time, as one JSON object. */
function textOf(fields: string, eventTime: string | undefined): string {
  if (eventTime === undefined) return fields;
  const time = `"event_time":${JSON.stringify(eventTime)}}`;
  return fields === "{}" ? `{${time}` : `${fields.slice(0, -1)},${time}`;
}

/**
 * Items for one file's rows. `type` of what can't be read, where the file has one; `shiftMs` moves event times
 * and leaves ids as they are, so that a row is the same event whenever it is loaded.
 */
export function createItems(pipeline: string, file: string, shiftMs: () => number) {
  const sourceStart = `"source":{"file":${JSON.stringify(file.slice(-1024))},"line":`;
  const idStarts = new Map<string, string>();

  function unreadable(line: number, fault: RowFault, payload: string, type: string | undefined): Item {
    const { reason, path } = fault;
    const message = fault.message.slice(0, faultCharsMax);
    const told = JSON.stringify({
      event_type: type,
      unreadable: { reason, message, payload: payload.slice(0, payloadCharsMax), path },
    });
    const text = `${told.slice(0, -1)},${sourceStart}${line}}}`;
    const item: Item = { line, id: "", text, asUnreadable: () => item };
    return item;
  }

  return ({ line, made, payload }: EventRow, type: string | undefined): Item => {
    if ("fault" in made) return unreadable(line, made.fault, payload, type);
    let start = idStarts.get(made.type);
    if (start === undefined) {
      start = `${JSON.stringify([pipeline, made.type])}\n`;
      idStarts.set(made.type, start);
    }
    const fields = JSON.stringify(made.fields);
    const asUnreadable = (fault: RowFault) => unreadable(line, fault, payload, made.type);
    if (fields.length > itemCharsMax) return asUnreadable(tooLong);
    if (fields.includes("\\ud") && Object.values(made.fields).some((value) => half.test(String(value))))
      return asUnreadable(halfPair);
    const whole = textOf(fields, made.eventTime);
    const id = contentIdOf(start, whole);
    const moved = made.eventTime === undefined ? 0 : shiftMs();
    const own =
      moved === 0 ? whole : textOf(fields, new Date(Date.parse(made.eventTime!) + moved).toISOString());
    const text =
      `{"event_type":${JSON.stringify(made.type)},"event_id":"${id}",${sourceStart}${line}}` +
      (own === "{}" ? "}" : `,${own.slice(1)}`);
    return { line, id, text, asUnreadable };
  };
}
