// The collector under test as a process: the shipped API, with its own producer or one that does less.
// Arguments: variant, port, Kafka's address.
import { pino } from "pino";
import { loadPipelines, pipelinesRoot } from "../../flink-sql/folders.ts";
import { buildApp } from "../../game-api/app.ts";
import { readConfig } from "../../game-api/config.ts";
import type { Producer } from "../../game-api/delivery.ts";
import { createMetrics } from "../../game-api/metrics.ts";
import { overloadCheck } from "../../game-api/overload.ts";
import { createKafkaProducer } from "../../game-api/producer.ts";
import { createRateLimiter } from "../../game-api/rate-limits.ts";
import type { Variant } from "./config.ts";

const accepted = { ok: true, partition: 0, offset: 0 } as const;

/** Answers at once and keeps nothing: what HTTP alone costs. */
const bareProducer: Producer = {
  waiting: 0,
  send: (records) => Promise.resolve(records.map(() => accepted)),
  ready: () => Promise.resolve(undefined),
  close: () => Promise.resolve(),
};

/** Hands the records to the driver and answers without waiting for the broker. */
const notAwaited = (producer: Producer): Producer => ({
  ...bareProducer,
  send(records) {
    void producer.send(records);
    return bareProducer.send(records);
  },
  ready: () => producer.ready(),
  close: () => producer.close(),
});

function producerOf(variant: Variant, kafka: string): Producer {
  if (variant === "bare") return bareProducer;
  const { deliveryTimeoutMs, queueEventsMax } = readConfig({});
  const logger = pino({ level: "warn" });
  const real = createKafkaProducer({ bootstrapServers: kafka, deliveryTimeoutMs, queueEventsMax, logger });
  return variant === "awaited" ? real : notAwaited(real);
}

async function main([variant, port, kafka]: string[]): Promise<void> {
  const config = readConfig({});
  const { limits, queueEventsMax } = config;
  const [shipped] = (await loadPipelines([pipelinesRoot])).filter(({ name }) => name === "game");
  const producer = producerOf(variant as Variant, kafka!);
  const metrics = createMetrics({ waiting: () => producer.waiting, waitingMax: queueEventsMax });
  const app = await buildApp({
    pipelines: [{ ...shipped!, name: variant! }],
    producer,
    limits,
    logger: pino({ level: "info" }),
    admission: { keyring: undefined, isRequired: false, ratePerAddress: 0, limiter: createRateLimiter() },
    metrics,
    isBusy: overloadCheck(() => producer.waiting, config),
  });
  await app.listen({ host: "127.0.0.1", port: Number(port) });
  process.on("SIGTERM", async () => {
    await app.close();
    await producer.close();
    process.exit(0);
  });
}

await main(process.argv.slice(2));
