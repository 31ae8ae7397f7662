// The routes that are no pipeline's: health, readiness, the OpenAPI document, and the answers to
// requests that nothing serves, which say what would have worked.
import type { FastifyInstance } from "fastify";
import { hookOf } from "./admission.ts";
import type { App } from "./app.ts";
import { isWindingDown } from "./drain.ts";
import { errors, retryAfter, withDetails } from "./errors.ts";
import { ownPaths, type PipelineRoutes, pathsOf } from "./event-routes.ts";
import { ownRefusals, refusalSchemas } from "./refused-answers.ts";

const statusSchema = {
  type: "object",
  description: "All is well",
  required: ["status"],
  examples: [{ status: "ok" }],
  properties: { status: { type: "string" } },
};

const healthSchema = {
  ...statusSchema,
  properties: {
    ...statusSchema.properties,
    rolls: { type: "integer", minimum: 0, description: "How often all workers were replaced by new ones" },
    rollFailed: { type: "string", description: "Why the last time went wrong: the old workers stayed" },
  },
};

const documentSchema = {
  type: "object",
  description: "OpenAPI 3.1",
  additionalProperties: true,
  examples: [{ openapi: "3.1.0" }],
};

export function serveOwnRoutes(app: FastifyInstance, { producer, rolls }: App): void {
  const tags = ["operation"];
  app.get(
    "/health",
    {
      schema: {
        tags,
        summary: "Does the process live?",
        response: { 200: healthSchema, ...refusalSchemas(...ownRefusals) },
      },
    },
    async () => ({ status: "ok", ...rolls?.() }),
  );
  app.get(
    "/ready",
    {
      schema: {
        tags,
        summary: "Can events be taken? Asks a broker.",
        response: { 200: statusSchema, ...refusalSchemas(503, ...ownRefusals) },
      },
    },
    async () => {
      const reason = isWindingDown(app) ? "the API is shutting down" : await producer.ready();
      if (reason !== undefined) throw withDetails(errors.NotReady(reason), { headers: retryAfter });
      return { status: "ready" };
    },
  );
  let document: string | undefined;
  app.get(
    "/openapi.json",
    {
      schema: {
        tags,
        summary: "This document",
        response: { 200: documentSchema, ...refusalSchemas(401, 503, ...ownRefusals) },
      },
    },
    async (_, reply) => {
      document ??= JSON.stringify(app.swagger());
      return reply.type("application/json; charset=utf-8").send(document);
    },
  );
}

/** Names at most so many; the rest is in /docs. */
const namedMax = 20;

function list(names: string[]): string {
  const more = names.length > namedMax ? ` and ${names.length - namedMax} more` : "";
  return `${names.slice(0, namedMax).join(", ")}${more}`;
}

/** An onRequest hook for what nothing serves, before a body is read: says what would have worked. */
export function answerUnserved(pipelines: PipelineRoutes[]) {
  const served = new Map<string, string>(ownPaths.map((path) => [path, "GET, HEAD"]));
  for (const path of pathsOf(pipelines)) served.set(path, "POST");

  function known(path: string): string {
    const pipeline = pipelines.find((each) => path.startsWith(`${each.path}/`));
    const names = pipeline
      ? `Events of '${pipeline.name}': ${list([...pipeline.events.keys()])}.`
      : `Pipelines: ${list(pipelines.map(({ name }) => name))}.`;
    return `${names} All routes: /docs.`;
  }

  return hookOf((request) => {
    if (!request.is404) return;
    const { method } = request;
    const path = request.url.split("?", 1)[0]!;
    const allow = served.get(path);
    if (!allow) throw errors.NotFound(`${method} ${path.slice(0, 200)}`, known(path));
    const cure = allow === "POST" ? `POST ${path}, parameters as a JSON body or in the query string` : allow;
    throw withDetails(errors.MethodNotAllowed(method, path, cure), { headers: { allow } });
  });
}
