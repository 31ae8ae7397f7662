// What one connection sends and what became of it: at most one request is under way, and its events are
// settled in tally and journal exactly once. Refuses to guess: without an answer they are 'unknown'.
import assert from "node:assert/strict";
import type { Request } from "autocannon";
import { judgeBatch, judgeSingle, type Verdict } from "./answers.ts";
import type { Journal } from "./journal.ts";
import { type Send, takeSends } from "./plan.ts";
import type { Tally } from "./tally.ts";

export interface SenderOptions {
  plan: Generator<Send, void>;
  /** Path of the pipeline's batch route; event types are routes below it. */
  route: string;
  /** Events per request; 1 uses the route of each event's type. */
  batch: number;
  journal: Journal;
  tally: Tally;
}

export interface Sender {
  /** Fills the next request. */
  next(request: Request): Request;
  /** The request as it was filled last. */
  again(request: Request): Request;
  answered(status: number, answer: string): void;
  /** Books what is under way as unanswered. */
  giveUp(): void;
}

function bodyOf(sends: Send[], batch: number): string {
  const first = sends[0]!.event;
  if (batch === 1) return JSON.stringify({ event_id: first.id, ...first.fields });
  return sends
    .map(({ event }) => JSON.stringify({ event_type: event.type, event_id: event.id, ...event.fields }))
    .join("\n");
}

export function createSender({ plan, route, batch, journal, tally }: SenderOptions): Sender {
  let underWay: Send[] = [];
  let filled = { path: "", body: "" };
  let sentAtMs = 0;

  const settle = (verdicts: Verdict[]) => {
    const settled = underWay;
    underWay = [];
    for (const [i, { event, copy }] of settled.entries()) {
      const verdict = verdicts[i] ?? { outcome: "unknown" };
      tally.count(verdict, { copy, broken: event.broken });
      journal.write({
        id: event.id,
        type: event.type,
        ...verdict,
        ...(copy ? { copy } : {}),
        ...(event.broken ? { broken: true } : {}),
      });
    }
  };
  const again = (request: Request): Request => {
    sentAtMs = performance.now();
    return { ...request, ...filled };
  };
  return {
    next(request) {
      assert(underWay.length === 0, "the request under way is settled before the next");
      underWay = takeSends(plan, batch);
      const path = batch === 1 ? `${route}/${underWay[0]!.event.type}` : route;
      filled = { path, body: bodyOf(underWay, batch) };
      tally.sent(Buffer.byteLength(filled.body));
      return again(request);
    },
    again,
    answered(status, answer) {
      const ids = underWay.map(({ event }) => event.id);
      if (ids.length === 0) return;
      tally.answered(performance.now() - sentAtMs, status, answer);
      settle(batch === 1 ? [judgeSingle(ids[0]!, status, answer)] : judgeBatch(ids, status, answer));
    },
    giveUp: () => settle([]),
  };
}
