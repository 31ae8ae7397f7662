import { describe, expect, it } from "vitest";
import { judgeBatch, judgeSingle } from "../../../loadgen/answers.ts";

const body = (answer: object) => JSON.stringify(answer);

describe("judgeSingle", () => {
  it("books where an acked event went", () => {
    const answer = body({ event_id: "a-1", topic: "game.events", partition: 2, offset: "9007199254740993" });
    expect(judgeSingle("a-1", 202, answer)).toEqual({
      outcome: "acked",
      status: 202,
      partition: 2,
      offset: "9007199254740993",
    });
  });

  it.each([
    [202, body({ event_id: "a-2" }), "unknown"],
    [202, "", "unknown"],
    [202, '{"event_id":"a-1', "unknown"],
    [202, "null", "unknown"],
    [302, body({ event_id: "a-1" }), "unknown"],
    [400, body({ code: "X" }), "rejected"],
    [404, "", "rejected"],
    [413, "", "rejected"],
    [408, "", "unknown"],
    [500, "", "unknown"],
    [503, body({ event_id: "a-1" }), "unknown"],
  ])("%i with %j is %s", (status, answer, outcome) => {
    expect(judgeSingle("a-1", status, answer)).toEqual({ outcome, status });
  });
});

describe("judgeBatch", () => {
  const ids = ["a", "b", "c"];

  it("takes each event's own result, in order", () => {
    const results = [
      { status: "accepted", event_id: "a", partition: 0, offset: 5 },
      { status: "rejected", event_id: "b" },
      { status: "unknown", event_id: "c" },
    ];
    expect(judgeBatch(ids, 503, body({ results }))).toEqual([
      { outcome: "acked", status: 503, partition: 0, offset: 5 },
      { outcome: "rejected", status: 503 },
      { outcome: "unknown", status: 503 },
    ]);
  });

  it("believes no result that names another event", () => {
    const results = ["b", "a", "c"].map((event_id) => ({ status: "accepted", event_id }));
    expect(judgeBatch(ids, 202, body({ results })).map(({ outcome }) => outcome)).toEqual([
      "unknown",
      "unknown",
      "acked",
    ]);
  });

  it.each([
    [202, body({ results: [{ status: "accepted", event_id: "a" }] }), "unknown"],
    [413, body({ code: "TOO_LARGE" }), "rejected"],
    [503, "", "unknown"],
  ])("%i without a result for each is %s for all", (status, answer, outcome) => {
    expect(judgeBatch(ids, status, answer)).toEqual(ids.map(() => ({ outcome, status })));
  });
});
