import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { acceptEvent, type Edge, requestType } from "../../../flink-sql/envelope.ts";
import { event, id64 } from "../../../flink-sql/pipeline.ts";

const edge: Edge = {
  receivedAt: "2030-01-01T00:00:00.000Z",
  host: "api.example",
  userAgent: "test/1",
  accept: "*/*",
  newId: () => "made-1",
};
const potion = event(
  "A potion",
  { user_id: z.string().min(1), amount: z.int32().min(1).default(1) },
  { computed: { health: { type: z.int32(), from: (e) => 10 * (e.amount as number) } } },
);
const accept = (input: unknown, type = potion) => acceptEvent("take_potion", type, input, edge);
const kept = (input: unknown, type = potion) => {
  const verdict = accept(input, type);
  if (!verdict.ok) throw new Error(JSON.stringify(verdict.issues));
  return verdict.event;
};
const issues = (input: unknown, type = potion) => {
  const verdict = accept(input, type);
  return verdict.ok ? [] : verdict.issues;
};

describe("acceptEvent", () => {
  it("completes an event: envelope, defaults, computed fields", () => {
    expect(accept({ user_id: "u" })).toEqual({
      ok: true,
      eventId: "made-1",
      event: {
        event_id: "made-1",
        event_type: "take_potion",
        event_time: "2030-01-01T00:00:00.000Z",
        received_at: "2030-01-01T00:00:00.000Z",
        host: "api.example",
        user_agent: "test/1",
        accept: "*/*",
        user_id: "u",
        amount: 1,
        health: 10,
      },
    });
    expect(kept({ user_id: "u", amount: 3 }).health).toBe(30);
  });

  it("keeps the client's event_id", () => {
    expect(accept({ user_id: "u", event_id: "a.b:c_d-1" })).toMatchObject({
      eventId: "a.b:c_d-1",
      event: { event_id: "a.b:c_d-1" },
    });
  });

  it.each(["", "a b", "ü", "a".repeat(129), "a\n", 5])("refuses the event_id %j", (event_id) => {
    expect(issues({ user_id: "u", event_id })[0]?.path).toBe("event_id");
  });

  it.each([
    ["2030-05-01T12:00:00Z", "2030-05-01T12:00:00.000Z"],
    ["2030-05-01T12:00:00+02:00", "2030-05-01T10:00:00.000Z"],
    ["2030-05-01T01:00:00.123456-05:30", "2030-05-01T06:30:00.123Z"],
  ])("brings the event_time %s to UTC", (event_time, utc) => {
    expect(kept({ user_id: "u", event_time }).event_time).toBe(utc);
  });

  it("brings the event's own times to UTC too: Flink reads no other offset", () => {
    const match = event("A match", {
      began_at: z.iso.datetime({ offset: true }),
      ended_at: z.iso.datetime({ offset: true }).optional(),
    });
    expect(kept({ began_at: "2030-05-01T12:00:00+02:00" }, match)).toMatchObject({
      began_at: "2030-05-01T10:00:00.000Z",
    });
    expect(kept({ began_at: "2030-05-01T12:00:00+02:00" }, match)).not.toHaveProperty("ended_at");
  });

  it.each([
    "yesterday",
    "2030-05-01",
    "2030-05-01T12:00:00",
    "2030-02-30T00:00:00Z",
    1,
  ])("refuses the event_time %j", (event_time) => {
    expect(issues({ user_id: "u", event_time })[0]?.path).toBe("event_time");
  });

  it("refuses unknown fields, those of the edge and computed ones", () => {
    for (const field of ["colour", "received_at", "host", "event_type", "health"])
      expect(issues({ user_id: "u", [field]: 1 })).toEqual([
        { path: "", message: expect.stringContaining(`"${field}"`) },
      ]);
  });

  it("names every bad field at once", () => {
    expect(issues({ user_id: "", amount: 0, event_id: "" }).map((i) => i.path)).toEqual(
      expect.arrayContaining(["event_id", "user_id", "amount"]),
    );
  });

  it("says no to a bad id64, and doesn't throw", () => {
    expect(issues({ id: "abc" }, event("I", { id: id64() }))).toHaveLength(1);
  });

  it("never throws, whatever the JSON", () => {
    const all = event("All", {
      id: id64().optional(),
      at: z.iso.datetime({ offset: true }).optional(),
      on: z.iso.date().optional(),
    });
    const some = fc.record({ id: fc.jsonValue(), at: fc.jsonValue(), on: fc.jsonValue() });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), some), (input) => typeof accept(input, all).ok === "boolean"),
    );
  });
});

describe("requestType", () => {
  it("is made once for each event", () => {
    expect(requestType(potion)).toBe(requestType(potion));
    expect(Object.keys(requestType(potion).shape)).toEqual(["event_id", "event_time", "user_id", "amount"]);
  });
});
