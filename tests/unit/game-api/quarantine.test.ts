import { describe, expect, it } from "vitest";
import { contractFingerprint } from "../../../flink-sql/fingerprint.ts";
import { failures } from "../../../game-api/delivery.ts";
import { build, forge } from "./build.ts";

const sent = (records: { value: string }[]) => records.map(({ value }) => JSON.parse(value));
const ndjson = "application/x-ndjson";

describe("the edge's quarantine", () => {
  it("keeps a refused event as it came, with its reason, contract and request", async () => {
    const { post, producer } = await build();
    const answer = await post("/forge/hammer", '{"smith_id": "a",  "blows": "many"}');
    expect(answer.statusCode).toBe(400);
    expect(producer.quarantine[0]).toMatchObject({ topic: "forge.quarantine", key: null });
    expect(sent(producer.quarantine)).toEqual([
      {
        reason: "event_invalid",
        field_path: "blows",
        event_type: "hammer",
        message: `blows: ${answer.json().issues[0].message}`,
        payload: '{"smith_id": "a",  "blows": "many"}',
        payload_length: 35,
        contract: contractFingerprint(forge),
        request_id: answer.json().request_id,
        user_agent: "lightMyRequest",
      },
    ]);
  });

  it("keeps what is no JSON, no UTF-8 or no batch, and a query string", async () => {
    const { app, post, producer } = await build();
    await post("/forge/hammer", "{bad");
    await app.inject({
      method: "POST",
      url: "/forge/hammer",
      headers: { "content-type": "application/json" },
      payload: Buffer.from([0xff, 0xfe]),
    });
    await post("/forge", "{}");
    await post("/forge/hammer?blows=0");
    await post("/forge/hammer?blows=0", "{}");
    expect(sent(producer.quarantine).map(({ reason, payload }) => [reason, payload])).toEqual([
      ["json_invalid", "{bad"],
      ["json_invalid", "base64://4="],
      ["batch_shape", "{}"],
      ["event_invalid", '{"blows":"0"}'],
      ["event_invalid", '{"query":{"blows":"0"},"body":"{}"}'],
    ]);
  });

  it("keeps the refused lines of a batch, each as it came", async () => {
    const { post, producer } = await build();
    const good = '{"event_type":"hammer","smith_id":"a"}';
    const answer = await post("/forge", `{bad\n${good}\n {"event_type":"nope", "n": 1}\n[1]`, ndjson);
    expect(answer.statusCode).toBe(207);
    expect(producer.records).toHaveLength(1);
    expect(sent(producer.quarantine).map((r) => [r.reason, r.event_type, r.payload])).toEqual([
      ["json_invalid", undefined, "{bad"],
      ["event_type_unknown", "nope", '{"event_type":"nope", "n": 1}'],
      ["event_invalid", undefined, "[1]"],
    ]);
  });

  it("answers 503 while a refusal can't be kept", async () => {
    const { post, producer } = await build();
    producer.failWith = ({ topic }) =>
      topic === "forge.quarantine" ? failures.unavailable("no broker") : undefined;
    const single = await post("/forge/hammer", "{}");
    expect(single.statusCode).toBe(503);
    expect(single.headers["retry-after"]).toBe("1");
    expect(single.json()).toMatchObject({ code: "kafka_unavailable" });
    const batch = await post("/forge", [{ event_type: "rest" }, { event_type: "nope" }]);
    expect(batch.statusCode).toBe(503);
    expect(batch.json()).toMatchObject({ accepted: 1, rejected: 0, unknown: 1 });
  });

  it("keeps the start of a long payload and its length", async () => {
    const { post, producer } = await build({ limits: { ...limitsForLong } });
    await post("/forge/hammer", `{"smith_id": "${"x".repeat(150_000)}", "nope": 1}`);
    const [record] = sent(producer.quarantine);
    expect(record.payload).toHaveLength(100_000);
    expect(record.payload_length).toBe(150_027);
  });

  it("keeps nothing of requests that nothing serves or that are too large", async () => {
    const { post, producer } = await build();
    expect((await post("/forge/nope", "{}")).statusCode).toBe(404);
    expect((await post("/forge/hammer", `"${"x".repeat(3000)}"`)).statusCode).toBe(413);
    expect((await post("/forge/hammer", "a=b", "text/plain")).statusCode).toBe(415);
    expect(producer.quarantine).toEqual([]);
  });
});

const limitsForLong = {
  bodyBytesMax: 200_000,
  batchBytesMax: 200_000,
  batchEventsMax: 20,
  requestTimeoutMs: 10_000,
};
