import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge, retryAfterMs } from "../../../client/answer.ts";

const answer = (status: number, body: unknown) => ({
  status,
  body: typeof body === "string" ? body : JSON.stringify(body),
  retryAfter: null,
});
const accepted = { status: "accepted", event_id: "a", partition: 1, offset: 7 };
const rejected = { status: "rejected", code: "event_invalid", issues: [{ path: "n", message: "Too small" }] };

describe("judge", () => {
  it("takes partition and offset as given", () => {
    expect(judge(["a"], answer(202, { results: [accepted] }))).toEqual([
      { status: "accepted", eventId: "a", partition: 1, offset: 7 },
    ]);
    expect(
      judge(["a"], answer(202, { results: [{ ...accepted, offset: "9007199254740993" }] })),
    ).toMatchObject([{ offset: "9007199254740993" }]);
  });

  it.each<[string, unknown]>([
    ["another event's id", { results: [{ ...accepted, event_id: "b" }] }],
    ["no id", { results: [{ ...accepted, event_id: undefined }] }],
    ["no place", { results: [{ ...accepted, offset: undefined }] }],
    ["no partition", { results: [{ ...accepted, partition: null }] }],
    ["one result too many", { results: [accepted, accepted] }],
    ["no results", { accepted: 1 }],
    ["a refusal of another event", { results: [{ ...rejected, event_id: "b" }] }],
    ["nothing", { results: [null] }],
    ["no JSON", "<html>"],
    ["an empty body", ""],
  ])("knows nothing from %s", (_, body) => {
    expect(judge(["a"], answer(202, body))).toMatchObject([{ status: "unknown", eventId: "a" }]);
  });

  it("takes a refusal with the event's id or without one", () => {
    for (const event_id of ["a", undefined])
      expect(judge(["a"], answer(400, { results: [{ ...rejected, event_id }] }))).toEqual([
        {
          status: "rejected",
          eventId: "a",
          code: "event_invalid",
          message: "n: Too small",
          issues: rejected.issues,
        },
      ]);
  });

  it("says the status where a refusal as a whole says nothing", () => {
    expect(judge(["a"], answer(404, "<html>"))).toEqual([
      { status: "rejected", eventId: "a", code: "http_404", message: "The API answered 404.", issues: [] },
    ]);
  });

  it("gives one outcome per event, in order, for whatever an answer holds", () => {
    const bodies = fc.oneof(
      fc.string(),
      fc.json(),
      fc.array(fc.jsonValue()).map((results) => JSON.stringify({ results })),
    );
    fc.assert(
      fc.property(fc.array(fc.uuid()), fc.integer({ min: 100, max: 599 }), bodies, (ids, status, body) => {
        expect(judge(ids, answer(status, body)).map(({ eventId }) => eventId)).toEqual(ids);
      }),
    );
  });
});

describe("retryAfterMs", () => {
  const nowMs = Date.parse("2026-03-04T05:06:07Z");

  it.each<[string | null, number]>([
    [null, 0],
    ["", 0],
    ["3", 3000],
    [" 3 ", 3000],
    ["-3", 0],
    ["soon", 0],
    ["86400", 3_600_000],
    ["Wed, 04 Mar 2026 05:06:17 GMT", 10_000],
    ["Wed, 04 Mar 2026 05:00:00 GMT", 0],
  ])("%j: %d", (header, expected) => {
    expect(retryAfterMs(header, nowMs)).toBe(expected);
  });
});
