import { describe, expect, it } from "vitest";
import { sumUp } from "../../../orchestrator/load-counts.ts";

const sent = { acked: 90, rejected: 10, sentAgain: 0 };
const refused = [
  ["column_count", "6"],
  ["event_invalid", "4"],
];

describe("the sum of a load", () => {
  it("holds where every row is accounted for", () => {
    const verdicts = { landed: 60, superseded: 10, duplicate: 15, quarantined: 2, filtered: 3 };
    expect(sumUp(sent, verdicts, refused)).toEqual({
      read: 100,
      landed: 70,
      duplicates: 15,
      filtered: 3,
      quarantined: 12,
      copies: 0,
      quarantinedBy: { column_count: 6, event_invalid: 4 },
      holds: true,
      problems: [],
    });
  });

  it("counts rows that their table no longer keeps as landed", () => {
    expect(sumUp(sent, { landed: 50, expired: 40 }, refused)).toMatchObject({ landed: 90, holds: true });
  });

  it("takes what was sent again for no row", () => {
    const verdicts = { landed: 80, duplicate: 13 };
    expect(sumUp({ ...sent, sentAgain: 5 }, verdicts, refused)).toMatchObject({
      landed: 80,
      duplicates: 10,
      copies: 3,
      holds: true,
    });
    expect(sumUp({ ...sent, sentAgain: 2 }, verdicts, refused)).toMatchObject({
      holds: false,
      problems: ["3 records are in Kafka twice, and only 2 rows were sent again"],
    });
  });

  it("says what is wrong, all of it", () => {
    const verdicts = { landed: 80, lost: 5 };
    expect(sumUp(sent, verdicts, [["column_count", "9"]])).toMatchObject({
      holds: false,
      problems: [
        "5 rows are lost",
        "5 of 90 accepted rows aren't in the lake's log",
        "10 rows were refused, and the quarantine has 9 of this load",
        "100 rows were read, and 89 are accounted for",
      ],
    });
  });

  it("holds for a file without rows", () => {
    expect(sumUp({ acked: 0, rejected: 0, sentAgain: 0 }, {}, [])).toMatchObject({ read: 0, holds: true });
  });
});
