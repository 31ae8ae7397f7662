// What a plan says of an upgrade's downtime: figures that were measured, and honest words where there are none.
import { expect, it } from "vitest";
import { kafkaTopic, loadPipelines } from "../../../flink-sql/folders.ts";
import { downstream, type Figures, forecast } from "../../../orchestrator/deploy/forecast.ts";
import { declaredJobs } from "../../../orchestrator/deploy/reconcile.ts";

const known: Figures = {
  stateBytes: 12 * 1024 ** 2,
  lag: 0,
  rate: 2000,
  catchUp: { rate: 5000, at: new Date("2026-01-02T03:04:05Z") },
  earlierMs: [9000, 6000, 5000],
  isOwn: true,
};

it("says how long from earlier upgrades, and how long to catch up from rates", () => {
  expect(forecast(known)).toBe(
    "about 6 s down, as the last 3 upgrades of it took; 4 s to catch up (state 12 MiB, 0 records waiting, " +
      "2,000 records/s in, 5,000 records/s when it catches up (measured 2026-01-02T03:04:05.000Z))",
  );
});

it.each<[Partial<Figures>, RegExp]>([
  [{ earlierMs: [] }, /^for how long it is down isn't known: no upgrade was measured here yet; how long it/],
  [{ catchUp: undefined }, /how long it catches up isn't known .*was never measured\)$/],
  [{ rate: 6000 }, /it never catches up at this rate/],
  [{ rate: 0 }, /; nothing to catch up/],
  [{ stateBytes: undefined, lag: undefined }, /state of unknown size, what waits isn't known/],
  [{ isOwn: false }, /upgrades of other jobs took/],
  [{ stateBytes: 0 }, /state 0 B/],
])("says what isn't known: %o", (more, words) => {
  expect(forecast({ ...known, ...more })).toMatch(words);
});

it("names whom a change reaches: from a job its tables and their reports, from a table its reports", async () => {
  const pipeline = (await loadPipelines()).find(
    ({ reports, jobs }) => reports.length > 0 && jobs.length > 0,
  )!;
  const job = declaredJobs(pipeline).at(-1)!;
  const [line] = downstream(pipeline, { kind: "upgrade-job", job, id: "1" });
  expect(line).toMatch(/^reaches tables .+; reports .+/);
  const table = /tables ([^,;]+)/.exec(line!)![1]!;
  const [below] = downstream(pipeline, { kind: "add-columns", pipeline, table, columns: [] });
  expect(below ?? "").not.toContain("tables");
  expect(downstream(pipeline, { kind: "submit-job", job })).toEqual([]);
  // A topic that is new has no readers; one that somebody removed has.
  const topic = kafkaTopic(pipeline.name, Object.keys(pipeline.topics)[0]!);
  const create = { kind: "create-topic", topic, partitions: 1, retentionMs: 1 } as const;
  expect(downstream(pipeline, create)).toEqual([]);
  expect(downstream(pipeline, { ...create, removed: true })).toHaveLength(1);
});
