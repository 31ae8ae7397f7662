// A pipeline's health from what was seen of it: first what is worst.
import { describe, expect, it } from "vitest";
import { healthOf, type Seen } from "../../../orchestrator/console/health.ts";
import { createProgress } from "../../../orchestrator/console/progress.ts";

const job = (state = "RUNNING", desired: "running" | "stopped" | "never applied" = "running") => ({
  name: "p/landing",
  state,
  desired: desired === "never applied" ? undefined : desired,
});
const seen = (over: Partial<Seen> = {}): Seen => ({
  jobs: [job()],
  lag: 0,
  stillMs: null,
  rate: 100,
  freshnessMs: 2000,
  ...over,
});

describe("health", () => {
  it.each([
    ["healthy", seen()],
    ["healthy", seen({ lag: 900, stillMs: 4000 })],
    ["lagging", seen({ lag: 5000 })],
    ["healthy", seen({ lag: 5000, rate: 2000 })],
    ["stalled", seen({ lag: 1, stillMs: 16_000 })],
    ["healthy", seen({ lag: 1, stillMs: 16_000, freshnessMs: 10_000 })],
    ["failing", seen({ jobs: [job(), job("RESTARTING")] })],
    ["failing", seen({ jobs: [job("NOT RUNNING")], lag: null })],
    ["unknown", seen({ lag: null })],
    ["stopped", seen({ jobs: [job("NOT RUNNING", "stopped")] })],
    ["stopped", seen({ jobs: [job("NOT RUNNING", "never applied")] })],
  ] as const)("is %s", (health, what) => {
    const verdict = healthOf(what);
    expect(verdict.health).toBe(health);
    expect(verdict.why === "").toBe(health === "healthy");
  });

  it("names the jobs that don't run, the first of many", () => {
    const jobs = ["a", "b", "c", "d", "e"].map((name) => ({ ...job("FAILING"), name }));
    expect(healthOf(seen({ jobs })).why).toBe("a is failing, b is failing, c is failing and 2 more.");
  });
});

describe("progress", () => {
  it("counts records a second over the last ten", () => {
    const progress = createProgress();
    const at = (seconds: number, records: number) =>
      progress.note("p", { atMs: seconds * 1000, records, done: records, lag: 0 }).rate;
    expect([at(0, 0), at(2, 200), at(4, 200), at(20, 200), at(22, 500)]).toEqual([null, 100, 50, null, 150]);
  });

  it("stands still while something waits and nothing is committed", () => {
    const progress = createProgress();
    const still = (seconds: number, done: number, lag: number) =>
      progress.note("p", { atMs: seconds * 1000, records: 0, done, lag }).stillMs;
    expect([still(0, 5, 3), still(4, 5, 3), still(9, 5, 9), still(10, 6, 8), still(12, 6, 8)]).toEqual([
      null,
      4000,
      9000,
      null,
      2000,
    ]);
    expect(still(30, 6, 0)).toBeNull();
  });
});
