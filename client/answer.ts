// From the API's answer to the outcome of each event of a batch. Pure. Calls no event accepted unless
// the answer names it: an answer that belongs to another request never counts.

export interface Issue {
  /** Path of the field, dots between its parts; empty for the event as a whole. */
  path: string;
  message: string;
}

/** What became of one event. */
export type Outcome =
  /** Kafka has it. */
  | { status: "accepted"; eventId: string; partition: number; offset: number | string }
  /** It will never be accepted as it is: fix it. */
  | { status: "rejected"; eventId: string; code: string; message: string; issues: Issue[] }
  /** It may be stored or not: only a new try with the same event_id tells, and never doubles a row. */
  | { status: "unknown"; eventId: string; code: string; message: string };

/** An answer as it came; `retryAfter` is the header of this name. */
export interface Answer {
  status: number;
  body: string;
  retryAfter: string | null;
}

/** What any part of an answer may hold; nothing in it is sure. */
interface Said {
  status?: unknown;
  event_id?: unknown;
  partition?: unknown;
  offset?: unknown;
  code?: unknown;
  message?: unknown;
  issues?: unknown;
  results?: unknown;
}

const asSaid = (value: unknown): Said => (typeof value === "object" && value !== null ? value : {});

function parse(body: string): Said {
  try {
    return asSaid(JSON.parse(body));
  } catch {
    return {};
  }
}

/** 408 and 429 say "later", and nothing about the events. */
const isRefusal = (status: number) => status >= 400 && status < 500 && status !== 408 && status !== 429;

function reasonOf(said: Said, status: number): { code: string; message: string; issues: Issue[] } {
  const issues: Issue[] = Array.isArray(said.issues)
    ? said.issues.map((issue) => ({ path: String(issue?.path ?? ""), message: String(issue?.message ?? "") }))
    : [];
  const told = issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
  return {
    code: typeof said.code === "string" ? said.code : `http_${status}`,
    message: typeof said.message === "string" ? said.message : told || `The API answered ${status}.`,
    issues,
  };
}

const unknown = (eventId: string, said: Said, status: number): Outcome => {
  const { code, message } = reasonOf(said, status);
  return { status: "unknown", eventId, code, message };
};

function judgeOne(eventId: string, status: number, said: Said): Outcome {
  const { partition, offset } = said;
  const isPlaced =
    typeof partition === "number" && (typeof offset === "number" || typeof offset === "string");
  if (said.status === "accepted" && said.event_id === eventId && isPlaced)
    return { status: "accepted", eventId, partition, offset };
  // A refused event may come back without its id.
  if (said.status === "rejected" && (said.event_id === undefined || said.event_id === eventId))
    return { status: "rejected", eventId, ...reasonOf(said, status) };
  return unknown(eventId, said, status);
}

/** The outcome of each event, in the order in which they were sent; `unknown` means try again. */
export function judge(eventIds: string[], { status, body }: Answer): Outcome[] {
  const said = parse(body);
  const { results } = said;
  if (Array.isArray(results) && results.length === eventIds.length)
    return eventIds.map((eventId, place) => judgeOne(eventId, status, asSaid(results[place])));
  return eventIds.map((eventId) =>
    isRefusal(status)
      ? { status: "rejected", eventId, ...reasonOf(said, status) }
      : unknown(eventId, said, status),
  );
}

const retryAfterMaxMs = 3_600_000;

/** A Retry-After header in milliseconds, an hour at most; 0 where there is none that can be read. */
export function retryAfterMs(header: string | null, nowMs: number): number {
  if (header === null || header.trim() === "") return 0;
  const asked = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(asked) ? 0 : Math.min(Math.max(asked, 0), retryAfterMaxMs);
}
