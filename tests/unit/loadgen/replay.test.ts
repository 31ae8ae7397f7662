import { describe, expect, it } from "vitest";
import { createPace } from "../../../flink-sql/row-times.ts";
import type { Journal } from "../../../loadgen/journal.ts";
import { createBook, noRows, type RowEntry } from "../../../loadgen/replay/book.ts";
import type { ReplayState } from "../../../loadgen/replay/replay.ts";
import { replayLine, replayProblems, replayText, toReplaySummary } from "../../../loadgen/replay/report.ts";

const entry = (n: number): RowEntry => ({ id: `r-f-${n}`, type: "t", outcome: "acked" });

describe("the books of a replay", () => {
  it("write rows in their order, whatever the order of their outcomes", () => {
    const written: string[] = [];
    const journal: Journal = { path: "", write: ({ id }) => written.push(id), flush() {}, close() {} };
    const book = createBook(journal, { ...noRows(), acked: 5 }, () => {});
    const settles = Array.from({ length: 5000 }, () => book.open());
    for (let n = 4999; n > 0; n--) settles[n]!(entry(n));
    expect(written).toEqual([]);
    expect(book.waiting()).toBe(5000);
    settles[0]!(entry(0));
    expect(written).toEqual(Array.from({ length: 5000 }, (_, n) => `r-f-${n}`));
    expect(book.waiting()).toBe(0);
    expect(book.counts).toMatchObject({ acked: 5005 });
    book.open()({ id: "r-f-9", outcome: "unread", file: "f", line: 9, reason: "x" });
    expect(book.counts.unread).toBe(1);
  });
});

describe("the pace of a replay", () => {
  it("follows a rate, event times divided by a factor, or nothing", () => {
    const rate = createPace({ rate: 10, speedUp: 0 });
    expect([rate(undefined), rate(7), rate(0)]).toEqual([0, 100, 200]);
    const times = createPace({ rate: 0, speedUp: 60 });
    expect([times(60_000), times(120_000), times(undefined), times(0)]).toEqual([0, 1000, 0, -1000]);
    expect(createPace({ rate: 0, speedUp: 0 })(5)).toBe(0);
  });
});

describe("the report of a replay", () => {
  const state: ReplayState = {
    counts: { acked: 90, rejected: 2, unread: 3, unknown: 0 },
    rowsRead: 50,
    bytesRead: 0,
    requests: 4,
    statuses: { "202": 3, "207": 1 },
    latencyMs: () => ({ p50: 1, p90: 2, p95: 3, p99: 4, p999: 5, max: 6 }),
  };
  const about = {
    run: "r",
    pipeline: "p",
    url: "u",
    journal: "j",
    files: ["f.csv"],
    resumed: 50,
    durationMs: 1000,
    interrupted: false,
  };
  const summary = toReplaySummary(about, state);

  it("adds up", () => {
    expect(summary).toMatchObject({ rows: 95, unsettled: 5, rowsPerSecond: 45 });
    const text = replayText(summary);
    expect(text).toMatch(/Rows {6}95 read = 90 acked \+ 2 rejected \+ 3 unread \+ 0 unknown/);
    expect(text).toMatch(/Resumed {3}50 of them/);
  });

  it("says where to look and what to do", () => {
    expect(replayProblems(summary)).toEqual([
      expect.stringMatching(/^3 rows can't be read .*grep '"outcome":"unread"' j$/),
      expect.stringMatching(/^2 rows were rejected/),
      expect.stringMatching(/^5 rows were under way .*--resume/),
    ]);
  });

  it("shows progress by bytes", () => {
    expect(replayLine(50, 100, 1500, { rows: 1000, bytes: 25, ms: 2000 })).toBe(
      "[############------------]  50%  1,500 rows  500 rows/s  4 s left",
    );
    expect(replayLine(100, 100, 10, { rows: 10, bytes: 100, ms: 1000 })).toBe(
      "[########################] 100%  10 rows  10 rows/s",
    );
  });
});
