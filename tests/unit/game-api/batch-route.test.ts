import { describe, expect, it } from "vitest";
import { failures } from "../../../game-api/delivery.ts";
import { build, limits } from "./build.ts";

const ndjson = "application/x-ndjson";
const good = (smith_id: string) => JSON.stringify({ event_type: "hammer", smith_id });

describe("a batch", () => {
  it("of NDJSON is accepted in order, across topics", async () => {
    const { post, producer } = await build();
    const answer = await post(
      "/forge",
      `${good("a")}\n{"event_type":"order","order_no":1}\r\n\n${good("b")}`,
      ndjson,
    );
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toEqual({
      accepted: 3,
      rejected: 0,
      unknown: 0,
      results: [0, 1, 2].map((offset) => ({
        status: "accepted",
        event_id: `made-${offset + 1}`,
        partition: 0,
        offset,
      })),
    });
    expect(producer.records.map(({ topic, key }) => [topic, key])).toEqual([
      ["forge.work", "a"],
      ["forge.orders", "1"],
      ["forge.work", "b"],
    ]);
    expect(producer.events()[0]).toMatchObject({ event_type: "hammer", smith_id: "a", effort: 2 });
  });

  it("of a JSON array is accepted", async () => {
    const { post } = await build();
    const answer = await post("/forge", [{ event_type: "rest", event_id: "mine" }]);
    expect(answer.statusCode).toBe(202);
    expect(answer.json().results).toEqual([
      { status: "accepted", event_id: "mine", partition: 0, offset: 0 },
    ]);
  });

  it("with bad lines rejects those alone, naming the line", async () => {
    const { post, producer } = await build();
    const lines = [
      good("a"),
      "{bad",
      '{"event_type":"nope"}',
      '{"event_type":"hammer"}',
      "[1]",
      "",
      good("b"),
    ];
    const answer = await post("/forge", lines.join("\n"), ndjson);
    expect(answer.statusCode).toBe(207);
    const { results, ...counts } = answer.json();
    expect(counts).toEqual({ accepted: 2, rejected: 4, unknown: 0 });
    expect(
      results.map((r: { status: string; line?: number; code?: string }) => [r.status, r.line, r.code]),
    ).toEqual([
      ["accepted", undefined, undefined],
      ["rejected", 2, "json_invalid"],
      ["rejected", 3, "event_type_unknown"],
      ["rejected", 4, "event_invalid"],
      ["rejected", 5, "event_invalid"],
      ["accepted", undefined, undefined],
    ]);
    expect(results[3].issues[0].path).toBe("smith_id");
    expect(results[2].issues[0].message).toContain("hammer, rest, order");
    expect(producer.records).toHaveLength(2);
  });

  it("of nothing good answers 400, naming the place in the array", async () => {
    const { post } = await build();
    const answer = await post("/forge", [1, { event_type: 5 }, { smith_id: "a" }]);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({
      code: "batch_rejected",
      rejected: 3,
      request_id: expect.any(String),
    });
    expect(answer.json().results.map((r: { index: number }) => r.index)).toEqual([0, 1, 2]);
  });

  it("refuses __proto__ in a line", async () => {
    const { post, producer } = await build();
    const answer = await post("/forge", '{"event_type":"hammer","smith_id":"a","__proto__":{"x":1}}', ndjson);
    expect(answer.statusCode).toBe(400);
    expect(producer.records).toEqual([]);
  });

  it("says which events are unknown when Kafka fails for some", async () => {
    const { post, producer } = await build();
    producer.failWith = ({ key }) => (key === "b" ? failures.unknown("timed out") : undefined);
    const answer = await post("/forge", [good("a"), good("b"), "{", good("c")].join("\n"), ndjson);
    expect(answer.statusCode).toBe(503);
    expect(answer.headers["retry-after"]).toBe("1");
    const body = answer.json();
    expect(body).toMatchObject({ accepted: 2, rejected: 1, unknown: 1, code: "kafka_unavailable" });
    expect(body.results[1]).toMatchObject({
      status: "unknown",
      line: 2,
      event_id: "made-2",
      code: "kafka_timeout_unknown",
    });
    expect(body.results[3]).toMatchObject({ status: "accepted", event_id: "made-3", offset: 1 });
  });

  it("rejects an event too large for a record, and accepts the others", async () => {
    const { post, producer } = await build();
    producer.failWith = ({ key }) => (key === "b" ? failures.tooLarge() : undefined);
    const answer = await post("/forge", [good("a"), good("b")].join("\n"), ndjson);
    expect(answer.statusCode).toBe(207);
    expect(answer.json().results[1]).toMatchObject({ status: "rejected", code: "event_too_large", line: 2 });
  });

  it.each([
    ["empty NDJSON", "\n\n", ndjson, "batch_empty", 400],
    ["no body at all", "", ndjson, "batch_empty", 400],
    ["an empty array", "[]", "application/json", "batch_empty", 400],
    ["one object", "{}", "application/json", "batch_shape", 400],
    ["no JSON", "[", "application/json", "json_invalid", 400],
    ["too many", "{}\n".repeat(limits.batchEventsMax + 1), ndjson, "batch_too_long", 413],
    ["too large", "x".repeat(limits.batchBytesMax + 1), ndjson, "body_too_large", 413],
    ["another type", "a,b", "text/csv", "content_type_unsupported", 415],
  ])("is refused whole: %s", async (_, payload, type, code, status) => {
    const { post, producer } = await build();
    const answer = await post("/forge", payload, type);
    expect(answer.json()).toMatchObject({ code, request_id: expect.any(String) });
    expect(answer.statusCode).toBe(status);
    expect(producer.records).toEqual([]);
  });

  it("may be larger than a single event's body", async () => {
    const { post } = await build();
    const body = `${good("a".repeat(limits.bodyBytesMax / 2))}\n`.repeat(3);
    expect((await post("/forge", body, ndjson)).statusCode).toBe(202);
    expect((await post("/forge/hammer", body)).statusCode).toBe(413);
  });
});
