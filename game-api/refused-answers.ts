// The refusals a route may answer with, for the OpenAPI document: every status with its meaning and an example.
import { errorSchema } from "./errors.ts";
import type { JsonSchema } from "./openapi.ts";

const refusals: Record<number, [when: string, code: string]> = {
  400: ["What was sent is not valid: fix it", "event_invalid"],
  401: ["No valid API key was sent", "key_invalid"],
  403: ["The API key is for something else", "key_scope"],
  404: ["Nothing is served there", "not_found"],
  405: ["Not with this method", "method_not_allowed"],
  408: ["The request came too slowly", "request_timeout"],
  413: ["Too much at once: send less", "body_too_large"],
  414: ["The URL is too long", "url_too_long"],
  415: ["Content-Type or Content-Encoding is not read here", "content_type_unsupported"],
  417: ["Expect has another value than 100-continue", "expectation_failed"],
  429: ["Too many events: retry when Retry-After says", "rate_limited"],
  431: ["Too many or too large headers", "headers_too_large"],
  500: ["A fault: the log has its cause under this request_id", "internal"],
  503: ["Not confirmed: retry with the same event_id", "kafka_unavailable"],
};

/** Of any route, whatever it serves. */
export const ownRefusals = [400, 404, 405, 408, 414, 417, 431, 500];

/** Of the routes that take events, beside 400 and 503, which have forms of their own on batches. */
export const eventRefusals = [401, 403, 404, 405, 408, 413, 414, 415, 417, 429, 431, 500];

/** Schemas of refusals, each with its example. */
export function refusalSchemas(...statuses: number[]): Record<number, JsonSchema> {
  return Object.fromEntries(
    statuses.map((status) => {
      const [description, code] = refusals[status]!;
      const example = { code, message: `${description}.`, request_id: "kX3vT9aQ-1f" };
      return [status, { ...errorSchema, description, examples: [example] }];
    }),
  );
}
