// Restore points: which are kept, which savepoints go, what stands against going back; all of it without engines.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { points } from "../../../orchestrator/commands/points.ts";
import { rewind } from "../../../orchestrator/commands/rewind.ts";
import type { RecordedJob } from "../../../orchestrator/engines/store.ts";
import { batchesLost, type Present, rewindProblems } from "../../../orchestrator/rewind/checks.ts";
import { unkept, unneeded } from "../../../orchestrator/rewind/kept.ts";
import type { RestorePoint } from "../../../orchestrator/rewind/points.ts";
import { lastCommits, leftBehind, lineOf, type Snapshot } from "../../../orchestrator/rewind/snapshots.ts";

const hourMs = 3_600_000;
const now = new Date(Date.UTC(2026, 1, 3, 12));
const ago = (hours: number) => new Date(now.getTime() - hours * hourMs);

const job = (name: string, ...tables: string[]): RecordedJob => ({
  name,
  pipeline: "p",
  sqlHash: "h",
  definition: {
    settings: {},
    statements: tables.map((table) => ({ text: `INSERT INTO ${table} SELECT * FROM topic`, source: "x:1" })),
    groups: { topic: [name] },
  },
  desired: "running",
  flinkJobId: "run",
  restorePath: null,
});

describe("what is kept", () => {
  const point = (id: number, kind: RestorePoint["kind"], names: string[], at = ago(1)) => ({
    id,
    kind,
    at,
    rewindBegunAt: null as Date | null,
    jobs: names.map((name) => ({ record: { name }, savepoint: `s${id}` })),
  });
  const keeping = { restorePoints: 2, restorePointsMs: 24 * hourMs };
  const ids = (points: { id: number }[]) => points.map(({ id }) => id).sort();

  it("are each job's newest; those that commands left never push out those that were taken", () => {
    const points = [
      point(1, "taken", ["a", "b"]),
      point(2, "taken", ["a", "b"]),
      point(3, "upgrade", ["a"]),
      point(4, "upgrade", ["b"]),
      point(5, "stop", ["a", "b"]),
      point(6, "upgrade", ["a"]),
      point(7, "taken", ["a", "b"]),
    ];
    expect(ids(unkept(points, keeping, now))).toEqual([1, 3]);
  });

  it("is nothing that is too old, but for the point of a rewind that was broken off", () => {
    const old = point(1, "taken", ["a"], ago(25));
    expect(ids(unkept([old], keeping, now))).toEqual([1]);
    expect(unkept([{ ...old, rewindBegunAt: ago(0) }], keeping, now)).toEqual([]);
  });

  it("is never more than so many of a job and class", () => {
    const kinds = fc.constantFrom<RestorePoint["kind"]>("taken", "stop", "upgrade", "rewind");
    fc.assert(
      fc.property(fc.array(kinds, { maxLength: 30 }), (all) => {
        const points = all.map((kind, index) => point(index + 1, kind, ["a"]));
        const gone = new Set(unkept(points, keeping, now));
        for (const isTaken of [true, false]) {
          const own = points.filter(({ kind }) => (kind === "taken") === isTaken);
          expect(own.filter((one) => !gone.has(one))).toEqual(own.slice(-keeping.restorePoints));
        }
      }),
    );
  });

  it("of savepoints, are those that a job goes on from or a point names", () => {
    expect(
      unneeded(
        ["s1", "s2", "s3", "s3"],
        [{ restorePath: "s1" }, { restorePath: null }],
        [point(2, "stop", ["a"])],
      ),
    ).toEqual(["s3"]);
  });
});

/** 1 ← 2 ← 3 ← 4, and 2 ← 5 ← 6 after a way back to 2. */
const snapshot = (id: number, parent: number | null, more: Partial<Snapshot> = {}): Snapshot => ({
  id: String(id),
  parent: parent === null ? null : String(parent),
  at: now.getTime() - 1000 * (10 - id),
  operation: "append",
  run: "run",
  checkpoint: id,
  rows: id,
  ...more,
});
const line = [
  snapshot(1, null),
  snapshot(2, 1, { run: "before" }),
  snapshot(3, 2, { run: null }),
  snapshot(4, 3, { run: null, operation: "replace" }),
  snapshot(5, 2, { run: null, operation: "delete", rows: 0 }),
  snapshot(6, 5),
];

describe("snapshots", () => {
  it("have a line back to the oldest that is left", () => {
    expect(lineOf(line, "4").map(({ id }) => id)).toEqual(["4", "3", "2", "1"]);
    expect(lineOf(line, null)).toEqual([]);
    expect(lastCommits(lineOf(line, "6"), ["run", "before", "none"])).toEqual(["6", "2"]);
    expect(lastCommits(lineOf(line, "4"), ["run", "before"])).toEqual(["1", "2"]);
  });

  it("leave behind what others than Flink wrote, but no rewrite and no emptied table", () => {
    const ids = (from: string, to: string | null) => leftBehind(line, from, to).map(({ id }) => id);
    expect(ids("4", "2")).toEqual(["3"]);
    expect(ids("4", "4")).toEqual([]);
    expect(ids("6", "4")).toEqual([]);
    expect(ids("4", "6")).toEqual(["3"]);
    expect(ids("4", null)).toEqual(["3"]);
  });
});

