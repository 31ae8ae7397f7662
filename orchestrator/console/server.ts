// The orchestrator's HTTP server: the console's page and what it asks for, probes and metrics. Loopback only.
import fastifyStatic from "@fastify/static";
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import type { Logger } from "pino";
import { engineStates } from "../../stack/stack.ts";
import { loopMetrics } from "../alerts/metrics.ts";
import type { Engines } from "../engines/engines.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { readStatus } from "../status.ts";
import type { Looker } from "../watch/look.ts";
import type { PipelineState } from "./api.ts";
import { careRoutes } from "./care-routes.ts";
import { deployRoutes } from "./deploy-routes.ts";
import { engineMetrics } from "./engine-metrics.ts";
import { errorHandler, errors } from "./errors.ts";
import type { Folders } from "./folders.ts";
import { newsRoutes } from "./news-routes.ts";
import { preparePage } from "./page.ts";
import { pipelineRoutes } from "./pipeline-routes.ts";
import { guard } from "./security.ts";
import { sqlRoute } from "./sql-route.ts";
import { streamRoute } from "./stream.ts";

/** What the orchestrator's loops keep, for the page and the metrics. */
export interface LoopState {
  folders: Folders;
  looker: Looker;
  ledgers: ReadonlyMap<string, Ledger>;
  health: ReadonlyMap<string, PipelineState>;
}

/** Builds the server; it doesn't listen yet. The page is made in the background: the first to ask may wait. */
export async function createServer(
  engines: Engines,
  logger: Logger,
  { folders, looker, ledgers, health }: LoopState,
): Promise<FastifyInstance> {
  const { config, connection, store } = engines;
  const server = Fastify({
    logger: false,
    requestTimeout: 10_000,
    // Long enough for a question to Trino at its limit; streams say something more often.
    connectionTimeout: 120_000,
    bodyLimit: 262_144,
    // Streams of events never end by themselves.
    forceCloseConnections: true,
  });
  server.setErrorHandler(errorHandler(logger));
  server.setNotFoundHandler(async (request) => {
    throw errors.NotFound(`There is nothing at ${request.method} ${request.url.slice(0, 200)}.`);
  });
  guard(server, new URL(connection.addresses.console).host);
  server.get("/health", async () => ({ ok: true }));
  server.get("/metrics", async (_request, reply) => {
    const { text, contentType } = await loopMetrics(store, ledgers, health);
    return reply.type(contentType).send(text);
  });
  server.get("/metrics/engines", async (_request, reply) => {
    const { text, contentType } = await engineMetrics(engines);
    return reply.type(contentType).send(text);
  });
  server.get("/api/status", async () => {
    const states = connection.instance ? engineStates(config, connection.instance) : Promise.resolve([]);
    return readStatus(connection, (await folders.all()).pipelines, states);
  });
  server.get("/api/overview", () => looker.now());
  pipelineRoutes(server, engines, folders);
  careRoutes(server, engines, folders);
  newsRoutes(server, engines, folders);
  deployRoutes(server, engines, folders);
  sqlRoute(server, engines);
  streamRoute(server, engines, folders, logger);
  servePage(server, config.cache, logger);
  return server;
}

/** Files with a hash in their name never change; the page that names them is asked for each time. */
function servePage(server: FastifyInstance, cache: string, logger: Logger): void {
  const make = () =>
    preparePage(cache).catch((error: Error) => {
      logger.error({ reason: error.message }, "the console's page can't be made");
      throw errors.Page(error.message.split("\n")[0]);
    });
  let page = make();
  page.catch(() => undefined);
  server.register(async (scope) => {
    await scope.register(fastifyStatic, { root: cache, serve: false });
    const send = async (file: string, reply: FastifyReply) => {
      const folder = await page.catch(() => {
        page = make();
        return page;
      });
      const isHashed = file.startsWith("assets/");
      return reply.sendFile(
        file,
        folder,
        isHashed ? { maxAge: "365d", immutable: true } : { cacheControl: false },
      );
    };
    scope.get("/", (_request, reply) => send("index.html", reply.header("cache-control", "no-cache")));
    scope.get<{ Params: { file: string } }>("/assets/:file", (request, reply) =>
      send(`assets/${request.params.file}`, reply),
    );
    scope.get("/icon.svg", (_request, reply) => send("icon.svg", reply));
  });
}
