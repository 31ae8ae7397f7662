// Keeps what a pipeline's routes refuse before the refusal is answered: an answer of 400 means that
// the quarantine topic has it; where Kafka can't take it, the answer is 503 and the client retries.
import { isUtf8 } from "node:buffer";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { App } from "./app.ts";
import { answerError, codeOf, quarantineError, type Refusal } from "./errors.ts";
import type { PipelineRoutes } from "./event-routes.ts";
import { quarantineRecord, type Sender } from "./quarantine.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The body as it came, from its parser on. */
    rawBody: Buffer | undefined;
    /** Id of the API key that sent the request; undefined where none is asked for. */
    keyId: string | undefined;
  }
  interface FastifyContextConfig {
    /** Event type that a route takes; undefined for batches. */
    eventType?: string;
  }
}

/** Label of what has no type: a body, or a line, that can't be read. */
export const noType = "none";

/** Refusals of what was sent; others are about how it was sent, or by whom. */
const keptCodes = new Set([
  "event_invalid",
  "json_invalid",
  "json_too_deep",
  "json_duplicate_key",
  "batch_shape",
]);

export const senderOf = (request: FastifyRequest, { name, contract }: PipelineRoutes): Sender => ({
  pipeline: name,
  contract,
  keyId: request.keyId,
  requestId: request.id,
  userAgent: request.headers["user-agent"],
});

function payloadOf({ rawBody, query }: FastifyRequest): string {
  const body = rawBody && (isUtf8(rawBody) ? rawBody.toString() : `base64:${rawBody.toString("base64")}`);
  const hasQuery = Object.keys(query as object).length > 0;
  if (!hasQuery) return body ?? "";
  return JSON.stringify(body === undefined ? query : { query, body });
}

/** Error handler for the routes of one pipeline. */
export function keepRefusals(routes: PipelineRoutes, { producer, metrics }: App) {
  return async (error: Refusal, request: FastifyRequest, reply: FastifyReply) => {
    const reason = codeOf(error);
    if (!keptCodes.has(reason)) return answerError(error, request, reply);
    const { eventType } = request.routeOptions.config;
    metrics?.events(routes.name, eventType ?? noType, reason);
    const record = quarantineRecord(
      {
        eventType,
        reason,
        issues: error.details?.issues ?? [{ path: "", message: error.message }],
        payload: payloadOf(request),
      },
      senderOf(request, routes),
    );
    const kept = (await producer.send([record]))[0]!;
    return answerError(kept.ok ? error : quarantineError(kept), request, reply);
  };
}
