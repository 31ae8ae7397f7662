import kafka from "@confluentinc/kafka-javascript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Producer } from "../../game-api/delivery.ts";
import { createKafkaProducer } from "../../game-api/producer.ts";
import { services } from "../support/services.ts";

const partitions = 3;
const silent = { info: () => {}, warn: () => {} };
const topicName = (purpose: string) => `kafka-producer.${purpose}-${process.pid}-${Date.now()}`;

describe("the Kafka producer", () => {
  let producer: Producer;
  let admin: ReturnType<InstanceType<typeof kafka.KafkaJS.Kafka>["admin"]>;

  async function readyWithin(deadlineMs: number): Promise<void> {
    const until = Date.now() + deadlineMs;
    while ((await producer.ready()) !== undefined) {
      if (Date.now() > until) throw new Error(`Not ready: ${await producer.ready()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  beforeAll(async () => {
    const bootstrapServers = (await services()).kafka;
    admin = new kafka.KafkaJS.Kafka({
      kafkaJS: { brokers: bootstrapServers.split(","), logLevel: 1 },
    }).admin();
    await admin.connect();
    producer = createKafkaProducer({
      bootstrapServers,
      deliveryTimeoutMs: 8000,
      queueEventsMax: 5000,
      logger: silent,
    });
    await readyWithin(15_000);
  }, 120_000);

  afterAll(async () => {
    await producer?.close();
    await admin?.disconnect();
  });

  it("acknowledges every record at a place of its own, and one key stays in one partition", async () => {
    const topic = topicName("acks");
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions }] });
    const records = Array.from({ length: 1000 }, (_, i) => ({
      topic,
      key: `key-${i % 50}`,
      value: `{"i":${i}}`,
    }));
    const outcomes = await producer.send(records);
    expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);
    const acked = outcomes.flatMap((outcome) => (outcome.ok ? [outcome] : []));
    expect(new Set(acked.map(({ partition, offset }) => `${partition}/${offset}`)).size).toBe(1000);
    const places = new Map<string, Set<number>>();
    for (const [i, { partition }] of acked.entries())
      places.set(records[i]!.key, (places.get(records[i]!.key) ?? new Set()).add(partition));
    expect([...places.values()].every((each) => each.size === 1)).toBe(true);
    const ends = await admin.fetchTopicOffsets(topic);
    for (const { partition, high } of ends)
      expect(Number(high)).toBe(acked.filter((each) => each.partition === partition).length);
    await admin.deleteTopics({ topics: [topic] });
  }, 30_000);

  it("names a topic that is missing and the cure, and finds it within seconds once it is made", async () => {
    const topic = topicName("late");
    const send = async () => (await producer.send([{ topic, key: null, value: "{}" }]))[0]!;
    const missing = await send();
    expect(missing).toMatchObject({ ok: false, code: "topic_missing" });
    expect(missing).toMatchObject({
      message: expect.stringMatching(/kafka-producer\.late.*npx swordlake apply/),
    });
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    const until = Date.now() + 10_000;
    let outcome = await send();
    while (!outcome.ok && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      outcome = await send();
    }
    expect(outcome).toEqual({ ok: true, partition: 0, offset: 0 });
    await admin.deleteTopics({ topics: [topic] });
  }, 30_000);

  it("refuses more than its queue holds, whole", async () => {
    const records = Array.from({ length: 5001 }, () => ({ topic: "never", key: null, value: "{}" }));
    const outcomes = await producer.send(records);
    expect(outcomes).toHaveLength(5001);
    expect(outcomes.every((outcome) => !outcome.ok && outcome.code === "queue_full")).toBe(true);
  });

  it("says that an event is too large for a record", async () => {
    const outcomes = await producer.send([{ topic: "never", key: null, value: "x".repeat(1_100_000) }]);
    expect(outcomes).toMatchObject([{ ok: false, code: "event_too_large" }]);
  });

  it("without a broker refuses at once, and closes", async () => {
    const alone = createKafkaProducer({
      bootstrapServers: "127.0.0.1:1",
      deliveryTimeoutMs: 2000,
      queueEventsMax: 10,
      logger: silent,
    });
    const outcomes = await alone.send([{ topic: "never", key: null, value: "{}" }]);
    expect(outcomes).toMatchObject([{ ok: false, code: "kafka_unavailable" }]);
    expect(await alone.ready()).toBeTypeOf("string");
    await alone.close();
  }, 20_000);
});
