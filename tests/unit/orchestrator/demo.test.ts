// The demonstration's steps: the commands that a person would type.
import { describe, expect, it } from "vitest";
import { checkLoad, commandOf, demoSteps, isSameData, lastLine } from "../../../orchestrator/demo.ts";

const options = { rows: 1000, seed: 1, damage: 0.01 };

describe("a demonstration", () => {
  it("generates, loads all files in their order, compares, loads again and takes the account", () => {
    const files = [
      { name: "kinds.csv", event: "kind" },
      { name: "things.csv", event: "thing" },
    ];
    const steps = demoSteps("tea", files, options, "/d/my tea", false);
    expect(steps.map(({ name }) => name)).toEqual([
      "generate",
      "load",
      "answers",
      "load again",
      "answers again",
      "ledger",
    ]);
    expect(steps.map(commandOf).slice(0, 4)).toEqual([
      "npx swordlake generate tea --rows 1000 --seed 1 --damage 0.01 --out '/d/my tea' --force",
      "npx swordlake load tea --json --csv '/d/my tea/kinds.csv' --csv '/d/my tea/things.csv'",
      "npx swordlake report tea --answers '/d/my tea/answers.json'",
      "npx swordlake load tea --json --csv '/d/my tea/kinds.csv' --csv '/d/my tea/things.csv'",
    ]);
  });

  it("leaves out what counts copies once the files were loaded before", () => {
    const again = (isLoaded: boolean) =>
      demoSteps("tea", [], options, "/d", isLoaded)
        .filter(({ name }) => name.startsWith("answers"))
        .map(({ args }) => args.includes("--again"));
    expect(again(false)).toEqual([false, true]);
    expect(again(true)).toEqual([true, true]);
  });

  it("knows its data by rows, seed and damage", () => {
    expect(isSameData({ ...options }, options)).toBe(true);
    for (const other of [{ rows: 2 }, { seed: 2 }, { damage: 0 }, { rows: undefined as never }])
      expect(isSameData({ ...options, ...other }, options)).toBe(false);
    expect(isSameData({}, options)).toBe(false);
  });

  it("holds a load to what was generated: once new, and then nothing lands", () => {
    const made = { read: 10, landed: 6, duplicates: 1, quarantined: 3 };
    const again = { read: 10, landed: 0, duplicates: 7, quarantined: 3 };
    expect(checkLoad(made, made, true)).toBe("rows read 10 = landed 6 + duplicates 1 + quarantined 3");
    expect(checkLoad(again, made, true)).toMatch("landed 0 + duplicates 7");
    expect(checkLoad(again, made, false)).toMatch("landed 0 + duplicates 7");
    expect(() => checkLoad(made, made, false)).toThrow("The load says: rows read 10 = landed 6");
    expect(() => checkLoad({ ...made, landed: 5, duplicates: 2 }, made, true)).toThrow("What was generated:");
  });

  it("shows of a command its last line with words", () => {
    expect(lastLine("a\nrows = 3\n\n  \n")).toBe("rows = 3");
    expect(lastLine("\n")).toBe("");
  });
});
