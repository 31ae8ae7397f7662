// What makes a fault pass or fail, and what its line says.
import { describe, expect, it } from "vitest";
import type { Problem } from "../../../orchestrator/ledger/problems.ts";
import { type Account, judge, newProblems, type Seen, tableHead, tableRow } from "../../chaos/verdict.ts";

const lost: Problem = { kind: "lost", topic: "desk", partition: 0, offset: 7, detail: "event_id a" };
const doubled: Problem = { ...lost, kind: "doubled", offset: 8 };

const account = (more: object = {}, journal: object = {}): Account =>
  ({
    landed: 1500,
    problems: [],
    ...more,
    journal: { acked: 999, rejected: 0, unknown: 3, unknownStored: 1, disagreements: [], ...journal },
  }) as unknown as Account;

const seen = (more: Partial<Seen> = {}): Seen => ({
  fault: "trino",
  firstSnapshotMs: 1234,
  pauseMs: 2600,
  account: account(),
  before: { landed: 500, problems: [] },
  jobs: [
    { name: "club/log", runs: 1 },
    { name: "club/landing", runs: 1 },
  ],
  troubles: [],
  ...more,
});

describe("the verdict on a fault", () => {
  it("passes where every event that was acked landed once, and every job runs once", () => {
    const line = judge(seen());
    expect(line).toEqual({
      fault: "trino",
      firstSnapshotSeconds: 1.2,
      pauseSeconds: 2.6,
      acked: 999,
      landed: 1000,
      unknown: 3,
      lost: 0,
      doubled: 0,
      jobs: "2 of 2",
      passed: true,
      reasons: [],
    });
    expect(tableRow(line)).toHaveLength(tableHead.length);
    expect(tableRow(line).at(-1)).toBe("ok");
  });

  it.each<[string, Partial<Seen>, RegExp]>([
    ["an event is lost", { account: account({ problems: [lost], landed: 1499 }) }, /lost: desk partition 0/],
    ["an event is doubled", { account: account({ problems: [doubled] }) }, /doubled: desk/],
    [
      "rows are there that nobody sent",
      { account: account({ landed: 1600 }) },
      /1100 events landed, and 1000/,
    ],
    [
      "the journal disagrees",
      { account: account({}, { disagreements: ["r-1 was acked and isn't stored"] }) },
      /r-1 was acked/,
    ],
    ["a sound event was refused", { account: account({}, { rejected: 2 }) }, /2 sound events were refused/],
    [
      "nothing was sent",
      { account: account({ landed: 500 }, { acked: 0, unknownStored: 0 }) },
      /nothing was tested/,
    ],
    ["a job runs twice", { jobs: [{ name: "club/log", runs: 2 }] }, /club\/log has 2 runs/],
    ["a job doesn't run", { jobs: [{ name: "club/log", runs: 0 }] }, /club\/log has 0 runs/],
    ["no snapshot came", { firstSnapshotMs: undefined }, /no new snapshot/],
    ["the ledger couldn't be taken", { account: undefined }, /couldn't be taken/],
    ["anything else went wrong", { troubles: ["apply failed"] }, /apply failed/],
  ])("fails where %s", (_what, more, reason) => {
    const line = judge(seen(more));
    expect(line.passed).toBe(false);
    expect(line.reasons.join("\n")).toMatch(reason);
    expect(tableRow(line).at(-1)).toBe("FAILED");
  });

  it("counts what is lost and doubled, whether the ledger or the journal says so", () => {
    const both = account(
      { problems: [lost, doubled] },
      { disagreements: ["a was acked and isn't stored", "b was acked and isn't stored", "c counts 2 times"] },
    );
    expect(judge(seen({ account: both }))).toMatchObject({ lost: 2, doubled: 1 });
  });

  it("isn't blamed for what an earlier fault did", () => {
    expect(newProblems([lost], [lost, doubled])).toEqual([doubled]);
    const line = judge(
      seen({ account: account({ problems: [lost] }), before: { landed: 500, problems: [lost] } }),
    );
    expect(line).toMatchObject({ passed: true, lost: 0 });
  });
});
