// Runs the API: reads the configuration, starts one worker per core, or serves alone where one is enough;
// on SIGTERM or SIGINT finishes what it has begun. Exit codes: 0 drained, 1 fault.
import cluster from "node:cluster";
import { type Logger, pino } from "pino";
import { loadPipelines } from "../flink-sql/folders.ts";
import { buildApp } from "./app.ts";
import { type Config, readConfig } from "./config.ts";
import { openKeyring } from "./keyring.ts";
import { createMetrics } from "./metrics.ts";
import { runPrimary } from "./primary.ts";
import { createKafkaProducer } from "./producer.ts";
import { metricsText, sharedRateLimiter } from "./worker.ts";

/** Share of the queue beyond which new requests are refused before their bodies are read. */
const busyShare = 0.8;

async function serve(config: Config, logger: Logger): Promise<void> {
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
  const admission = { keyring, isRequired, ratePerAddress, limiter: sharedRateLimiter() };
  const metrics = createMetrics({ waiting: () => producer.waiting, waitingMax: config.queueEventsMax });
  const app = await buildApp({
    pipelines,
    producer,
    limits,
    trustProxy,
    logger,
    admission,
    corsOrigins: config.corsOrigins,
    // The rest of the queue is for requests whose bodies are being read.
    isBusy: () => producer.waiting > busyShare * config.queueEventsMax,
    metrics: { ...metrics, text: metricsText(metrics) },
  });
  await app.listen({ host: config.host, port: config.port });

  let draining = false;
  const drain = async (signal: string) => {
    // Asked twice: whoever asks won't wait. A worker hears the terminal's signal and its primary's.
    if (draining) return cluster.isWorker ? undefined : process.exit(1);
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

async function main(): Promise<void> {
  const config = readConfig();
  const logger = pino({ name: "game-api", level: config.logLevel });
  if (config.processes === 1 || cluster.isWorker) return serve(config, logger);
  const primary = runPrimary(config.processes, logger);
  process.on("SIGTERM", (signal) => primary.end(signal));
  process.on("SIGINT", (signal) => primary.end(signal));
  process.exit(await primary.ended);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
