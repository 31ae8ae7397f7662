import { describe, expect, it } from "vitest";
import { createRateLimiter } from "../../../game-api/rate-limits.ts";

function at(startMs: number) {
  let nowMs = startMs;
  const limiter = createRateLimiter(() => nowMs);
  const taken = (who: string, rate: number, events = 1) => {
    try {
      limiter.take(who, rate, events);
      return true;
    } catch (error) {
      return (error as { details: { headers: Record<string, string> } }).details.headers["retry-after"];
    }
  };
  return { limiter, taken, pass: (ms: number) => (nowMs += ms) };
}

describe("a rate limit", () => {
  it("lets two seconds' worth in at once, then refuses and says when to retry", () => {
    const { taken } = at(0);
    expect(Array.from({ length: 21 }, () => taken("a", 10))).toEqual([...Array(20).fill(true), "1"]);
  });

  it("lets the rate in over time, and no more after a long pause than after a short one", () => {
    const { taken, pass } = at(5000);
    let count = 0;
    const drain = () => {
      let got = 0;
      while (taken("a", 10) === true) got += 1;
      return got;
    };
    drain();
    for (let tenth = 0; tenth < 100; tenth += 1) {
      pass(100);
      count += drain();
    }
    expect(count).toBe(100);
    pass(3_600_000);
    expect(drain()).toBe(20);
  });

  it("takes a batch larger than the bucket once, and lets it be paid off", () => {
    const { limiter, taken, pass } = at(0);
    expect(taken("a", 10)).toBe(true);
    limiter.charge("a", 10, 99);
    expect(taken("a", 10)).toBe("9");
    pass(8000);
    expect(taken("a", 10)).toBe("1");
    pass(200);
    expect(taken("a", 10)).toBe(true);
  });

  it("counts each caller for itself", () => {
    const { taken } = at(0);
    for (let n = 0; n < 3; n += 1) taken("a", 1);
    expect(taken("a", 1)).toBe("1");
    expect(taken("b", 1)).toBe(true);
  });
});
