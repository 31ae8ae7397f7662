import { describe, expect, it } from "vitest";
import { createDeliveries, failures, type Outcome } from "../../../game-api/delivery.ts";
import { createIds } from "../../../game-api/event-ids.ts";

const ok = (offset: number): Outcome => ({ ok: true, partition: 0, offset });

/** Answers at once. */
const atOnce = (run: () => void) => run();

describe("deliveries", () => {
  it("answer once, when the last report is in, in the records' order", () => {
    const deliveries = createDeliveries(atOnce);
    const answers: Outcome[][] = [];
    const batch = deliveries.open(2, 100, (outcomes) => answers.push(outcomes));
    const [first, second] = [deliveries.ticket(batch, 0), deliveries.ticket(batch, 1)];
    deliveries.settle(second, ok(8));
    expect(answers).toEqual([]);
    deliveries.settle(first, ok(7));
    expect(answers).toEqual([[ok(7), ok(8)]]);
    expect(deliveries.waiting).toBe(0);
  });

  it("past their deadline are answered as unknown, keeping what is known; later reports change nothing", () => {
    const deliveries = createDeliveries(atOnce);
    const unknown = failures.unknown("late");
    const answers: Outcome[][] = [];
    const old = deliveries.open(2, 100, (outcomes) => answers.push(outcomes));
    const [first, second] = [deliveries.ticket(old, 0), deliveries.ticket(old, 1)];
    deliveries.open(1, 200, (outcomes) => answers.push(outcomes));
    deliveries.settle(first, ok(1));
    deliveries.expire(99, unknown);
    expect(answers).toEqual([]);
    deliveries.expire(100, unknown);
    expect(answers).toEqual([[ok(1), unknown]]);
    deliveries.settle(second, ok(2));
    expect(answers).toEqual([[ok(1), unknown]]);
    expect(deliveries.waiting).toBe(1);
    deliveries.expire(Number.POSITIVE_INFINITY, unknown);
    expect(deliveries.waiting).toBe(0);
  });

  it("give a ticket out again only once its report is in", () => {
    const deliveries = createDeliveries(atOnce);
    const unknown = failures.unknown("late");
    const late = deliveries.ticket(
      deliveries.open(1, 100, () => {}),
      0,
    );
    deliveries.expire(100, unknown);
    const answers: Outcome[][] = [];
    const batch = deliveries.open(1, 200, (outcomes) => answers.push(outcomes));
    const ticket = deliveries.ticket(batch, 0);
    deliveries.settle(late, ok(1));
    deliveries.settle(late, ok(2));
    expect(answers).toEqual([]);
    deliveries.settle(ticket, ok(3));
    expect(answers).toEqual([[ok(3)]]);
  });

  it("note all reports that come together before they answer", () => {
    const deferred: (() => void)[] = [];
    const deliveries = createDeliveries((run) => deferred.push(run));
    const answers: Outcome[][] = [];
    for (const offset of [1, 2]) {
      const batch = deliveries.open(1, 100, (outcomes) => answers.push(outcomes));
      deliveries.settle(deliveries.ticket(batch, 0), ok(offset));
    }
    expect(answers).toEqual([]);
    expect(deferred).toHaveLength(1);
    deferred[0]!();
    expect(answers).toEqual([[ok(1)], [ok(2)]]);
  });
});

describe("event ids", () => {
  it("differ across draws of randomness and sort by time", async () => {
    const newId = createIds(4);
    const ids = Array.from({ length: 50 }, newId);
    expect(new Set(ids).size).toBe(50);
    await new Promise((resolve) => setTimeout(resolve, 3));
    expect(newId() > ids[49]!).toBe(true);
  });
});
