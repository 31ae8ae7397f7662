// Every refusal this API can give: code, status and a message that ends in the cure.
// Answers of 500 and above never carry what went wrong inside; the log has it under the request id.
import createError from "@fastify/error";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type { Issue } from "../flink-sql/envelope.ts";
import type { Failure } from "./delivery.ts";
import type { JsonSchema } from "./openapi.ts";

/** Without a stack: these are answers, and a client that sends nonsense shouldn't cost one each. */
const refusal = <Args extends unknown[]>(code: string, message: string, status: number) =>
  createError<Args>(code, message, status, Error, false);

export const errors = {
  EventInvalid: refusal<[event: string]>(
    "event_invalid",
    "Not a valid '%s' event: fix the fields under 'issues' and send it again.",
    400,
  ),
  JsonInvalid: refusal<[reason: string]>(
    "json_invalid",
    "The body is not valid JSON (%s): send UTF-8 JSON.",
    400,
  ),
  JsonTooDeep: refusal<[depthMax: number]>(
    "json_too_deep",
    "The JSON is nested deeper than %d: send events as flat objects.",
    400,
  ),
  JsonDuplicateKey: refusal<[key: string]>(
    "json_duplicate_key",
    'The key "%s" is in one object twice: send each field once.',
    400,
  ),
  BatchEmpty: refusal<[]>("batch_empty", "The batch has no event: send at least one.", 400),
  BatchShape: refusal<[]>(
    "batch_shape",
    "A JSON batch is an array of events: send [{…}, …], or one event per line as application/x-ndjson.",
    400,
  ),
  NotFound: refusal<[asked: string, known: string]>("not_found", "Nothing answers %s. %s", 404),
  MethodNotAllowed: refusal<[method: string, path: string, cure: string]>(
    "method_not_allowed",
    "%s is not for %s: send %s.",
    405,
  ),
  BodyTooLarge: refusal<[bytesMax: number]>(
    "body_too_large",
    "The body is larger than %d bytes: send less at once.",
    413,
  ),
  BodyLength: refusal<[]>(
    "body_length",
    "The body is not as long as its Content-Length says, or goes on after its compressed stream ended: send it again.",
    400,
  ),
  LineTooLong: refusal<[line: number, bytesMax: number]>(
    "line_too_long",
    "Line %d is longer than %d bytes: send a smaller event.",
    413,
  ),
  BatchTooLong: refusal<[eventsMax: number, eventsMax: number]>(
    "batch_too_long",
    "More than %d events in one batch: send %d at most.",
    413,
  ),
  ContentType: refusal<[given: string]>(
    "content_type_unsupported",
    "Content-Type %s is not read here: send application/json; a batch may be application/x-ndjson too.",
    415,
  ),
  Charset: refusal<[given: string]>(
    "content_type_unsupported",
    "Charset '%s' is not read here: send UTF-8, as charset=utf-8 or without a charset.",
    415,
  ),
  UrlTooLong: refusal<[charsMax: number]>(
    "url_too_long",
    "The path with its query string is longer than %d characters: send parameters as a JSON body.",
    414,
  ),
  HostMissing: refusal<[]>("host_missing", "A request of HTTP/1.1 names its host: send a Host header.", 400),
  HeadersTooMany: refusal<[headers: number, headersMax: number]>(
    "headers_too_large",
    "%d headers in one request: send %d at most.",
    431,
  ),
  Busy: refusal<[]>(
    "busy",
    "More comes in than can be kept up with; nothing was read or stored: retry.",
    503,
  ),
  EncodingInvalid: refusal<[encoding: string, reason: string]>(
    "encoding_invalid",
    "The body is no whole %s stream (%s): compress it again, or send it without Content-Encoding.",
    400,
  ),
  EncodingUnsupported: refusal<[given: string, accepted: string]>(
    "encoding_unsupported",
    "Content-Encoding '%s' is not read here: use one of %s, or none.",
    415,
  ),
  KeyMissing: refusal<[]>(
    "key_missing",
    "No API key: send 'Authorization: Bearer <key>'. 'npx swordlake keys create' makes one.",
    401,
  ),
  KeyInvalid: refusal<[]>("key_invalid", "The API key is unknown, revoked or expired: send another.", 401),
  KeyScope: refusal<[scope: string]>(
    "key_scope",
    "The API key lacks the scope '%s': use a key that was made with it.",
    403,
  ),
  KeysUnread: refusal<[]>("keys_unread", "The API keys can't be read at the moment: retry.", 503),
  RateLimited: refusal<[rate: number, seconds: number]>(
    "rate_limited",
    "More than %d events per second: retry in %d s.",
    429,
  ),
  NotReady: refusal<[reason: string]>("kafka_unavailable", "Kafka can't be reached: %s.", 503),
};

