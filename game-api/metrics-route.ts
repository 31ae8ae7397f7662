// GET /metrics, and the hook that counts each answer.
import type { FastifyInstance } from "fastify";
import type { Metrics } from "./metrics.ts";
import { ownRefusals, refusalSchemas } from "./refused-answers.ts";

const sample = "# TYPE swordlake_events_waiting gauge\nswordlake_events_waiting 0\n";

/** For requests that no route serves: their paths are the clients' words, and no label. */
const noRoute = "none";

export function serveMetrics(app: FastifyInstance, metrics: Metrics): void {
  app.addHook("onResponse", (request, reply, done) => {
    const { routeOptions, method } = request;
    metrics.answered(routeOptions.url ?? noRoute, method, reply.statusCode, reply.elapsedTime / 1000);
    if (request.rawBody) metrics.received(request.rawBody.length);
    done();
  });
  app.get(
    "/metrics",
    {
      schema: {
        tags: ["operation"],
        summary: "What the API counts, for Prometheus",
        response: {
          200: {
            description: "Prometheus' text format",
            content: { "text/plain": { schema: { type: "string", examples: [sample] } } },
          },
          ...refusalSchemas(401, 403, 503, ...ownRefusals),
        },
      },
    },
    async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  );
}
