// run: the orchestrator as a process. Starts its loop and its HTTP server, ends both on SIGTERM.
import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { type Logger, pino } from "pino";
import { readStackConfig } from "../../stack/config.ts";
import { keepAlerts } from "../alerts/deliver.ts";
import { createWebhook } from "../alerts/webhook.ts";
import { keepBatches } from "../backfill/schedule.ts";
import type { PipelineState } from "../console/api.ts";
import { createFolders } from "../console/folders.ts";
import { createServer } from "../console/server.ts";
import { keepRunning } from "../deploy/keep.ts";
import { resolveConnection } from "../engines/connection.ts";
import { connectEngines } from "../engines/engines.ts";
import { openStore } from "../engines/store.ts";
import { keepRetained } from "../forget/keep-retained.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { watchLedgers } from "../ledger/watch.ts";
import { keepMaintained } from "../maintain/schedule.ts";
import { keepPages } from "../reports/scheduled.ts";
import { keepWatch } from "../watch/keep.ts";
import { createLooker } from "../watch/look.ts";
import { abortOnSignal } from "./interrupt.ts";

const portFreeMs = 2000;

interface Place {
  host: string;
  port: number;
}

/** False where another has the port. */
async function listens(server: FastifyInstance, place: Place): Promise<boolean> {
  try {
    await server.listen(place);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  }
}

/** Takes the port once the orchestrator that serves the console is gone. */
async function takeOver(server: FastifyInstance, place: Place, logger: Logger, signal: AbortSignal) {
  logger.warn(place, "another orchestrator serves the console; this one stands by");
  while (!signal.aborted) {
    await delay(portFreeMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted || !(await listens(server, place))) continue;
    logger.info(place, "serves the console now");
    return;
  }
}

export async function run(): Promise<void> {
  const signal = abortOnSignal();
  const logger = pino();
  const config = readStackConfig();
  const connection = resolveConnection(config);
  const webhook = config.alertWebhook && createWebhook(config.alertWebhook);
  const engines = await connectEngines(config);
  // Connections of its own: whoever looks at the page never waits for the loop, nor the loop for them.
  const shown = await openStore(connection.postgres);
  const ledgers = new Map<string, Ledger>();
  const health = new Map<string, PipelineState>();
  const folders = createFolders(config);
  const looker = createLooker({ ...engines, store: shown }, folders);
  const server = await createServer({ ...engines, store: shown }, logger, {
    folders,
    looker,
    ledgers,
    health,
  });
  const { hostname, port } = new URL(connection.addresses.console);
  const place = { host: hostname, port: Number(port) };
  const isServing = await listens(server, place);
  logger.info({ instance: config.instance, address: connection.addresses.console }, "orchestrator runs");
  await Promise.all([
    ...(isServing ? [] : [takeOver(server, place, logger, signal)]),
    keepRunning(engines, logger, signal),
    keepWatch({ ...engines, store: shown }, looker, health, logger, signal),
    keepAlerts(engines, webhook, logger, signal),
    watchLedgers(engines, config.ledgerEveryMs, ledgers, logger, signal),
    keepMaintained(engines, logger, signal),
    keepRetained(engines, logger, signal),
    keepBatches(engines, logger, signal),
    keepPages(engines, logger, signal),
  ]);
  await server.close();
  await Promise.allSettled([engines.kafka.close(), engines.store.close(), shown.close()]);
  process.exitCode = 0;
}
