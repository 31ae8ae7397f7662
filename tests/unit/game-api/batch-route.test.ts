import { describe, expect, it } from "vitest";
import { z } from "zod";
import { definePipeline, event, topic } from "../../../flink-sql/pipeline.ts";
import { failures } from "../../../game-api/delivery.ts";
import { build, limits, served } from "./build.ts";

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

  it("takes rows of a load with their place, and stores nothing of it", async () => {
    const { post, producer } = await build();
    const source = { file: "a.csv", line: 2 };
    const rows = [
      { event_type: "hammer", smith_id: "a", source },
      { event_type: "order", order_no: 1, source },
    ];
    expect((await post("/forge", rows)).statusCode).toBe(202);
    const plain = await build();
    await plain.post(
      "/forge",
      rows.map(({ source: _, ...row }) => row),
    );
    expect(producer.records).toEqual(plain.producer.records);
  });

  it("keeps refused rows of a load with file, line and sender; what its sender couldn't read with the reason", async () => {
    const { app, producer } = await build();
    const unreadable = { reason: "column_count", message: "2 columns, the header has 3", payload: "a,b" };
    const source = { file: "dir/a.csv", line: 7 };
    const rows = [
      { event_type: "hammer", unreadable, source },
      {
        unreadable: { ...unreadable, reason: "value_unreadable", path: "blows" },
        source: { ...source, line: 8 },
      },
      { event_type: "hammer", smith_id: "", source: { ...source, line: 9 } },
      { event_type: "nope", unreadable: { ...unreadable, reason: "type_unknown" } },
    ];
    const answer = await app.inject({
      method: "POST",
      url: "/forge",
      headers: { "content-type": ndjson, "user-agent": "swordlake-load/r1" },
      payload: rows.map((row) => JSON.stringify(row)).join("\n"),
    });
    expect(answer.statusCode).toBe(400);
    expect(
      answer.json().results.map(({ code, line }: { code: string; line: number }) => [code, line]),
    ).toEqual([
      ["column_count", 1],
      ["value_unreadable", 2],
      ["event_invalid", 3],
      ["type_unknown", 4],
    ]);
    expect(producer.records).toEqual([]);
    const kept = producer.quarantine.map(({ value }) => JSON.parse(value));
    expect(kept).toMatchObject([
      {
        reason: "column_count",
        event_type: "hammer",
        message: "2 columns, the header has 3",
        payload: "a,b",
        payload_length: 3,
        user_agent: "swordlake-load/r1",
        source_file: "dir/a.csv",
        source_line: 7,
      },
      { reason: "value_unreadable", field_path: "blows", source_line: 8 },
      { reason: "event_invalid", field_path: "smith_id", source_file: "dir/a.csv", source_line: 9 },
      { reason: "type_unknown", event_type: "nope" },
    ]);
    expect(kept[3]).not.toHaveProperty("source_file");
  });

  it.each([
    [{ smith_id: "a", source: "a.csv" }, "source"],
    [{ smith_id: "a", source: null }, "source"],
    [{ smith_id: "a", source: { file: "", line: 1 } }, "source.file"],
    [{ smith_id: "a", source: { file: "x".repeat(1025), line: 1 } }, "source.file"],
    [{ smith_id: "a", source: { file: "f", line: 0 } }, "source.line"],
    [{ smith_id: "a", source: { file: "f", line: 1.5 } }, "source.line"],
    [{ smith_id: "a", source: { file: "f", line: 1, more: 1 } }, "source"],
    [{ unreadable: { reason: "made_up", message: "", payload: "" } }, "unreadable.reason"],
    [{ unreadable: { reason: "not_utf8", message: "x".repeat(1001), payload: "" } }, "unreadable.message"],
    [{ unreadable: { reason: "not_utf8", message: "", payload: "", more: 1 } }, "unreadable"],
    [{ unreadable: null }, "unreadable"],
    [{ smith_id: "a", unreadable: { reason: "not_utf8", message: "", payload: "" } }, ""],
  ])("refuses %j, and keeps it", async (row, path) => {
    const { post, producer } = await build();
    const answer = await post("/forge", [{ event_type: "hammer", ...row }]);
    const [result] = answer.json().results;
    expect([result.status, result.code, result.issues[0].path]).toEqual(["rejected", "event_invalid", path]);
    expect(producer.quarantine).toHaveLength(1);
  });

  it("is the only route that takes them, and leaves a contract's own fields of these names alone", async () => {
    const { post } = await build();
    const source = { file: "f", line: 1 };
    expect((await post("/forge/hammer", { smith_id: "a", source })).statusCode).toBe(400);
    const own = served(
      "own",
      definePipeline({
        title: "t",
        topics: {
          t: topic({
            key: "source",
            events: { e: event("x", { source: z.string(), unreadable: z.boolean() }) },
          }),
        },
      }),
    );
    const { post: postOwn, producer } = await build({ pipelines: [own] });
    expect((await postOwn("/own", [{ event_type: "e", source: "web", unreadable: true }])).statusCode).toBe(
      202,
    );
    expect(producer.events()[0]).toMatchObject({ source: "web", unreadable: true });
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
