// What maintenance leaves alone, and when it is due.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PipelineFolder } from "../../../flink-sql/folders.ts";
import { definePipeline, type Maintenance } from "../../../flink-sql/pipeline.ts";
import { nextRun } from "../../../orchestrator/cron.ts";
import {
  expiryCutoff,
  neededBy,
  orphanCutoff,
  type Pin,
  pinsOf,
  pointPins,
} from "../../../orchestrator/maintain/guard.ts";
import { isDue } from "../../../orchestrator/maintain/schedule.ts";
import { maintenanceProblems } from "../../../orchestrator/maintain/settings.ts";

const now = Date.UTC(2026, 1, 3, 12);
const slackMs = 30_000;
const hourMs = 3_600_000;

describe("what a table's snapshots are pinned by", () => {
  const written = [
    { job: "old", operator: "a", checkpoint: 9, at: now - 50 * hourMs },
    { job: "before", operator: "a", checkpoint: 5, at: now - 3 * hourMs },
    { job: "now", operator: "a", checkpoint: 7, at: now - 2000 },
    { job: "now", operator: "b", checkpoint: 6, at: now - 9000 },
  ];

  it("is the oldest of a running job's last commits", () => {
    expect(pinsOf(written, [{ job: "p/landing", flinkJobId: "now" }])).toEqual({
      pins: [{ at: now - 9000, why: "last commit of job p/landing" }],
      missing: [],
    });
  });

  it("is unknown for a run that has not committed yet", () => {
    expect(pinsOf(written, [{ job: "p/landing", flinkJobId: "new" }])).toEqual({
      pins: [],
      missing: ["p/landing"],
    });
  });

  it("is, for a restore point, its snapshot and its jobs' last commits; of none that is gone", () => {
    const tables = [
      { name: "rows", snapshot: "30", columns: [], commits: ["10", "20"] },
      { name: "none", snapshot: null, columns: [], commits: [] },
    ];
    const points = [{ id: 7, kind: "taken" as const, tables }];
    const madeAt = new Map([
      ["30", now - 1000],
      ["20", now - 3 * hourMs],
    ]);
    expect(neededBy(points[0]!, "rows")).toEqual(["30", "10", "20"]);
    expect(pointPins(points, "rows", madeAt)).toEqual([
      { at: now - 3 * hourMs, why: "restore point 7 (taken)" },
    ]);
    expect(pointPins(points, "none", madeAt)).toEqual([]);
    expect(pointPins(points, "other", madeAt)).toEqual([]);
  });
});

describe("the cut", () => {
  it("is the history's, unless something older is pinned: then it is said what", () => {
    expect(expiryCutoff(now, 6 * hourMs, [{ at: now - 2000, why: "x" }], slackMs)).toEqual({
      cutoff: now - 6 * hourMs,
    });
    expect(
      expiryCutoff(
        now,
        hourMs,
        [
          { at: now - 2000, why: "x" },
          { at: now - 9 * hourMs, why: "y" },
        ],
        slackMs,
      ),
    ).toEqual({ cutoff: now - 9 * hourMs - slackMs, heldBy: "y" });
  });

  it("never takes what is pinned, nor more than the history allows", () => {
    const pin = fc.record({ at: fc.integer({ min: now - 1e9, max: now }), why: fc.constant("x") });
    fc.assert(
      fc.property(fc.array(pin), fc.nat(1e9), fc.nat(1e6), (pins: Pin[], ageMs, checkpointMs) => {
        const { cutoff } = expiryCutoff(now, ageMs, pins, slackMs);
        expect(cutoff).toBeLessThanOrEqual(now - ageMs);
        for (const { at } of pins)
          expect(cutoff).toBeLessThanOrEqual(at - (cutoff === now - ageMs ? 0 : slackMs));
        const orphans = orphanCutoff(now, ageMs, pins, checkpointMs);
        expect(orphans.cutoff).toBeLessThanOrEqual(Math.min(now - ageMs, now - checkpointMs));
        for (const { at } of pins) expect(orphans.cutoff).toBeLessThanOrEqual(at - checkpointMs);
      }),
    );
  });
});

describe("the schedule", () => {
  const of = (maintenance: Partial<Maintenance> = {}) => ({
    ...({ name: "p", path: "", tables: [], jobs: [], reports: [] } satisfies Partial<PipelineFolder>),
    ...definePipeline({ title: "t", topics: {}, maintenance }),
  });
  const at = (time: string) => new Date(`2026-02-03T${time}Z`);

  it("is due once for each moment that it names, whoever looks and however late", () => {
    expect(isDue(of(), at("11:07:00"), at("12:06:59"))).toBe(false);
    expect(isDue(of(), at("11:07:00"), at("12:07:00"))).toBe(true);
    expect(isDue(of(), at("03:00:00"), at("12:00:00"))).toBe(true);
    expect(isDue(of(), at("12:07:10"), at("12:59:00"))).toBe(false);
    expect(isDue(of({ schedule: "never" }), at("00:00:00"), at("23:00:00"))).toBe(false);
    expect(nextRun("30 2 * * *", at("12:00:00"))).toEqual(new Date("2026-02-04T02:30:00Z"));
  });

  it("and times are checked, all at once", () => {
    expect(maintenanceProblems(of())).toEqual([]);
    expect(maintenanceProblems(of({ restorePoints: 0 }))).toEqual([
      expect.stringMatching(/'p', maintenance: restorePoints: 0: give a whole number, 1 or more/),
    ]);
    expect(maintenanceProblems(of({ schedule: "61 * * * *", historyMs: -1, orphansMs: 60_000 }))).toEqual([
      expect.stringMatching(/'p', maintenance: historyMs: -1: give whole milliseconds, 0 or more/),
      expect.stringMatching(/orphansMs: 60000: give whole milliseconds, 3600000 or more/),
      expect.stringMatching(/schedule: '61 \* \* \* \*': .*Give a cron expression such as '7 \* \* \* \*'/),
    ]);
  });
});
