// Faults and their moments: the seed decides, and settings that don't fit are all named.
import { describe, expect, it } from "vitest";
import { firstAfter, longestPause } from "../../chaos/commits.ts";
import { readChaosConfig } from "../../chaos/config.ts";
import { faultNames, planFaults } from "../../chaos/plan.ts";

describe("a plan of faults", () => {
  it("is the same for the same seed, and another for another", () => {
    const plan = planFaults([...faultNames], 7);
    expect(planFaults([...faultNames], 7)).toEqual(plan);
    expect(planFaults([...faultNames], 8)).not.toEqual(plan);
    expect(plan.map(({ name }) => name)).toEqual(faultNames);
    expect(new Set(plan.map(({ waitMs }) => waitMs)).size).toBeGreaterThan(6);
    for (const { waitMs, intoMs } of plan) {
      expect(waitMs).toBeGreaterThanOrEqual(0);
      expect(waitMs).toBeLessThan(3000);
      expect(intoMs).toBeLessThan(1500);
    }
  });

  it("gives a fault done alone the moment that it had among all", () => {
    const among = planFaults([...faultNames], 7).find(({ name }) => name === "trino");
    expect(planFaults(["trino"], 7)).toEqual([among]);
  });
});

describe("settings", () => {
  it("are all faults at 2,000 events/s, with a seed that is made up", () => {
    expect(readChaosConfig({})).toMatchObject({ rate: 2000, faults: faultNames, keep: false });
    expect(readChaosConfig({}).seed).not.toBe(readChaosConfig({}).seed);
    const given = { RATE: "500", FAULTS: "trino, gateway", SEED: "4", KEEP: "yes" };
    expect(readChaosConfig(given)).toEqual({ rate: 500, faults: ["trino", "gateway"], seed: 4, keep: true });
    expect(readChaosConfig({ FAULTS: "all" }).faults).toEqual(faultNames);
    expect(readChaosConfig({ FAULTS: "" }).faults).toEqual(faultNames);
  });

  it("that don't fit are all named, each with its value and the cure", () => {
    const wrong = () => readChaosConfig({ RATE: "0", FAULTS: "trino moon", KEEP: "maybe" });
    expect(wrong).toThrow(/RATE='0'.*such as 2000/);
    expect(wrong).toThrow(
      /FAULTS='trino moon': no fault is named moon\. Give all, or a list of taskmanager, /,
    );
    expect(wrong).toThrow(/KEEP='maybe'.*yes or no/);
  });
});

describe("commits", () => {
  const commits = [1000, 2000, 9000].map((atMs) => ({ table: "visits", atMs }));
  const others = [{ table: "log", atMs: 2500 }];

  it("are found after a moment, of the tables asked for", () => {
    expect(firstAfter([...commits, ...others], ["visits", "payments"], 2000)).toBe(9000);
    expect(firstAfter([...commits, ...others], ["visits"], 9000)).toBeUndefined();
    expect(firstAfter([...commits, ...others], ["log"], 0)).toBe(2500);
  });

  it("leave a pause between them, before the first and after the last", () => {
    expect(longestPause(commits, ["visits"], 1500, 9500)).toBe(7000);
    expect(longestPause(commits, ["visits"], 9000, 20_000)).toBe(11_000);
    expect(longestPause(commits, ["log"], 0, 500)).toBe(500);
  });
});
