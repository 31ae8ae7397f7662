import { describe, expect, it } from "vitest";
import type { GeneratedEvent } from "../../../loadgen/generate.ts";
import { countSends, planSends, takeSends } from "../../../loadgen/plan.ts";
import { createRandom } from "../../../loadgen/random.ts";

const generate = (n: number): GeneratedEvent => ({ id: `r-${n}`, type: "t", fields: { n }, broken: false });

describe("planSends", () => {
  it.each([
    [1, 0, 1],
    [1000, 0, 1000],
    [1000, 0.01, 1010],
    [50, 0.5, 75],
    [7, 1, 14],
    [333, 0.37, 456],
  ])("sends %i events with %f of them twice in %i sends", (events, duplicates, sends) => {
    const plan = [...planSends(generate, events, duplicates)];
    expect(countSends(events, duplicates)).toBe(sends);
    expect(plan).toHaveLength(sends);
    const originals = plan.filter(({ copy }) => !copy).map(({ event }) => event.id);
    expect(originals).toEqual(Array.from({ length: events }, (_, n) => `r-${n}`));
    const copies = plan.filter(({ copy }) => copy).map(({ event }) => event.id);
    expect(new Set(copies).size).toBe(sends - events);
  });

  it("sends a copy after its original", () => {
    const seen = new Set<string>();
    for (const { event, copy } of planSends(generate, 400, 0.2)) {
      expect(seen.has(event.id)).toBe(copy);
      seen.add(event.id);
    }
  });
});

describe("takeSends", () => {
  it("takes full batches, then the rest, then none", () => {
    const plan = planSends(generate, 7, 0);
    expect([3, 3, 3, 3].map((size) => takeSends(plan, size).length)).toEqual([3, 3, 1, 0]);
  });
});

describe("createRandom", () => {
  it("spreads numbers evenly below a limit, across events and seeds", () => {
    const random = createRandom();
    const counts = new Array<number>(10).fill(0);
    for (let n = 0; n < 20_000; n++) {
      random.restart(n % 7, n);
      counts[random.below(10)]! += 1;
    }
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });

  it("reaches beyond 32 bits and stays below its limit", () => {
    const random = createRandom();
    random.restart(1, 1);
    const drawn = Array.from({ length: 1000 }, () => random.below(2 ** 53));
    expect(drawn.every((n) => Number.isSafeInteger(n) && n >= 0)).toBe(true);
    expect(drawn.some((n) => n > 2 ** 52)).toBe(true);
  });
});
