// Builds the API from contracts and a producer; opens no port and reads no environment.
// Refuses pipelines whose paths collide.
import { randomBytes } from "node:crypto";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
  type RequestPayload,
} from "fastify";
import { type Admission, admit, guardOwnRoutes, hookOf } from "./admission.ts";
import { serveBatches } from "./batch-route.ts";
import { decodeBody } from "./body-encoding.ts";
import { admitOrigins } from "./browsers.ts";
import type { Limits } from "./config.ts";
import type { Producer } from "./delivery.ts";
import { closeWithAnswers } from "./drain.ts";
import { answerError, errors, retryAfter, withDetails } from "./errors.ts";
import { createIds } from "./event-ids.ts";
import { serveEvent } from "./event-route.ts";
import { eventRoutes, type PipelineRoutes, pathsOf, type ServedPipeline } from "./event-routes.ts";
import type { Metrics } from "./metrics.ts";
import { serveMetrics } from "./metrics-route.ts";
import { describeApi } from "./openapi.ts";
import { answerUnserved, serveOwnRoutes } from "./own-routes.ts";
import { checkCharset, readJson, readLines } from "./parsers.ts";
import type { Rolls } from "./primary.ts";
import { keepRefusals } from "./refusals.ts";
import { shedFirst } from "./shed.ts";
import {
  answerExpectation,
  answerUnread,
  boundSockets,
  headTrouble,
  type SocketLimits,
  serverOptions,
} from "./sockets.ts";

export interface AppOptions {
  pipelines: ServedPipeline[];
  producer: Producer;
  limits: Limits & SocketLimits;
  logger?: FastifyBaseLogger;
  trustProxy?: boolean | string[];
  now?: () => number;
  newId?: () => string;
  /** Keys and limits; without it everybody may send. */
  admission?: Admission;
  metrics?: Metrics;
  /** Origins of web pages that may send events; none by default, "*" for all. */
  corsOrigins?: string[];
  /** Asked before a body is read: while true, requests with events are answered 503. */
  isBusy?: () => boolean;
  /** How often the workers were replaced; undefined where this process is alone. */
  rolls?: () => Rolls | undefined;
}

/** What the routes share. */
export type App = Required<Pick<AppOptions, "producer" | "limits" | "now" | "newId">> &
  Pick<AppOptions, "admission" | "isBusy" | "metrics" | "rolls">;

const requestIdShape = /^[A-Za-z0-9_.:-]{1,128}$/;

/** The caller's id if it sent a fit one; else one that no other process makes. */
function requestIds() {
  const process = randomBytes(6).toString("base64url");
  let count = 0;
  return ({ headers }: { headers: Record<string, string | string[] | undefined> }): string => {
    const given = headers["x-request-id"];
    if (typeof given === "string" && requestIdShape.test(given)) return given;
    count += 1;
    return `${process}-${count.toString(36)}`;
  };
}

function createServer(
  { limits, logger, trustProxy }: AppOptions,
  ids: ReturnType<typeof requestIds>,
): FastifyInstance {
  const app = fastify({
    http: serverOptions(limits),
    clientErrorHandler: answerUnread(() => ids({ headers: {} })),
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true }),
    // Most requests leave no line: the few that do say their id themselves.
    childLoggerFactory: (parent) => parent,
    genReqId: ids as never,
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: 30_000,
    keepAliveTimeout: 72_000,
    // A request on an open connection is served while others finish; its answer closes the connection.
    return503OnClosing: false,
    trustProxy: trustProxy ?? false,
    frameworkErrors: answerError as never,
  }) as unknown as FastifyInstance;
  boundSockets(app.server, limits);
  app.server.on("checkExpectation", answerExpectation(ids));
  closeWithAnswers(app);
  return app;
}

/** An onRequest hook: sheds load while it is cheap. */
const refuseWhile = (isBusy: () => boolean) =>
  hookOf(() => {
    if (isBusy()) throw withDetails(errors.Busy(), { headers: retryAfter });
  });

/** A preParsing hook of the routes that take bodies. */
function openBody(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: RequestPayload,
  done: (error: Error | null, payload?: RequestPayload) => void,
): void {
  let body: RequestPayload;
  try {
    checkCharset(request);
    body = decodeBody(request, reply, payload);
  } catch (error) {
    done(error as Error);
    return;
  }
  done(null, body);
}

/** A body of this type is kept as it came, for the quarantine, and read. */
function parseBodies(app: FastifyInstance, type: string, read: (body: Buffer) => unknown): void {
  app.addContentTypeParser(
    type,
    { parseAs: "buffer" },
    (request: FastifyRequest, body: Buffer, done: (error: Error | null, value?: unknown) => void) => {
      request.rawBody = body;
      let value: unknown;
      try {
        value = read(body);
      } catch (error) {
        done(error as Error);
        return;
      }
      done(null, value);
    },
  );
}

async function servePipeline(app: FastifyInstance, pipeline: PipelineRoutes, context: App): Promise<void> {
  if (context.isBusy) app.addHook("onRequest", refuseWhile(context.isBusy));
  if (context.admission) app.addHook("onRequest", admit(context.admission, pipeline.name));
  app.addHook("preParsing", openBody);
  app.setErrorHandler(keepRefusals(pipeline, context));
  for (const route of pipeline.events.values()) serveEvent(app, route, context);
  await app.register(async (batches) => {
    parseBodies(batches, "application/x-ndjson", (body) => readLines(body, context.limits));
    serveBatches(batches, pipeline, context);
  });
}

export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const routes = eventRoutes(options.pipelines);
  const context: App = {
    producer: options.producer,
    limits: options.limits,
    now: options.now ?? Date.now,
    newId: options.newId ?? createIds(),
    ...(options.admission ? { admission: options.admission } : {}),
    ...(options.metrics ? { metrics: options.metrics } : {}),
    ...(options.isBusy ? { isBusy: options.isBusy } : {}),
    ...(options.rolls ? { rolls: options.rolls } : {}),
  };
  const ids = requestIds();
  const app = createServer(options, ids);
  app.setErrorHandler(answerError);
  // Schemas describe the requests; the contract itself checks them and words what is wrong.
  app.setValidatorCompiler(() => () => true);
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id);
    done(headTrouble(request.raw));
  });
  await admitOrigins(app, options.corsOrigins);
  app.removeAllContentTypeParsers();
  app.decorateRequest("rawBody", undefined);
  app.decorateRequest("keyId", undefined);
  app.decorateRequest("charge", undefined);
  if (options.admission) app.addHook("onRequest", guardOwnRoutes(options.admission, routes));
  // After the key is checked: who may not send learns nothing of what there is.
  app.addHook("onRequest", answerUnserved(routes));
  parseBodies(app, "application/json", (body) => readJson(body, context.limits));
  await app.register(swagger, describeApi(options.admission?.isRequired ?? false));
  await app.register(swaggerUi, { routePrefix: "/docs" });
  serveOwnRoutes(app, context);
  if (options.metrics) serveMetrics(app, options.metrics);
  for (const pipeline of routes) await app.register((scope) => servePipeline(scope, pipeline, context));
  await app.ready();
  const { isBusy, metrics } = options;
  if (isBusy) shedFirst(app, { paths: pathsOf(routes), isBusy, newId: ids, metrics });
  return app;
}
