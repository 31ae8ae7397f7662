// Sessions by the day on which they begin. One that said nothing for hours is over, and only its sums are kept.
import type { ReportAnswer } from "../generator.ts";
import type { Action } from "./generated-answers.ts";
import { money, ratio } from "./generated-forms.ts";

interface Session {
  day: string;
  actions: number;
  hasCart: boolean;
  hasPurchase: boolean;
  cents: number;
  lastMs: number;
}

interface Sums {
  sessions: number;
  withCart: number;
  withPurchase: number;
  actions: number;
  cents: number;
}

/** Longer than any pause within a session. */
const overMs = 4 * 3600 * 1000;

export function createSessionCounts() {
  const open = new Map<string, Session>();
  const byDay = new Map<string, Sums>();
  let lookedMs = 0;

  function end(id: string, { day, actions, hasCart, hasPurchase, cents }: Session): void {
    open.delete(id);
    const sums = byDay.get(day) ?? { sessions: 0, withCart: 0, withPurchase: 0, actions: 0, cents: 0 };
    byDay.set(day, sums);
    sums.sessions++;
    if (hasCart) sums.withCart++;
    if (hasPurchase) sums.withPurchase++;
    sums.actions += actions;
    sums.cents += cents;
  }

  return {
    add({ type, session, cents, timeMs }: Action, day: string): void {
      if (timeMs - lookedMs > overMs) {
        for (const [id, known] of open) if (timeMs - known.lastMs > overMs) end(id, known);
        lookedMs = timeMs;
      }
      if (!session) return;
      const of = open.get(session) ?? {
        day,
        actions: 0,
        hasCart: false,
        hasPurchase: false,
        cents: 0,
        lastMs: timeMs,
      };
      open.set(session, of);
      of.actions++;
      of.lastMs = timeMs;
      of.hasCart ||= type === "cart";
      if (type !== "purchase") return;
      of.hasPurchase = true;
      of.cents += cents;
    },
    answer(month: string): ReportAnswer {
      for (const [id, known] of open) end(id, known);
      return {
        report: "sessions_and_conversion",
        parameters: { month },
        columns: [
          "day",
          "sessions",
          "with_cart",
          "with_purchase",
          "conversion",
          "actions_per_session",
          "revenue",
        ],
        rows: [...byDay]
          .filter(([day]) => day.startsWith(month))
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([day, { sessions, withCart, withPurchase, actions, cents }]) => [
            day,
            `${sessions}`,
            `${withCart}`,
            `${withPurchase}`,
            ratio(withPurchase, sessions),
            ratio(actions, sessions),
            money(cents),
          ]),
      };
    },
  };
}
