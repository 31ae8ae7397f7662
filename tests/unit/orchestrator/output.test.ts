import { expect, it } from "vitest";
import { textTable } from "../../../orchestrator/commands/output.ts";

it("gives each line of a cell a line of the table", () => {
  expect(textTable(["plan", "cost"], [["scan\n  filter", 1]]).split("\n")).toEqual([
    "┌──────────┬──────┐",
    "│ plan     │ cost │",
    "│ scan     │ 1    │",
    "│   filter │      │",
    "└──────────┴──────┘",
  ]);
});

it("shows what is nothing as a dash", () => {
  expect(textTable(["a", "b"], [[null, ""]])).toContain("│ – │   │");
});
