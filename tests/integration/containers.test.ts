// The orchestrator's clients on single containers of the images that docker-compose.yml names.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import getPort from "get-port";
import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createKafkaProducer } from "../../game-api/producer.ts";
import { connectKafka } from "../../orchestrator/engines/kafka.ts";
import { openStore, type RecordedJob } from "../../orchestrator/engines/store.ts";
import { repository } from "../../stack/config.ts";
import { dockerAnswers } from "../../stack/docker.ts";
import { waitFor } from "../../stack/wait.ts";

const file = parse(readFileSync(join(repository, "docker-compose.yml"), "utf8"), { merge: true });
const image = (service: string) => new GenericContainer(file.services[service].image);
const started: StartedTestContainer[] = [];

/** Starts at the first use: without Docker each test fails by its own name. */
function once<T>(start: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined;
  return () => {
    begun ??= dockerAnswers().then((answers) => {
      if (answers) return start();
      throw new Error(
        "Docker doesn't answer ('docker info', 'docker compose version'), and this test needs it.",
      );
    });
    return begun;
  };
}

const kafka = once(async () => {
  // The broker tells clients its address, so the port must be known before it starts.
  const port = await getPort({ host: "127.0.0.1" });
  const bootstrap = `127.0.0.1:${port}`;
  const container = await image("kafka")
    .withCommand(file.services.kafka.command)
    .withEnvironment({
      KAFKA_NODE_ID: "1",
      KAFKA_PROCESS_ROLES: "broker,controller",
      KAFKA_CONTROLLER_QUORUM_VOTERS: "1@127.0.0.1:9093",
      KAFKA_LISTENERS: "PLAINTEXT://:9092,CONTROLLER://127.0.0.1:9093",
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${bootstrap}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
      KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
    })
    .withExposedPorts({ container: 9092, host: port })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(180_000)
    .start();
  started.push(container);
  return bootstrap;
});

const postgres = once(async () => {
  const password = randomBytes(12).toString("hex");
  const container = await image("postgres")
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withExposedPorts(5432)
    // Postgres says it once while it sets up, and once when it serves.
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
    .withStartupTimeout(180_000)
    .start();
  started.push(container);
  const address = { host: container.getHost(), port: container.getMappedPort(5432) };
  return { ...address, user: "postgres", password, database: "postgres" };
});

afterAll(() => Promise.all(started.map((container) => container.stop())));

describe("Kafka's image", () => {
  it("makes a topic with its partitions, and knows it", async () => {
    const admin = await connectKafka(await kafka());
    try {
      await admin.createTopic("shop.orders", 3, 3_600_000);
      // A broker takes a moment until its own answers know a new topic and who leads its partitions.
      await waitFor("the topic is known", async () => (await admin.topics()).includes("shop.orders"));
      await waitFor("each partition has a leader", async () =>
        (await admin.offsets("shop.orders")).every(({ high }) => high >= 0),
      );
      const empty = [0, 1, 2].map((partition) => ({ partition, low: 0, high: 0 }));
      expect(await admin.offsets("shop.orders")).toEqual(empty);
    } finally {
      await admin.close();
    }
  });

  it("gives each accepted record an offset", async () => {
    const bootstrap = await kafka();
    const admin = await connectKafka(bootstrap);
    const logger = { info: () => {}, warn: () => {} };
    const limits = { deliveryTimeoutMs: 20_000, queueEventsMax: 1000 };
    const producer = createKafkaProducer({ bootstrapServers: bootstrap, logger, ...limits });
    try {
      await admin.createTopic("shop.returns", 2, 3_600_000);
      await waitFor("the producer is ready", async () => (await producer.ready()) === undefined);
      const records = Array.from({ length: 100 }, (_, i) => ({
        topic: "shop.returns",
        key: `customer-${i}`,
        value: `{"i":${i}}`,
      }));
      const outcomes = await producer.send(records);
      expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);
      const held = await admin.offsets("shop.returns");
      expect(held.reduce((sum, { low, high }) => sum + high - low, 0)).toBe(100);
    } finally {
      await producer.close();
      await admin.close();
    }
  });
});

describe("Postgres' image", () => {
  const job: RecordedJob = {
    name: "shop/orders",
    pipeline: "shop",
    sqlHash: "1",
    definition: { settings: {}, statements: [{ text: "INSERT", source: "orders.sql:1" }], groups: {} },
    desired: "running",
    flinkJobId: "a1",
    restorePath: null,
  };

  it("takes the migrations, and gives jobs back as they were written", async () => {
    const store = await openStore(await postgres(), "one");
    try {
      await store.saveJob(job);
      await store.saveJob({ ...job, desired: "stopped", flinkJobId: null, restorePath: "file:///savepoint" });
      expect(await store.jobs()).toEqual([
        { ...job, desired: "stopped", flinkJobId: null, restorePath: "file:///savepoint" },
      ]);
    } finally {
      await store.close();
    }
  });

  it("gives the lease to one orchestrator at a time", async () => {
    const connection = await postgres();
    const [one, two] = await Promise.all([openStore(connection, "one"), openStore(connection, "two")]);
    try {
      const refused = await one.withLease(() => two.withLease(async () => "acted", false), false);
      expect(refused).toBeUndefined();
      expect(await two.withLease(async () => "acted", false)).toBe("acted");
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });
});
