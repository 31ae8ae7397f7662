import { describe, expect, it } from "vitest";
import { createDeliveries, failures, type Outcome } from "../../../game-api/delivery.ts";
import { createIds } from "../../../game-api/event-ids.ts";

const ok = (offset: number): Outcome => ({ ok: true, partition: 0, offset });

describe("deliveries", () => {
  it("answer once, when the last report is in, in the records' order", () => {
    const deliveries = createDeliveries();
    const answers: Outcome[][] = [];
    const batch = deliveries.open(2, 100, (outcomes) => answers.push(outcomes));
    deliveries.settle(batch, 1, ok(8));
    expect(answers).toEqual([]);
    deliveries.settle(batch, 0, ok(7));
    expect(answers).toEqual([[ok(7), ok(8)]]);
    expect(deliveries.waiting).toBe(0);
  });

  it("past their deadline are answered as unknown, keeping what is known; later reports change nothing", () => {
    const deliveries = createDeliveries();
    const unknown = failures.unknown("late");
    const answers: Outcome[][] = [];
    const old = deliveries.open(2, 100, (outcomes) => answers.push(outcomes));
    deliveries.open(1, 200, (outcomes) => answers.push(outcomes));
    deliveries.settle(old, 0, ok(1));
    deliveries.expire(99, unknown);
    expect(answers).toEqual([]);
    deliveries.expire(100, unknown);
    expect(answers).toEqual([[ok(1), unknown]]);
    deliveries.settle(old, 1, ok(2));
    expect(answers).toEqual([[ok(1), unknown]]);
    expect(deliveries.waiting).toBe(1);
    deliveries.expire(Number.POSITIVE_INFINITY, unknown);
    expect(deliveries.waiting).toBe(0);
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
