// What one connection of a closed loop sends and what became of it: at most one request is under way,
// and its events are settled in tally and journal exactly once.
import assert from "node:assert/strict";
import type { Request } from "autocannon";
import type { Verdict } from "./answers.ts";
import type { Journal } from "./journal.ts";
import { type Send, takeSends } from "./plan.ts";
import { fill, judge, settle } from "./request.ts";
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

export function createSender({ plan, route, batch, journal, tally }: SenderOptions): Sender {
  let underWay: Send[] = [];
  let filled = { path: "", body: "" };
  let sentAtMs = 0;

  const settleAll = (verdicts: Verdict[]) => {
    const settled = underWay;
    underWay = [];
    settle(settled, verdicts, tally, journal);
  };
  const again = (request: Request): Request => {
    sentAtMs = performance.now();
    return { ...request, ...filled };
  };
  return {
    next(request) {
      assert(underWay.length === 0, "the request under way is settled before the next");
      underWay = takeSends(plan, batch);
      filled = fill(underWay, route, batch);
      tally.sent(underWay.length, Buffer.byteLength(filled.body));
      return again(request);
    },
    again,
    answered(status, answer) {
      if (underWay.length === 0) return;
      tally.answered(performance.now() - sentAtMs, status, answer);
      settleAll(judge(underWay, batch, status, answer));
    },
    giveUp: () => settleAll([]),
  };
}
