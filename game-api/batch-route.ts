// POST /<pipeline>: many events at once, each accepted or refused on its own, answered in input order.
import type { FastifyInstance } from "fastify";
import type { App } from "./app.ts";
import { check, complete, readBatch, refusedOf, statusOf, tally } from "./batch.ts";
import type { KafkaRecord } from "./delivery.ts";
import { errorSchema, errors, retryAfter } from "./errors.ts";
import type { PipelineRoutes } from "./event-routes.ts";
import { edgeOf } from "./intake.ts";
import { batchSchema, type JsonSchema } from "./openapi.ts";
import { quarantineRecord } from "./quarantine.ts";
import { noType, senderOf } from "./refusals.ts";
import { eventRefusals, refusalSchemas } from "./refused-answers.ts";

const resultSchema: JsonSchema = {
  type: "object",
  required: ["status"],
  properties: {
    status: {
      type: "string",
      enum: ["accepted", "rejected", "unknown"],
      description: "accepted: Kafka has it; rejected: fix it; unknown: retry it with the same event_id",
    },
    event_id: { type: "string" },
    partition: { type: "integer" },
    offset: { type: "integer" },
    line: { type: "integer", description: "Line of the NDJSON body, from 1" },
    index: { type: "integer", description: "Place in the JSON array, from 0" },
    code: { type: "string" },
    message: { type: "string" },
    issues: errorSchema.properties!.issues!,
  },
};

const acceptedSample = { status: "accepted", event_id: "mine-1", partition: 3, offset: 42 };
const rejectedSample = {
  status: "rejected",
  line: 2,
  code: "event_invalid",
  issues: [{ path: "amount", message: "Invalid input: expected number, received string" }],
};
const unknownSample = {
  status: "unknown",
  event_id: "mine-1",
  line: 1,
  code: "kafka_timeout_unknown",
  message: "Kafka didn't confirm: outcome unknown. Retry with the same event_id.",
};

/** The answer as a whole with these results; from 400 on with what went wrong. */
function sampleOf(status: number, results: { status: string }[]) {
  const count = (what: string) => results.filter((result) => result.status === what).length;
  const trouble = troubles[status] ? { ...troubles[status], request_id: "kX3vT9aQ-1f" } : {};
  const counts = { accepted: count("accepted"), rejected: count("rejected"), unknown: count("unknown") };
  return { ...trouble, ...counts, results };
}

const answerSchema = (status: number, description: string, ...results: { status: string }[]): JsonSchema => ({
  type: "object",
  description,
  examples: [sampleOf(status, results)],
  properties: {
    accepted: { type: "integer" },
    rejected: { type: "integer" },
    unknown: { type: "integer" },
    results: { type: "array", items: resultSchema, description: "In the events' order" },
    ...errorSchema.properties,
  },
});

/** Answers as a whole where a client may look at the status alone. */
const troubles: Record<number, { code: string; message: string }> = {
  400: { code: "batch_rejected", message: "No event was accepted: fix each as its result says." },
  503: {
    code: "kafka_unavailable",
    message: "Kafka did not confirm the 'unknown' events: retry these with the same event_id.",
  },
};

export function serveBatches(app: FastifyInstance, routes: PipelineRoutes, context: App): void {
  const { producer, limits, now, newId, metrics } = context;
  app.route({
    method: "POST",
    url: routes.path,
    bodyLimit: limits.batchBytesMax,
    schema: {
      tags: [routes.name],
      operationId: `${routes.name}_batch`,
      summary: `Many events of: ${routes.title}`,
      description: `At most ${limits.batchEventsMax} events and ${limits.batchBytesMax} bytes.`,
      body: batchSchema(routes, limits.batchEventsMax),
      response: {
        202: answerSchema(202, "All accepted", acceptedSample),
        207: answerSchema(207, "Some accepted, some rejected", acceptedSample, rejectedSample),
        400: answerSchema(400, "None accepted", rejectedSample),
        503: answerSchema(503, "Kafka did not confirm some: retry with the same event_id", unknownSample),
        ...refusalSchemas(...eventRefusals),
      },
    },
    handler: async (request, reply) => {
      const batch = readBatch(request.body);
      if (batch.length === 0) throw errors.BatchEmpty();
      request.charge?.(batch.length - 1);
      const edge = edgeOf(request, now(), newId);
      const records: KafkaRecord[] = [];
      const results = batch.map((found) => check(found, routes, edge, records));
      const taken = records.length;
      const sender = senderOf(request, routes);
      for (const [place, result] of results.entries())
        if (result.status === "rejected")
          records.push(quarantineRecord(refusedOf(result, batch[place]!), sender));
      const outcomes = await producer.send(records);
      const counts = { accepted: 0, rejected: 0, unknown: 0 };
      let sent = 0;
      let refused = taken;
      for (const [place, result] of results.entries()) {
        const outcome = outcomes[result.status === "accepted" ? sent++ : refused++]!;
        // A refusal stands; only where it couldn't be kept is it as open as an event without an ack.
        if (result.status === "accepted" || !outcome.ok) complete(result, outcome, batch[place]!);
        counts[result.status] += 1;
      }
      for (const { type = noType, outcome, count } of tally(batch, results))
        metrics?.events(routes.name, type, outcome, count);
      const status = statusOf(counts.accepted, counts.rejected, counts.unknown);
      if (status === 503) reply.headers(retryAfter);
      const trouble = status < 400 ? {} : { ...troubles[status], request_id: request.id };
      return reply.code(status as 202).send({ ...trouble, ...counts, results });
    },
  });
}
