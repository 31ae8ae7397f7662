// Records are judged in slices: none is left out, none is in two, and copies of one event stay together.
import { crc32 } from "node:zlib";
import { expect, it } from "vitest";
import { loadPipelines } from "../../../flink-sql/folders.ts";
import { judgedRecords } from "../../../orchestrator/ledger/judge.ts";
import { inSlice, slicesOf, stepOf, whole } from "../../../orchestrator/ledger/slices.ts";
import { countsQuery } from "../../../orchestrator/ledger/sql.ts";

const bounds = (...records: number[]) =>
  records.map((n, partition) => ({ topic: "events", partition, low: 10, upTo: 10 + n }));

it("makes one slice of what fits, and more where it doesn't", () => {
  expect(slicesOf(bounds(0))).toEqual([whole]);
  expect(slicesOf(bounds(400_000, 600_000))).toEqual([whole]);
  expect(slicesOf(bounds(400_000, 600_001))).toHaveLength(2);
  expect(slicesOf(bounds(7_500_000))).toHaveLength(8);
  expect(slicesOf(bounds(5), 3)).toHaveLength(3);
});

it("has every id in one slice, as the journal's side computes it", () => {
  const all = slicesOf(bounds(7_500_000));
  for (const id of ["", "run-1", "run-2", "ü"]) {
    const own = all.filter(({ slice, slices }) => crc32(id) % slices === slice);
    expect(own).toHaveLength(1);
  }
  expect(inSlice("event_id", all[3]!)).toEqual(["mod(crc32(to_utf8(coalesce(event_id, ''))), 8) = 3"]);
  expect(inSlice("event_id", whole)).toEqual([]);
  expect([stepOf(whole), stepOf(all[3]!)]).toEqual(["", " (4 of 8)"]);
});

it("cuts every side that holds a row per record: log, tables, rows that a filter dropped", async () => {
  for (const pipeline of await loadPipelines()) {
    const [slice] = slicesOf(bounds(2_000_000));
    const cut = countsQuery(pipeline, bounds(1), slice!).split("mod(crc32").length - 1;
    const uncut = judgedRecords(pipeline, bounds(1));
    expect(uncut).not.toContain("crc32");
    const scans = uncut.split(`lake.${pipeline.name}.`).length - 1;
    // The quarantine is small; a later record's row counts for a record of any slice.
    const scansOfAll = 1 + uncut.split(/^held_\d+ AS /m).length - 1;
    expect(cut, pipeline.name).toBe(scans - scansOfAll);
    expect(uncut.split(".log AS").length - 1, `${pipeline.name} reads its log once`).toBe(1);
  }
});
