// A load's journal beside the rows of the lake: each way in which they can disagree is named.
import { expect, it } from "vitest";
import { compare, type JournalCheck, type Told } from "../../../orchestrator/ledger/journal.ts";

const blank = (): JournalCheck => ({
  journal: "load.ndjson",
  agrees: true,
  acked: 0,
  rejected: 0,
  unknown: 0,
  unknownStored: 0,
  disagreements: [],
});

const acked = (...places: string[]): Told => ({ outcome: "acked", places });
const refused: Told = { outcome: "rejected", places: [] };
const unknown: Told = { outcome: "unknown", places: [] };
const check = (told: Record<string, Told>, rows: unknown[][]) => {
  const result = blank();
  compare(result, new Map(Object.entries(told)), rows);
  return result;
};

it("agrees where each acked event is stored once, at its place, and its copies are duplicates", () => {
  const rows = [
    ["r-1", 0, "5", "landed"],
    ["r-1", 0, "9", "duplicate"],
    ["r-3", 1, "2", "quarantined"],
  ];
  const told = { "r-1": acked("0:5", "0:9"), "r-2": refused, "r-3": unknown };
  expect(check(told, rows)).toEqual({
    ...blank(),
    acked: 1,
    rejected: 1,
    unknown: 1,
    unknownStored: 1,
  });
});

it.each<[string, Record<string, Told>, unknown[][], string]>([
  ["lost", { "r-1": acked("0:5") }, [], "r-1 was acked and isn't stored"],
  [
    "at another place",
    { "r-1": acked("0:5") },
    [["r-1", 0, 6, "landed"]],
    "r-1 was acked at 0:5, which holds something else",
  ],
  [
    "doubled",
    { "r-1": acked("0:5") },
    [
      ["r-1", 0, 5, "landed"],
      ["r-1", 0, 6, "doubled"],
    ],
    "r-1 counts 2 times",
  ],
  [
    "stored though refused",
    { "r-1": refused },
    [["r-1", 0, 5, "landed"]],
    "r-1 was refused and is stored at 0:5",
  ],
  ["of nobody", {}, [["r-9", 0, 5, "landed"]], "r-9 is stored and isn't in the journal"],
])("names an event that is %s", (_, told, rows, sentence) => {
  expect(check(told, rows)).toMatchObject({ agrees: false, disagreements: [sentence] });
});
