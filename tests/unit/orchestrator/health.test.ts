// A pipeline's health from what was seen of it: first what is worst; and what a row of looks adds to one.
import { describe, expect, it } from "vitest";
import { healthOf, type Seen, type SeenJob, stalledMs } from "../../../orchestrator/watch/health.ts";
import { createProgress, type JobLook } from "../../../orchestrator/watch/progress.ts";

const job = (over: Partial<SeenJob> = {}): SeenJob => ({
  name: "p/landing",
  state: "RUNNING",
  desired: "running",
  lag: 0,
  stillMs: null,
  unlandedMs: null,
  checkpointMs: 1000,
  hasCheckpoint: true,
  restarts: 0,
  landsAll: false,
  ...over,
});
const seen = (over: Partial<SeenJob> = {}, more: Partial<Seen> = {}): Seen => ({
  jobs: [job({ name: "p/log" }), job(over)],
  rate: 100,
  freshnessMs: 2000,
  ...more,
});
const slow = { freshnessMs: 10_000 };

describe("health", () => {
  it.each([
    ["healthy", seen()],
    ["healthy", seen({ lag: 900, stillMs: 4000 })],
    ["lagging", seen({ lag: 5000 })],
    ["healthy", seen({ lag: 5000 }, { rate: 2000 })],
    ["stalled", seen({ lag: 1, stillMs: 16_000 })],
    ["healthy", seen({ lag: 1, stillMs: 16_000, checkpointMs: 16_000 }, slow)],
    ["stalled", seen({ lag: 1, stillMs: 21_000 }, slow)],
    ["stalled", seen({ checkpointMs: 16_000 })],
    ["healthy", seen({ lag: 1, stillMs: 16_000, checkpointMs: 16_000, hasCheckpoint: false })],
    ["stalled", seen({ checkpointMs: 61_000, hasCheckpoint: false })],
    ["healthy", seen({ unlandedMs: 16_000 })],
    ["stalled", seen({ unlandedMs: 16_000, landsAll: true })],
    ["stalled", seen({ unlandedMs: 36_000 })],
    ["failing", seen({ state: "RESTARTING" })],
    ["failing", seen({ state: "NOT RUNNING", lag: null })],
    ["healthy", seen({ restarts: 3 })],
    ["failing", seen({ restarts: 4 })],
    ["unknown", seen({ lag: null })],
    ["stopped", { ...seen(), jobs: [job({ state: "NOT RUNNING", desired: "stopped" })] }],
    ["stopped", { ...seen(), jobs: [job({ state: "NOT RUNNING", desired: undefined })] }],
  ] as const)("is %s (%#)", (health, what) => {
    const verdict = healthOf(what as Seen);
    expect(verdict.health).toBe(health);
    expect(verdict.why === "").toBe(health === "healthy");
  });

  it("calls a stall after two checkpoints, 15 s at least", () => {
    expect([1000, 5000, 10_000].map(stalledMs)).toEqual([15_000, 15_000, 20_000]);
  });

  it("names the jobs that don't run, the first of many", () => {
    const jobs = ["a", "b", "c", "d", "e"].map((name) => job({ state: "FAILING", name }));
    expect(healthOf({ ...seen(), jobs }).why).toBe("a is failing, b is failing, c is failing and 2 more.");
  });

  it("says what a stalled job waits with, and for how long", () => {
    expect(healthOf(seen({ lag: 1200, stillMs: 20_000 })).why).toBe(
      "p/landing has 1,200 records waiting and has committed nothing for 20 s.",
    );
  });
});

describe("progress", () => {
  it("counts records a second over the last ten", () => {
    const progress = createProgress();
    const at = (seconds: number, records: number) =>
      progress.note("p", { atMs: seconds * 1000, records, jobs: null }).rate;
    expect([at(0, 0), at(2, 200), at(4, 200), at(20, 200), at(22, 500)]).toEqual([null, 100, 50, null, 150]);
  });

  const follow = () => {
    const progress = createProgress();
    return (atSeconds: number, job: Omit<JobLook, "name">, other = atSeconds) => {
      const noted = progress.note("p", {
        atMs: atSeconds * 1000,
        records: 0,
        jobs: [
          { name: "p/a", ...job },
          { name: "p/b", done: other, lag: 1, landedMs: atSeconds * 1000, seenMs: atSeconds * 1000 },
        ],
      });
      return { ...noted.jobs.get("p/a")!, isDue: progress.isDue("p") };
    };
  };

  it("stands still while something waits and nothing is committed, whatever another job does", () => {
    const look = follow();
    const still = (seconds: number, done: number, lag: number) =>
      look(seconds, { done, lag, landedMs: undefined, seenMs: undefined }).stillMs;
    expect([still(0, 5, 3), still(4, 5, 3), still(9, 5, 9), still(10, 6, 8), still(12, 6, 8)]).toEqual([
      null,
      4000,
      9000,
      null,
      2000,
    ]);
    expect(still(30, 6, 0)).toBeNull();
  });

  it("owes a snapshot from the look before its offset moved, until one is seen", () => {
    const look = follow();
    const unlanded = (seconds: number, done: number, landed: number, asked = seconds) => {
      const { unlandedMs, isDue } = look(
        seconds,
        { done, lag: 0, landedMs: landed * 1000, seenMs: asked * 1000 },
        0,
      );
      return [unlandedMs, isDue];
    };
    expect(unlanded(0, 5, -10)).toEqual([null, false]);
    expect(unlanded(3, 5, -10)).toEqual([null, false]);
    expect(unlanded(6, 9, -10)).toEqual([3000, true]);
    expect(unlanded(9, 9, -10)).toEqual([6000, true]);
    // Trino has not answered since.
    expect(unlanded(30, 9, -10, 9)).toEqual([6000, true]);
    expect(unlanded(33, 9, 31)).toEqual([null, false]);
    expect(unlanded(36, 9, 31)).toEqual([null, false]);
  });
});