interface Details {
  issues?: Issue[];
  /** The id to retry with, made at the edge if the client gave none. */
  eventId?: string;
  headers?: Record<string, string>;
}

export type Refusal = FastifyError & { details?: Details };

/** The code of an error as answers tell it; 'internal' for what is no refusal. */
export const codeOf = ({ code }: Pick<FastifyError, "code">): string =>
  code?.replace(/^FST_ERR_/, "").toLowerCase() ?? "internal";

/** Adds what only this request knows to an error of the catalogue. */
export function withDetails(error: FastifyError, details: Details): FastifyError {
  return Object.assign(error, { details });
}

export const retryAfter = { "retry-after": "1" };

/** One event that Kafka did not confirm, as the answer to its request. */
export function deliveryError(failure: Failure, eventId: string): FastifyError {
  const tooLarge = failure.code === "event_too_large";
  const made = refusal<[string]>(failure.code, "%s", tooLarge ? 413 : 503)(failure.message);
  return withDetails(made, { eventId, ...(tooLarge ? {} : { headers: retryAfter }) });
}

/** What was refused couldn't be kept: the client keeps it, and hears of its mistakes when it retries. */
export const quarantineError = (failure: Failure): FastifyError =>
  withDetails(refusal<[string]>(failure.code, "Refused, and not kept yet: %s", 503)(failure.message), {
    headers: retryAfter,
  });

export const errorSchema: JsonSchema = {
  type: "object",
  description: "What was wrong, and what to do",
  required: ["code", "message", "request_id"],
  properties: {
    code: { type: "string", description: "Stable; branch on this" },
    message: { type: "string" },
    request_id: { type: "string" },
    event_id: { type: "string", description: "Retry with this id" },
    issues: {
      type: "array",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: { path: { type: "string" }, message: { type: "string" } },
      },
    },
  },
};

/** Fastify's own refusals, in the catalogue's words. */
function translate(error: Refusal, request: FastifyRequest): Refusal {
  switch (error.code) {
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return errors.ContentType(`'${request.headers["content-type"] ?? ""}'`);
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return errors.BodyLength();
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return errors.BodyTooLarge(request.routeOptions.bodyLimit ?? 0);
    default:
      return error;
  }
}

/** So much of a refused body is read and dropped, so that its sender hears why before it has sent all of it. */
const droppedBytesMax = 64 * 1024 * 1024;

/** Closing at once would break off the sender's writing, and the answer would be lost with it. */
function keepOpen({ headers }: FastifyRequest, reply: FastifyReply): void {
  if (Number(headers["content-length"]) <= droppedBytesMax) reply.removeHeader("connection");
}

/** The one place where an error becomes an answer. */
export function answerError(thrown: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const error = translate(thrown, request);
  const status = error.statusCode ?? 500;
  const known = error.details !== undefined || status < 500;
  if (!known) request.log.error({ err: thrown, reqId: request.id }, "request failed");
  const { issues, eventId, headers } = error.details ?? {};
  keepOpen(request, reply);
  if (headers) reply.headers(headers);
  return reply.code(status).send({
    code: known ? codeOf(error) : "internal",
    message: known ? error.message : "Internal error: the log has its cause under this request_id.",
    request_id: request.id,
    ...(eventId === undefined ? {} : { event_id: eventId }),
    ...(issues ? { issues } : {}),
  });
}
