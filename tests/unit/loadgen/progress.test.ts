import { describe, expect, it } from "vitest";
import { createProgress, progressLine, summaryText } from "../../../loadgen/progress.ts";
import { problemsOf, toSummary } from "../../../loadgen/summary.ts";
import { createTally, type Tally } from "../../../loadgen/tally.ts";

const about = {
  run: "r",
  seed: 1,
  pipeline: "game",
  loop: "closed" as const,
  url: "u",
  journal: "j.ndjson",
  interrupted: false,
};

function at(durationMs: number, sends: number): Tally {
  const tally = createTally();
  for (let n = 0; n < sends; n++)
    tally.count({ outcome: "acked", status: 202 }, { copy: false, broken: false });
  return { ...tally, durationMs: () => durationMs };
}

describe("progressLine", () => {
  it.each([
    [0, 1000, 0, "[------------------------]   0%  0 of 1,000  0 events/s  ? left"],
    [500, 1000, 1000, "[############------------]  50%  500 of 1,000  500 events/s  1 s left"],
    [10, 10_000, 1000, "[------------------------]   0%  10 of 10,000  10 events/s  16 min 39 s left"],
    [1000, 1000, 500, "[########################] 100%  1,000 of 1,000  2,000 events/s"],
  ])("shows %i of %i after %i ms", (done, total, durationMs, line) => {
    expect(progressLine(done, total, durationMs)).toBe(line);
  });
});

describe("createProgress", () => {
  it("stays on its line on a terminal", () => {
    let text = "";
    const progress = createProgress(10, true, (more) => {
      text += more;
    });
    progress.show(at(100, 1));
    progress.show(at(350, 5));
    progress.end(at(400, 10));
    expect(text.match(/\r/g)).toHaveLength(3);
    expect(text.match(/\n/g)).toHaveLength(1);
  });

  it("writes a line every 5 s elsewhere", () => {
    const lines: string[] = [];
    const progress = createProgress(100, false, (line) => lines.push(line));
    for (let ms = 0; ms <= 12_000; ms += 250) progress.show(at(ms, ms / 250));
    progress.end(at(12_000, 100));
    expect(lines).toEqual([expect.stringMatching(/^\[.*\n$/), expect.stringMatching(/40 of 100/)]);
  });
});

describe("a summary", () => {
  const tally = createTally();
  tally.sent(1, 100);
  tally.answered(20, 400, "bad sword");
  tally.count({ outcome: "rejected", status: 400 }, { copy: false, broken: false });
  tally.count({ outcome: "unknown" }, { copy: true, broken: false });
  tally.count({ outcome: "unknown", status: 503 }, { copy: false, broken: false });
  tally.finish();
  const summary = toSummary(about, tally);

  it("counts, measures and says where the journal is", () => {
    expect(summary).toMatchObject({ sends: 3, copies: 1, rejected: 1, unknown: 2, unanswered: 1 });
    expect(summary.latencyMs.p50).toBeCloseTo(20, 0);
    const text = summaryText(summary);
    expect(text).toMatch(/Rejected {2}1 \(1 against expectation\)/);
    expect(text).toMatch(/Journal {3}j\.ndjson/);
  });

  it("shows latencies as a picture and answers by status", () => {
    const text = summaryText(summary, tally.latencyBuckets());
    expect(text).toMatch(/Answers {3}400: 1/);
    expect(text).toMatch(/p99\.9 .* ms since sent/);
    expect(text).toMatch(/< 50 ms \|#{40} 100\.0% {2}1$/);
  });

  it("of an open loop says what was shed and how late the load was", () => {
    const open = createTally(true);
    open.sent(10, 100, 3);
    open.shed(40);
    open.finish();
    const told = toSummary({ ...about, loop: "open" }, open);
    expect(told).toMatchObject({
      shed: 40,
      lateMs: { max: expect.closeTo(3, 0) },
      series: [{ sent: 10, shed: 40 }],
    });
    expect(summaryText(told)).toMatch(/Shed {6}40 due and not sent/);
    expect(problemsOf(told)).toEqual([expect.stringMatching(/^40 events were due and not sent/)]);
  });

  it("names every problem with its cure", () => {
    const [unknown, surprise] = problemsOf(summary, tally.firstSurprise());
    expect(unknown).toMatch(/^2 of 3 events have an unknown outcome: 1 got no answer, 1 an answer/);
    expect(surprise).toMatch(/^1 events were refused though sound.*400 bad sword.*same contract/);
    const [keyless] = problemsOf(
      { ...summary, unexpected: 1, unknown: 0, statuses: { 401: 1 } },
      "401 no key",
    ).slice(-1);
    expect(keyless).toMatch(/401 no key.*--key-file/);
    expect(problemsOf(toSummary(about, createTally()))).toEqual([]);
  });
});
