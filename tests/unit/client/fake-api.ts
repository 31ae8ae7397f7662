// A batch route in memory: notes what came, answers as it is told.
import type { FetchLike } from "../../../client/runtime.ts";

export interface Seen {
  url: string;
  headers: Record<string, string>;
  events: Record<string, unknown>[];
  atMs: number;
}

/** What to answer: a status for the whole, a status word per event, or no answer at all. */
export type Reply =
  | { status: number; headers?: Record<string, string>; body?: unknown }
  | ((events: Record<string, unknown>[]) => ("accepted" | "rejected" | "unknown")[])
  | "refused"
  | "silent";

const statusOf = (words: string[]) =>
  words.includes("unknown")
    ? 503
    : words.includes("accepted")
      ? words.includes("rejected")
        ? 207
        : 202
      : 400;

export const accepting: Reply = (events) => events.map(() => "accepted");

/** `replies` are used up one by one; after the last all is accepted. */
export function createFakeApi(...replies: Reply[]) {
  const seen: Seen[] = [];
  let offset = 0;
  const fetch: FetchLike = async (url, { headers, body, signal }) => {
    const events = body.split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    seen.push({ url, headers, events, atMs: performance.now() });
    const reply = replies.shift() ?? accepting;
    if (reply === "refused")
      throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
    if (reply === "silent")
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    if (typeof reply === "object")
      return new Response(JSON.stringify(reply.body ?? {}), {
        status: reply.status,
        headers: reply.headers ?? {},
      });
    const words = reply(events);
    const results = words.map((status, index) => {
      const { event_id } = events[index] ?? {};
      if (status === "accepted") return { status, event_id, partition: 0, offset: offset++ };
      if (status === "unknown") return { status, event_id, code: "kafka_timeout_unknown", message: "Retry" };
      return {
        status,
        line: index + 1,
        code: "event_invalid",
        issues: [{ path: "n", message: "Too small" }],
      };
    });
    return new Response(JSON.stringify({ results }), { status: statusOf(words) });
  };
  return { fetch, seen, ids: () => seen.map(({ events }) => events.map((event) => event.event_id)) };
}
