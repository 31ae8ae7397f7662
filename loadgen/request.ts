// A request for some sends, and the books of what became of each. Refuses to guess: a send without a
// verdict is 'unknown'.
import { judgeBatch, judgeSingle, type Verdict } from "./answers.ts";
import type { Journal } from "./journal.ts";
import type { Send } from "./plan.ts";
import type { Tally } from "./tally.ts";

export interface Filled {
  path: string;
  body: string;
}

/** With batches of 1 each event goes to its type's own route. */
export function fill(sends: Send[], route: string, batch: number): Filled {
  const first = sends[0]!.event;
  if (batch === 1)
    return {
      path: `${route}/${first.type}`,
      body: JSON.stringify({ event_id: first.id, ...first.fields }),
    };
  const lines = sends.map(({ event }) =>
    JSON.stringify({ event_type: event.type, event_id: event.id, ...event.fields }),
  );
  return { path: route, body: lines.join("\n") };
}

export function judge(sends: Send[], batch: number, status: number, answer: string): Verdict[] {
  const ids = sends.map(({ event }) => event.id);
  return batch === 1 ? [judgeSingle(ids[0]!, status, answer)] : judgeBatch(ids, status, answer);
}

/** Books each send once, in tally and journal. */
export function settle(sends: Send[], verdicts: Verdict[], tally: Tally, journal: Journal): void {
  for (const [i, { event, copy }] of sends.entries()) {
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
}
