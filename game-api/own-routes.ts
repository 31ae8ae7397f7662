// The routes that are no pipeline's: health, readiness, the OpenAPI document, and the answers to
// requests that nothing serves, which say what would have worked.
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { App } from "./app.ts";
import { errorSchema, errors, retryAfter, withDetails } from "./errors.ts";
import { type PipelineRoutes, pathsOf } from "./event-routes.ts";

const statusSchema = {
  type: "object",
  description: "All is well",
  required: ["status"],
  properties: { status: { type: "string" } },
};

export function serveOwnRoutes(app: FastifyInstance, { producer }: App): void {
  const tags = ["operation"];
  app.get(
    "/health",
    { schema: { tags, summary: "Does the process live?", response: { 200: statusSchema } } },
    async () => ({ status: "ok" }),
  );
  app.get(
    "/ready",
    {
      schema: {
        tags,
        summary: "Can events be taken? Asks a broker.",
        response: { 200: statusSchema, 503: errorSchema },
      },
    },
    async () => {
      const reason = await producer.ready();
      if (reason !== undefined) throw withDetails(errors.NotReady(reason), { headers: retryAfter });
      return { status: "ready" };
    },
  );
  let document: string | undefined;
  app.get("/openapi.json", { schema: { tags, summary: "This document" } }, async (_, reply) => {
    document ??= JSON.stringify(app.swagger());
    return reply.type("application/json").send(document);
  });
}

/** Names at most so many; the rest is in /docs. */
const namedMax = 20;

function list(names: string[]): string {
  const more = names.length > namedMax ? ` and ${names.length - namedMax} more` : "";
  return `${names.slice(0, namedMax).join(", ")}${more}`;
}

/** Paths that take POST, and what stands where nothing was found. */
export function answerUnserved(pipelines: PipelineRoutes[]) {
  const served = new Set(pathsOf(pipelines));

  function known(path: string): string {
    const pipeline = pipelines.find((each) => path.startsWith(`${each.path}/`));
    const names = pipeline
      ? `Events of '${pipeline.name}': ${list([...pipeline.events.keys()])}.`
      : `Pipelines: ${list(pipelines.map(({ name }) => name))}.`;
    return `${names} All routes: /docs.`;
  }

  return async (request: FastifyRequest, _reply: FastifyReply) => {
    const { method } = request;
    const path = request.url.split("?", 1)[0]!;
    if (!served.has(path)) throw errors.NotFound(`${method} ${path.slice(0, 200)}`, known(path));
    const refused = errors.MethodNotAllowed(method, path, "POST", path);
    throw withDetails(refused, { headers: { allow: "POST" } });
  };
}
