// Runs the API as one process: reads the configuration, listens, and on SIGTERM or SIGINT finishes
// what it has begun. Exit codes: 0 drained, 1 fault.
import { pino } from "pino";
import { loadPipelines } from "../flink-sql/folders.ts";
import { buildApp } from "./app.ts";
import { readConfig } from "./config.ts";
import { openKeyring } from "./keyring.ts";
import { createKafkaProducer } from "./producer.ts";
import { createRateLimiter } from "./rate-limits.ts";

async function main(): Promise<void> {
  const config = readConfig();
  const logger = pino({ name: "game-api", level: config.logLevel });
  const pipelines = await loadPipelines(config.pipelineRoots);
  const producer = createKafkaProducer({
    bootstrapServers: config.kafka,
    deliveryTimeoutMs: config.deliveryTimeoutMs,
    queueEventsMax: config.queueEventsMax,
    logger,
  });
  const { limits, trustProxy, ratePerAddress } = config;
  const keyring = config.keysUrl ? openKeyring(config.keysUrl, logger) : undefined;
  const isRequired = config.auth === "keys";
  const admission = { keyring, isRequired, ratePerAddress, limiter: createRateLimiter() };
  const app = await buildApp({ pipelines, producer, limits, trustProxy, logger, admission });
  await app.listen({ host: config.host, port: config.port });

  let draining = false;
  const drain = async (signal: string) => {
    // Asked twice: whoever asks won't wait.
    if (draining) process.exit(1);
    draining = true;
    logger.info({ signal }, "draining");
    // A client that never reads its answer must not keep the process for ever.
    setTimeout(() => process.exit(1), 2 * limits.requestTimeoutMs).unref();
    await app.close();
    await producer.close();
    await keyring?.close();
    logger.info("drained");
    process.exit(0);
  };
  process.on("SIGTERM", (signal) => void drain(signal));
  process.on("SIGINT", (signal) => void drain(signal));
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
