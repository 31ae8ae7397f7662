// Waiting for a rest: as long as it becomes less, and no longer.
import { describe, expect, it } from "vitest";
import { waitForRest } from "../../../stack/wait.ts";

/** What is left at each look; the last value stays. */
function looking(...values: number[]) {
  let looks = 0;
  const left = async () => values[Math.min(looks++, values.length - 1)]!;
  return { left, looks: () => looks };
}

describe("waitForRest", () => {
  it("ends at once where nothing is left", async () => {
    const { left, looks } = looking(0);
    await waitForRest(left, { stillMs: 60_000 });
    expect(looks()).toBe(1);
  });

  it("goes on while there is less and less, longer than what it waits without a move", async () => {
    const from = 100;
    const { left, looks } = looking(...Array.from({ length: from + 1 }, (_, index) => from - index));
    await waitForRest(left, { intervalMs: 2, stillMs: 100 });
    expect(looks()).toBe(from + 1);
  });

  it("gives up where nothing becomes less, or only more", async () => {
    const { left, looks } = looking(5, 5, 6);
    await waitForRest(left, { intervalMs: 1, stillMs: 20 });
    expect(looks()).toBeGreaterThan(1);
  });
});
