import { describe, expect, it } from "vitest";
import { failures } from "../../../game-api/delivery.ts";
import { build } from "./build.ts";

describe("one event", () => {
  it("answers 202 with where Kafka put it, and keeps the completed event", async () => {
    const { app, producer } = await build();
    const answer = await app.inject({
      method: "POST",
      url: "/forge/hammer",
      headers: { "user-agent": "tongs/1", accept: "text/plain", host: "smithy" },
      payload: { smith_id: "s1", blows: 3 },
    });
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toEqual({ event_id: "made-1", topic: "forge.work", partition: 0, offset: 0 });
    expect(producer.records[0]).toMatchObject({ topic: "forge.work", key: "s1" });
    expect(producer.events()).toEqual([
      {
        event_id: "made-1",
        event_type: "hammer",
        event_time: "2026-03-04T05:06:07.089Z",
        received_at: "2026-03-04T05:06:07.089Z",
        host: "smithy",
        user_agent: "tongs/1",
        accept: "text/plain",
        smith_id: "s1",
        blows: 3,
        effort: 6,
      },
    ]);
  });

  it("keeps the client's event_id and event_time", async () => {
    const { post, producer } = await build();
    const event = { smith_id: "s", event_id: "mine", event_time: "2026-01-01T02:00:00+02:00" };
    expect((await post("/forge/hammer", event)).json().event_id).toBe("mine");
    expect(producer.events()[0]).toMatchObject({ event_id: "mine", event_time: "2026-01-01T00:00:00.000Z" });
  });

  it("makes a UUIDv7 where the client gave no id", async () => {
    const { buildApp } = await import("../../../game-api/app.ts");
    const { createFakeProducer } = await import("./fake-producer.ts");
    const { forge, limits } = await import("./build.ts");
    const app = await buildApp({ pipelines: [forge], producer: createFakeProducer(), limits });
    const ids = new Set<string>();
    for (let i = 0; i < 3; i += 1)
      ids.add((await app.inject({ method: "POST", url: "/forge/rest" })).json().event_id);
    expect(ids.size).toBe(3);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("stores '' for headers that were not sent", async () => {
    const { app, producer } = await build();
    await app.inject({ method: "POST", url: "/forge/rest", headers: { "user-agent": "" } });
    expect(producer.events()[0]).toMatchObject({ user_agent: "", accept: "" });
  });

  it("reads the query string in the fields' types", async () => {
    const { post, producer } = await build();
    const query = "smith_id=7&blows=4&heat=-1.5e2&is_hot=false&ore_id=9007199254740993&price=1.50";
    expect((await post(`/forge/hammer?${query}`)).statusCode).toBe(202);
    expect(producer.events()[0]).toMatchObject({
      smith_id: "7",
      blows: 4,
      heat: -150,
      is_hot: false,
      ore_id: "9007199254740993",
      price: "1.50",
    });
  });

  it("lets the body win over the query", async () => {
    const { post, producer } = await build();
    expect((await post("/forge/hammer?smith_id=q&blows=2", { smith_id: "b" })).statusCode).toBe(202);
    expect(producer.events()[0]).toMatchObject({ smith_id: "b", blows: 2 });
  });

  it("does not coerce values of the body", async () => {
    const { post } = await build();
    const answer = await post("/forge/hammer", { smith_id: "s", blows: "2" });
    expect(answer.json().issues[0].path).toBe("blows");
  });

  it("takes an empty JSON body for none", async () => {
    const { post } = await build();
    expect((await post("/forge/rest", "")).statusCode).toBe(202);
  });

  it("serves an event's extra path", async () => {
    const { post, producer } = await build();
    expect((await post("/", { smith_id: "s" })).statusCode).toBe(202);
    expect(producer.events()[0]).toMatchObject({ event_type: "rest" });
  });

  it("keys by a number as text", async () => {
    const { post, producer } = await build();
    await post("/forge/order", { order_no: 12 });
    expect(producer.records[0]?.key).toBe("12");
  });
});

describe("a bad event", () => {
  it.each([
    ["a missing field", {}, ["smith_id"]],
    ["a wrong type", { smith_id: 5 }, ["smith_id"]],
    ["several at once", { smith_id: "", blows: 0 }, ["smith_id", "blows"]],
    ["an unknown field", { smith_id: "s", colour: "red" }, [""]],
    ["a field of the edge", { smith_id: "s", received_at: "2020-01-01T00:00:00Z" }, [""]],
    ["a computed field", { smith_id: "s", effort: 1 }, [""]],
    ["a bad event_id", { smith_id: "s", event_id: "a b" }, ["event_id"]],
    ["a bad event_time", { smith_id: "s", event_time: "yesterday" }, ["event_time"]],
    ["an id beyond 64 bits", { smith_id: "s", ore_id: "9223372036854775808" }, ["ore_id"]],
    ["a fraction for an integer", { smith_id: "s", blows: 1.5 }, ["blows"]],
    ["an array", [], [""]],
    ["a string", '"text"', [""]],
  ])("is refused with the field's path: %s", async (_, payload, paths) => {
    const { post, producer } = await build();
    const answer = await post("/forge/hammer", payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: "event_invalid", request_id: expect.any(String) });
    expect(answer.json().issues.map((issue: { path: string }) => issue.path)).toEqual(paths);
    expect(producer.records).toEqual([]);
  });

  it.each([
    ["__proto__ in the body", "/forge/hammer", '{"smith_id":"s","__proto__":{"admin":true}}'],
    ["an escaped __proto__", "/forge/hammer", '{"smith_id":"s","\\u005f_proto__":1}'],
    ["__proto__ in the query", "/forge/hammer?__proto__=1&smith_id=s", undefined],
    ["constructor", "/forge/hammer", '{"smith_id":"s","constructor":{"prototype":{}}}'],
  ])("never pollutes: %s", async (_, url, payload) => {
    const { post, producer } = await build();
    expect((await post(url, payload)).statusCode).toBe(400);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect(producer.records).toEqual([]);
  });

  it.each([
    ["doubled", "smith_id=a&smith_id=b", "smith_id"],
    ["no number", "smith_id=a&blows=many", "blows"],
    ["an empty number", "smith_id=a&blows=", "blows"],
    ["no boolean", "smith_id=a&is_hot=yes", "is_hot"],
  ])("is refused in the query too: %s", async (_, query, path) => {
    const { post } = await build();
    const answer = await post(`/forge/hammer?${query}`);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().issues[0].path).toBe(path);
  });

  it("is refused where it is no JSON, with the parser's reason", async () => {
    const { post } = await build();
    const answer = await post("/forge/hammer", "{smith_id:1}");
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({
      code: "json_invalid",
      message: expect.stringContaining("position 1"),
    });
  });

  it("is refused where it is no UTF-8, rather than altered", async () => {
    const { app, producer } = await build();
    const payload = Buffer.concat([Buffer.from('{"smith_id":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const headers = { "content-type": "application/json" };
    const answer = await app.inject({ method: "POST", url: "/forge/hammer", headers, payload });
    expect(answer.json()).toMatchObject({ code: "json_invalid", message: expect.stringContaining("UTF-8") });
    expect(producer.records).toEqual([]);
  });

  it("survives deep nesting", async () => {
    const { post } = await build();
    const answer = await post("/forge/hammer", `${"[".repeat(900)}${"]".repeat(900)}`);
    expect(answer.statusCode).toBe(400);
  });
});

describe("when Kafka fails", () => {
  it.each([
    ["kafka_unavailable", failures.unavailable("all brokers down"), /nothing was stored/],
    ["kafka_timeout_unknown", failures.unknown("timed out"), /outcome unknown.*same event_id/],
    ["queue_full", failures.queueFull(9), /nothing was stored/],
    ["topic_missing", failures.topicMissing("forge.work"), /forge\.work.*npx swordlake apply/],
  ])("answers 503 %s with the id to retry with", async (code, failure, message) => {
    const { post, producer } = await build();
    producer.failWith = () => failure;
    const answer = await post("/forge/hammer", { smith_id: "s" });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers["retry-after"]).toBe("1");
    expect(answer.json()).toMatchObject({
      code,
      event_id: "made-1",
      request_id: expect.any(String),
      message: expect.stringMatching(message),
    });
  });

  it("answers 413 to an event too large for a record: a retry would not help", async () => {
    const { post, producer } = await build();
    producer.failWith = () => failures.tooLarge();
    const answer = await post("/forge/hammer", { smith_id: "s" });
    expect(answer.statusCode).toBe(413);
    expect(answer.headers["retry-after"]).toBeUndefined();
  });

  it("hides what broke inside", async () => {
    const { post, producer } = await build();
    producer.send = () => Promise.reject(new Error("SELECT secret FROM /etc/passwd"));
    const answer = await post("/forge/hammer", { smith_id: "s" });
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toEqual({
      code: "internal",
      message: expect.stringContaining("request_id"),
      request_id: answer.headers["x-request-id"],
    });
  });
});
