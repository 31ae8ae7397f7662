// run: the orchestrator as a process. Starts its loop and its HTTP server, ends both on SIGTERM.
import Fastify from "fastify";
import { pino } from "pino";
import { readStackConfig } from "../../stack/config.ts";
import { engineStates } from "../../stack/stack.ts";
import { keepAlerts } from "../alerts/deliver.ts";
import { loopMetrics } from "../alerts/metrics.ts";
import { createWebhook } from "../alerts/webhook.ts";
import { keepRunning } from "../deploy/keep.ts";
import { resolveConnection } from "../engines/connection.ts";
import { connectEngines, declaredPipelines } from "../engines/engines.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { watchLedgers } from "../ledger/watch.ts";
import { keepMaintained } from "../maintain/schedule.ts";
import { readStatus } from "../status.ts";
import { abortOnSignal } from "./stack.ts";

export async function run(): Promise<void> {
  const signal = abortOnSignal();
  const logger = pino();
  const config = readStackConfig();
  const connection = resolveConnection(config);
  const webhook = config.alertWebhook && createWebhook(config.alertWebhook);
  const engines = await connectEngines(config);
  const server = Fastify({
    logger: false,
    requestTimeout: 10_000,
    connectionTimeout: 30_000,
    bodyLimit: 65_536,
  });
  const ledgers = new Map<string, Ledger>();
  server.get("/health", async () => ({ ok: true }));
  server.get("/api/status", async () => {
    const states = connection.instance ? engineStates(config, connection.instance) : Promise.resolve([]);
    return readStatus(connection, await declaredPipelines(config), states);
  });
  server.get("/metrics", async (_request, reply) => {
    const { text, contentType } = await loopMetrics(engines.store, ledgers);
    return reply.type(contentType).send(text);
  });
  const { hostname, port } = new URL(connection.addresses.console);
  await server.listen({ host: hostname, port: Number(port) });
  logger.info({ instance: config.instance, address: connection.addresses.console }, "orchestrator runs");
  await Promise.all([
    keepRunning(engines, logger, signal),
    keepAlerts(engines, webhook, logger, signal),
    watchLedgers(engines, config.ledgerEveryMs, ledgers, logger, signal),
    keepMaintained(engines, logger, signal),
  ]);
  await server.close();
  await Promise.allSettled([engines.kafka.close(), engines.store.close()]);
  process.exitCode = 0;
}
