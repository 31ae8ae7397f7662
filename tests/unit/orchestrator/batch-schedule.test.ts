// Which days a schedule makes due, which files are theirs, and what is wrong with a declared batch.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { PipelineFolder } from "../../../flink-sql/folders.ts";
import { dueDays, filesOf } from "../../../orchestrator/backfill/schedule.ts";
import { batchProblems } from "../../../orchestrator/backfill/settings.ts";

const daily = { schedule: "15 2 * * *", csv: "in/{date}*.csv.gz" };
const at = (text: string) => new Date(`${text}Z`);

it("makes the day before due at its moment, and not again", () => {
  expect(dueDays(daily, at("2026-03-02T02:14:00"), at("2026-03-02T02:14:59"))).toEqual([]);
  expect(dueDays(daily, at("2026-03-02T02:14:00"), at("2026-03-02T02:15:00"))).toEqual(["2026-03-01"]);
  expect(dueDays(daily, at("2026-03-02T02:15:00"), at("2026-03-03T02:14:59"))).toEqual([]);
});

it("catches up what was missed, the oldest first, and no more than a month of it", () => {
  const missed = dueDays({ ...daily, daysBefore: 0 }, at("2026-03-01T12:00:00"), at("2026-03-04T12:00:00"));
  expect(missed).toEqual(["2026-03-02", "2026-03-03", "2026-03-04"]);
  expect(dueDays(daily, at("2025-01-01T00:00:00"), at("2026-03-04T12:00:00"))).toHaveLength(31);
  expect(
    dueDays({ ...daily, schedule: "never" }, at("2025-01-01T00:00:00"), at("2026-03-04T12:00:00")),
  ).toEqual([]);
});

it("finds the files of a day and no other", () => {
  const folder = mkdtempSync(join(tmpdir(), "swordlake-batches-"));
  for (const name of ["2026-03-01-b.csv", "2026-03-01.csv", "2026-03-02.csv", "x2026-03-01.csv"])
    writeFileSync(join(folder, name), "");
  const names = (csv: string) =>
    filesOf({ ...daily, csv }, folder, "2026-03-01").map((path) => path.slice(folder.length + 1));
  expect(names("{date}*.csv")).toEqual(["2026-03-01-b.csv", "2026-03-01.csv"]);
  expect(names("{date}.csv")).toEqual(["2026-03-01.csv"]);
  expect(names("nowhere/{date}.csv")).toEqual([]);
});

it("names what is wrong with a declared batch", () => {
  const wrong = { schedule: "61 * * * *", csv: "*/rows.csv", daysBefore: -1 };
  const problems = batchProblems({ name: "p", path: "/p", batch: wrong } as unknown as PipelineFolder);
  expect(problems).toHaveLength(4);
  expect(problems.join("\n")).toMatch(
    /'61 \* \* \* \*'[\s\S]*no \{date\}[\s\S]*last part[\s\S]*daysBefore: -1/,
  );
  expect(batchProblems({ name: "p", path: "/p", batch: daily } as unknown as PipelineFolder)).toEqual([]);
});
