import { describe, expect, it } from "vitest";
import { readLoadFlags } from "../../../loadgen/replay/load-config.ts";

describe("the flags of a load", () => {
  it("have defaults", () => {
    expect(readLoadFlags({ csv: ["a.csv"], ndjson: ["b.ndjson"] })).toMatchObject({
      files: [
        { path: "a.csv", form: "csv" },
        { path: "b.ndjson", form: "ndjson" },
      ],
      map: {},
      delimiter: ",",
      pace: { rate: 0, speedUp: 0 },
      connections: 1,
      batch: 2000,
      shiftToNow: false,
    });
  });

  it("are read as what they are", () => {
    const flags = {
      csv: ["a"],
      map: "a=b,c=d",
      delimiter: "tab",
      speedUp: "1000",
      connections: "4",
      type: "x",
    };
    expect(readLoadFlags(flags)).toMatchObject({
      map: { a: "b", c: "d" },
      delimiter: "\t",
      pace: { rate: 0, speedUp: 1000 },
      connections: 4,
      type: "x",
    });
  });

  it("are refused all at once, each with its cure", () => {
    const flags = { rate: "fast", connections: "0", map: "a", type: "x", typeColumn: "y" };
    const told = (() => {
      try {
        readLoadFlags(flags);
      } catch (error) {
        return (error as Error).message.split("\n");
      }
    })();
    expect(told).toEqual([
      "--map 'a' is wrong: give column=field with commas between, such as player=user_id,sku=sword_type.",
      "--rate 'fast' is wrong: give a whole number from 0 to 10000000, such as 500.",
      "--connections '0' is wrong: give a whole number from 1 to 64, such as 1.",
      "No file is given: name some with --csv or --ndjson.",
      "--type and --type-column both say the events' type: give one of them.",
    ]);
  });
});
