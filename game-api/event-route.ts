// POST /<pipeline>/<event>: one event, from a JSON body, the query string, or both.
// Answers 202 only after the broker has acknowledged it.
import type { FastifyInstance } from "fastify";
import type { App } from "./app.ts";
import { deliveryError, errors, withDetails } from "./errors.ts";
import type { EventRoute } from "./event-routes.ts";
import { edgeOf, takeIn } from "./intake.ts";
import { bodySchema, querySchema } from "./openapi.ts";
import { queryReader } from "./query.ts";
import { eventRefusals, refusalSchemas } from "./refused-answers.ts";

const acceptedSchema = {
  type: "object",
  description: "Kafka has the event",
  required: ["event_id", "topic", "partition", "offset"],
  examples: [
    { event_id: "019c0e1a-7b6c-7def-8a3b-1f2e3d4c5b6a", topic: "p.events", partition: 3, offset: 42 },
  ],
  properties: {
    event_id: { type: "string" },
    topic: { type: "string" },
    partition: { type: "integer" },
    offset: { type: "integer" },
  },
};

/** The body wins over the query; whatever isn't an object goes to the contract as it came. */
function merge(query: Record<string, unknown>, body: unknown): unknown {
  if (body === undefined) return query;
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  return { ...query, ...body };
}

function hasAny(query: object): boolean {
  for (const _ in query) return true;
  return false;
}

export function serveEvent(app: FastifyInstance, route: EventRoute, context: App): void {
  const { producer, now, newId, metrics } = context;
  const count = (outcome: string) => metrics?.events(route.pipeline, route.type, outcome);
  const readQuery = queryReader(route.event);
  for (const [index, url] of route.paths.entries()) {
    app.route({
      method: "POST",
      url,
      config: { eventType: route.type },
      schema: {
        tags: [route.pipeline],
        operationId: [route.pipeline, route.type, ...(index > 0 ? ["alias", index] : [])].join("_"),
        summary: route.event.description,
        description: `Kept in Kafka topic ${route.topic}, keyed by ${route.key}.`,
        body: bodySchema(route.event),
        querystring: querySchema(route.event),
        response: { 202: acceptedSchema, ...refusalSchemas(400, 503, ...eventRefusals) },
      },
      handler: async (request, reply) => {
        const query = request.query as Record<string, unknown>;
        // No body is an event without fields of its own; one that says null is no event.
        const body = request.rawBody?.length ? request.body : undefined;
        const input = hasAny(query) ? merge(readQuery(query), body) : body === undefined ? {} : body;
        const intake = takeIn(route, input, edgeOf(request, now(), newId));
        if (!intake.ok) throw withDetails(errors.EventInvalid(route.type), { issues: intake.issues });
        const outcome = (await producer.send([intake.record]))[0]!;
        count(outcome.ok ? "accepted" : outcome.code);
        if (!outcome.ok) throw deliveryError(outcome, intake.eventId);
        reply.code(202);
        return {
          event_id: intake.eventId,
          topic: route.topic,
          partition: outcome.partition,
          offset: outcome.offset,
        };
      },
    });
  }
}
