import { describe, expect, it } from "vitest";
import { dueTimes, eventsOfProfile, parseProfile, steadyProfile } from "../../../loadgen/profile.ts";

describe("parseProfile", () => {
  it("reads steady rates, ramps and every unit", () => {
    expect(parseProfile("100/10s, 100-2000/1m,5000/500ms,0.5/1h")).toEqual([
      { from: 100, to: 100, seconds: 10 },
      { from: 100, to: 2000, seconds: 60 },
      { from: 5000, to: 5000, seconds: 0.5 },
      { from: 0.5, to: 0.5, seconds: 3600 },
    ]);
  });

  it("repeats a group", () => {
    expect(parseProfile("1/1s,(2/1s,3/1s)*2,4/1s").map(({ from }) => from)).toEqual([1, 2, 3, 2, 3, 4]);
  });

  it.each([
    ["", /'' is no rate\/duration/],
    ["100", /'100' is no rate/],
    ["100/10", /'100\/10' is no rate/],
    ["5/1s,100-/10s", /'100-\/10s' is no rate/],
    ["100/0s", /'100\/0s' is no rate/],
    ["-5/10s", /'-5\/10s' is no rate/],
    ["(5/1s)*0", /'\*0' repeats too little/],
    ["(5/1s)*999999", /'\*999999' repeats .* too often/],
    ["0/10s", /less than one event/],
  ])("refuses %j", (text, message) => {
    expect(() => parseProfile(text)).toThrow(message);
  });
});

describe("dueTimes", () => {
  it("spreads a steady rate evenly", () => {
    expect([...dueTimes(steadyProfile(10, 5), 1)]).toEqual([0, 100, 200, 300, 400]);
    expect([...dueTimes(steadyProfile(10, 5), 2)]).toEqual([0, 200, 400]);
  });

  it.each([["100-300/2s"], ["300-100/2s"], ["0-400/2s"]])("follows the ramp %s at every moment", (text) => {
    const profile = parseProfile(text);
    const { from, to, seconds } = profile[0]!;
    const times = [...dueTimes(profile, 1)];
    expect(times).toHaveLength(eventsOfProfile(profile));
    for (const [n, ms] of times.entries()) {
      const t = ms / 1000;
      expect(from * t + ((to - from) * t * t) / (2 * seconds)).toBeCloseTo(n, 6);
    }
  });

  it("joins stretches without a gap or a double, and keeps silent ones silent", () => {
    const times = [...dueTimes(parseProfile("10/1s,0/2s,20/1s"), 1)];
    expect(times).toHaveLength(30);
    expect(times[10]).toBe(3000);
    expect(times.every((ms, n) => n === 0 || ms > times[n - 1]!)).toBe(true);
  });
});
