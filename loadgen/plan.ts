// The order in which events are sent, copies among them. Pure; refuses nothing.
import type { GeneratedEvent } from "./generate.ts";
import { isInShare } from "./random.ts";

export interface Send {
  event: GeneratedEvent;
  /** The second time that this event_id is sent. */
  copy: boolean;
}

/** Copies follow their original by so many events: some race with it, some come after its answer. */
const copyLag = 100;
const copyPhase = 0.5;

/** How many sends a load makes: every event once and a share of them twice. */
export function countSends(events: number, duplicates: number): number {
  return events + Math.floor(events * duplicates + copyPhase);
}

export function* planSends(
  generate: (n: number) => GeneratedEvent,
  events: number,
  duplicates: number,
): Generator<Send, void> {
  for (let n = 0; n < events + copyLag; n++) {
    if (n < events) yield { event: generate(n), copy: false };
    const original = n - copyLag;
    if (original >= 0 && original < events && isInShare(original, duplicates, copyPhase))
      yield { event: generate(original), copy: true };
  }
}

/** The next sends of a plan, at most `size`; fewer only at its end. */
export function takeSends(plan: Generator<Send, void>, size: number): Send[] {
  const taken: Send[] = [];
  while (taken.length < size) {
    const next = plan.next();
    if (next.done) break;
    taken.push(next.value);
  }
  return taken;
}
