// From an HTTP answer to the outcome of each event in it. Pure. Refuses to call an event acked unless
// the answer names it: an answer that belongs to another request never counts.

export type Outcome = "acked" | "rejected" | "unknown";

export interface Verdict {
  outcome: Outcome;
  /** HTTP status; absent when no answer came. */
  status?: number;
  partition?: number;
  offset?: number | string;
}

interface Result {
  status?: unknown;
  event_id?: unknown;
  partition?: number;
  offset?: number | string;
}

function parse(body: string): (Result & { results?: unknown }) | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** 4xx is refused before anything is stored; 408 can come after part of a request was read. */
const isRefusal = (status: number) => status >= 400 && status < 500 && status !== 408;

const acked = (status: number, { partition, offset }: Result): Verdict => ({
  outcome: "acked",
  status,
  ...(partition === undefined ? {} : { partition }),
  ...(offset === undefined ? {} : { offset }),
});

/** The outcome of one event sent to its own route. */
export function judgeSingle(id: string, status: number, body: string): Verdict {
  if (isRefusal(status)) return { outcome: "rejected", status };
  const answer = status >= 200 && status < 300 ? parse(body) : undefined;
  return answer?.event_id === id ? acked(status, answer) : { outcome: "unknown", status };
}

function judgeResult(id: string, status: number, result: Result | undefined): Verdict {
  if (result?.status === "accepted" && result.event_id === id) return acked(status, result);
  // A refused event may come back without its id, when the id itself was what was wrong.
  const isIts = result?.event_id === undefined || result.event_id === id;
  if (result?.status === "rejected" && isIts) return { outcome: "rejected", status };
  return { outcome: "unknown", status };
}

/** Outcomes of a batch in the order in which its events were sent. */
export function judgeBatch(ids: string[], status: number, body: string): Verdict[] {
  const results = parse(body)?.results;
  if (Array.isArray(results) && results.length === ids.length)
    return ids.map((id, i) => judgeResult(id, status, results[i] as Result));
  const outcome = isRefusal(status) ? "rejected" : "unknown";
  return ids.map(() => ({ outcome, status }));
}
