// Runs the API: reads the configuration, starts one worker per core, or serves alone where one is enough;
// on SIGTERM or SIGINT finishes what it has begun. Exit codes: 0 drained, 1 fault.
import cluster, { type Worker } from "node:cluster";
import { type Logger, pino } from "pino";
import { loadPipelines } from "../flink-sql/folders.ts";
import { buildApp } from "./app.ts";
import { type Config, readConfig } from "./config.ts";
import { stopListening, windDown } from "./drain.ts";
import { openKeyring } from "./keyring.ts";
import { redacted } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { overloadCheck } from "./overload.ts";
import { type Message, runPrimary } from "./primary.ts";
import { checkProducing } from "./produce-check.ts";
import { createKafkaProducer } from "./producer.ts";
import { proven, settled } from "./readiness.ts";
import { metricsText, sharedRateLimiter, toldRolls } from "./worker.ts";

/** A worker ends in two steps when its primary says so, and at once when that is gone. */
function hearPrimary(
  worker: Worker,
  { stop, drain }: { stop: () => Promise<void>; drain: (why: string) => Promise<void> },
): void {
  // A terminal sends them to all; the primary decides.
  process.on("SIGINT", () => {});
  process.on("SIGHUP", () => {});
  worker.on("disconnect", () => void drain("the primary is gone, and the port with it"));
  worker.on("message", ({ kind }: Message) => {
    if (kind === "wind-down") void drain("told by the primary");
    if (kind !== "stop-listening") return;
    void stop();
    process.send!({ kind: "stopped" } satisfies Message);
  });
}

async function serve(config: Config, logger: Logger): Promise<void> {
  const pipelines = await loadPipelines(config.pipelineRoots);
  const { deliveryTimeoutMs, queueEventsMax } = config;
  const kafka = { bootstrapServers: config.kafka, deliveryTimeoutMs, queueEventsMax };
  const producer = proven(createKafkaProducer({ ...kafka, logger }), () => checkProducing(kafka));
  const { limits, trustProxy, ratePerAddress } = config;
  const keyring = config.keysUrl ? openKeyring(config.keysUrl, logger) : undefined;
  const isRequired = config.auth === "keys";
  const admission = { keyring, isRequired, ratePerAddress, limiter: sharedRateLimiter() };
  const metrics = createMetrics({ waiting: () => producer.waiting, waitingMax: queueEventsMax });
  const app = await buildApp({
    pipelines,
    producer,
    limits,
    trustProxy,
    logger,
    admission,
    corsOrigins: config.corsOrigins,
    isBusy: overloadCheck(() => producer.waiting, config),
    metrics: { ...metrics, text: metricsText(metrics) },
    rolls: toldRolls(),
  });

  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= stopListening(app);
    return stopped;
  };
  let draining = false;
  const drain = async (why: string) => {
    // Asked twice: whoever asks won't wait.
    if (draining) return cluster.isWorker ? undefined : process.exit(1);
    draining = true;
    logger.info({ why }, "draining");
    // A client that never reads its answer must not keep the process for ever.
    setTimeout(() => process.exit(1), 2 * limits.requestTimeoutMs).unref();
    await windDown(app, stop());
    await producer.close();
    await keyring?.close();
    logger.info("drained");
    process.exit(0);
  };
  process.on("SIGTERM", (signal) => void drain(signal));
  const { worker } = cluster;
  if (worker) hearPrimary(worker, { stop, drain });
  else {
    process.on("SIGINT", (signal) => void drain(signal));
    process.on("SIGHUP", () =>
      logger.warn("one process alone: changed contracts are served after a restart"),
    );
  }
  await settled(producer, config.settleMs);
  // Last: whoever sees the port open may also ask for the end.
  await app.listen({ host: config.host, port: config.port });
}

async function main(): Promise<void> {
  const config = readConfig();
  const logger = pino({ name: "game-api", level: config.logLevel, redact: redacted });
  if (config.processes === 1 || cluster.isWorker) return serve(config, logger);
  const primary = runPrimary(config.processes, logger);
  process.on("SIGTERM", (signal) => primary.end(signal));
  process.on("SIGINT", (signal) => primary.end(signal));
  process.on("SIGHUP", () => void primary.roll());
  process.exit(await primary.ended);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