describe("going back", () => {
  const point: RestorePoint = {
    id: 3,
    pipeline: "p",
    at: ago(2),
    kind: "taken",
    why: "",
    rewindBegunAt: null,
    jobs: [
      {
        record: job("p/landing", "rows"),
        run: "before",
        savepoint: "file:///s/savepoint-1",
        offsets: [{ group: "p/landing", topic: "p.topic", partition: 0, offset: 10 }],
      },
    ],
    tables: [{ name: "rows", snapshot: "2", columns: ["a varchar"], commits: ["1"] }],
  };
  const fine: Present = {
    now,
    deduplicationMs: 24 * hourMs,
    declared: ["p/landing"],
    recorded: [job("p/landing", "rows"), { ...job("q/landing", "rows"), pipeline: "q" }],
    tables: new Map([["rows", { columns: ["a varchar"], current: "6", snapshots: line }]]),
    topics: new Map([["p.topic", [{ partition: 0, low: 10, high: 20 }]]]),
    savepointThere: () => true,
    since: [],
  };
  const why = (other: Partial<Present>, drop = false) => rewindProblems(point, { ...fine, ...other }, drop);
  const table = (other: object) =>
    new Map([["rows", { columns: ["a varchar"], current: "6", snapshots: line, ...other }]]);

  it("can be done where all is there, also where the savepoint can't be seen", () => {
    expect(why({})).toEqual([]);
    expect(why({ savepointThere: () => undefined })).toEqual([]);
  });

  it.each<[string, Partial<Present>, RegExp]>([
    [
      "Kafka has removed records",
      { topics: new Map([["p.topic", [{ partition: 0, low: 11, high: 20 }]]]) },
      /no longer holds offset 10 .* begins at 11/,
    ],
    [
      "the topic was made anew",
      { topics: new Map([["p.topic", [{ partition: 0, low: 0, high: 5 }]]]) },
      /ends at 5, before .* 10: it was made anew/,
    ],
    ["the topic is gone", { topics: new Map() }, /no partition 0 of topic p\.topic/],
    ["the savepoint is gone", { savepointThere: () => false }, /its savepoint .*savepoint-1 is gone/],
    [
      "the snapshot has expired",
      { tables: table({ snapshots: line.filter(({ id }) => id !== "2") }) },
      /snapshot 2 has expired/,
    ],
    [
      "a last commit has expired",
      { tables: table({ snapshots: line.filter(({ id }) => id !== "1") }) },
      /snapshot 1 has expired/,
    ],
    [
      "columns have changed",
      { tables: table({ columns: ["a bigint"] }) },
      /other columns than then: 'a varchar' is gone, 'a bigint' is new/,
    ],
    ["the table is gone", { tables: new Map() }, /Table p\.rows is gone/],
    ["the job is gone", { declared: [] }, /Job p\/landing is no longer declared: put its file back/],
    [
      "another job writes the table",
      { recorded: [...fine.recorded, job("p/new", "rows")] },
      /also job p\/new's, of which the point knows nothing/,
    ],
    ["it is too old", { deduplicationMs: hourMs }, /older than the jobs remember an event_id/],
  ])("is refused where %s", (_what, other, reason) => {
    expect(why(other)).toEqual([expect.stringMatching(reason)]);
  });

  it.each([
    "forget-begun",
    "forget-proven",
    "forget-open",
    "retain",
  ])("is refused for good after %s", (action) => {
    const since = [{ action, at: ago(1), detail: {} }];
    expect(why({ since }, true)).toEqual([
      expect.stringMatching(/^'(forget|retain)' has removed rows since .* never done/),
    ]);
  });

  it("is refused where batches would go, unless that is wanted; they are named", () => {
    const other = {
      tables: table({ current: "4" }),
      since: [
        { action: "backfill", at: ago(1), detail: { date: "2026-01-02" } },
        { action: "maintain", at: ago(1), detail: {} },
      ],
    };
    expect(why(other)).toEqual([
      expect.stringMatching(/the backfill of 2026-01-02 .*1 commits to p\.rows .*--drop-batches/),
    ]);
    expect(why(other, true)).toEqual([]);
    expect(batchesLost(point, { ...fine, ...other })).toHaveLength(2);
    expect(batchesLost(point, fine)).toEqual([]);
  });

  it("is refused with all reasons at once", () => {
    expect(
      why({ topics: new Map(), savepointThere: () => false, declared: [], tables: new Map() }),
    ).toHaveLength(4);
  });
});

describe("the commands", () => {
  it("refuse what is no restore point, and a reason without a point", async () => {
    for (const to of ["", "0", "latest", "1.5", "-1"])
      await expect(rewind("p", { to })).rejects.toThrow(
        /is no restore point: give its number, as 'points p'/,
      );
    await expect(points("p", { why: "because" })).rejects.toThrow(/give --take too/);
  });
});
