// When the API takes no more, by a clock of the test's own.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { overloadCheck, watchLoop } from "../../../game-api/overload.ts";

describe("overload", () => {
  const limits = { queueEventsMax: 100, lateMsMax: 500 };
  const check = (waiting: number, lateMs: number) =>
    overloadCheck(
      () => waiting,
      limits,
      () => lateMs,
    )();

  it.each([
    [0, 0, false],
    [80, 500, false],
    [81, 0, true],
    [0, 501, true],
  ])("with %i of 100 events waiting and %i ms late: %s", (waiting, lateMs, expected) => {
    expect(check(waiting, lateMs)).toBe(expected);
  });
});

describe("lateness of the loop", () => {
  let now = 0;
  beforeEach(() => {
    now = 0;
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());
  const pass = (ms: number) => {
    now += ms;
    vi.advanceTimersByTime(ms);
  };

  it("is nothing while ticks come in time", () => {
    const late = watchLoop(() => now);
    for (let i = 0; i < 10; i += 1) pass(20);
    expect(late()).toBe(0);
  });

  it("grows within a turn that takes long, and is forgotten by the first tick in time", () => {
    const late = watchLoop(() => now);
    pass(20);
    now += 720; // the loop is busy: no timer runs
    expect(late()).toBe(700);
    vi.advanceTimersByTime(20);
    expect(late()).toBe(700);
    pass(20);
    expect(late()).toBe(0);
  });
});
