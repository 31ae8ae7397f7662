// What the API says of itself: JSON schemas and examples made from the contracts, nothing typed twice.
import { z } from "zod";
import { requestType } from "../flink-sql/envelope.ts";
import { type EventType, id64Pattern } from "../flink-sql/pipeline.ts";
import { sourceSchema, unreadableSchema } from "./batch-source.ts";
import { acceptedEncodings } from "./body-encoding.ts";
import type { PipelineRoutes } from "./event-routes.ts";

export interface JsonSchema {
  type?: string;
  description?: string;
  format?: string;
  pattern?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  examples?: unknown[];
  minimum?: number;
  required?: string[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  additionalProperties?: boolean;
  [keyword: string]: unknown;
}

const openapiVersion = "3.1.0";

const openapi = {
  openapi: openapiVersion,
  info: {
    title: "Swordlake events",
    description:
      "Send product events; each is answered 202 only after Kafka has it. " +
      "After a 503 or no answer, retry with the same event_id: a retry never doubles a row. " +
      `Bodies may be compressed, by one Content-Encoding of: ${acceptedEncodings}.`,
    version: "1",
  },
};

const samples: Record<string, unknown> = { integer: 1, number: 1, boolean: true, string: "1" };

function sampleOf(schema: JsonSchema): unknown {
  if (schema.examples) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.format === "date-time") return "2026-01-01T00:00:00Z";
  if (schema.format === "date") return "2026-01-01";
  return schema.minimum ?? samples[schema.type ?? "string"];
}

/** An event that a client may copy: what is required, and what has an example or a default. */
function exampleOf(schema: JsonSchema): Record<string, unknown> {
  const shown = Object.entries(schema.properties ?? {}).filter(
    ([name, field]) => schema.required?.includes(name) || field.examples || field.default !== undefined,
  );
  return Object.fromEntries(shown.map(([name, field]) => [name, sampleOf(field)]));
}

/** Schema of a request body, with an example. */
export function bodySchema(event: EventType): JsonSchema & { examples: Record<string, unknown>[] } {
  const made = z.toJSONSchema(requestType(event), {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      if (jsonSchema.flink === "BIGINT" && jsonSchema.type === "string") jsonSchema.pattern = id64Pattern;
      // How a column is stored is no business of a client; a format says more than its pattern.
      delete jsonSchema.flink;
      if (jsonSchema.format) delete jsonSchema.pattern;
    },
  }) as JsonSchema;
  const { $schema: _, ...schema } = made;
  return { ...schema, examples: [exampleOf(schema)] };
}

/** The same fields as query parameters; none is required there, for the body may carry it. */
export function querySchema(event: EventType): JsonSchema {
  const { properties } = bodySchema(event);
  return { type: "object", properties: structuredClone(properties ?? {}) };
}

/** Schema of one event of a batch: event_type beside any event's fields. */
export function batchSchema({ events }: PipelineRoutes, eventsMax: number) {
  const kinds = [...events.values()].map(({ type, event }) => {
    const { examples, ...schema } = bodySchema(event);
    const event_type = { type: "string", const: type };
    const properties = { event_type, source: sourceSchema, ...schema.properties };
    return {
      schema: { ...schema, title: type, properties, required: ["event_type", ...(schema.required ?? [])] },
      example: { event_type: type, ...examples[0] },
    };
  });
  const item = { oneOf: [...kinds.map(({ schema }) => schema), unreadableSchema] };
  const examples = kinds.slice(0, 2).map(({ example }) => example);
  const lines = examples.map((example) => JSON.stringify(example)).join("\n");
  return {
    content: {
      "application/x-ndjson": {
        schema: { type: "string", description: "One event per line", examples: [lines] },
      },
      "application/json": {
        schema: { type: "array", minItems: 1, maxItems: eventsMax, items: item, examples: [examples] },
      },
    },
  };
}

interface Operation {
  parameters?: unknown[];
  requestBody?: { required?: boolean };
}

/** A body is optional where the query string can carry the same fields. */
function relaxBodies<Document extends object>(document: Document): Document {
  const { paths = {} } = document as { paths?: Record<string, { post?: Operation }> };
  for (const { post } of Object.values(paths))
    if (post?.parameters && post.requestBody) post.requestBody.required = false;
  return document;
}

/** Options of the OpenAPI plugin. */
export function describeApi(isKeyRequired: boolean) {
  const components = { securitySchemes: { key: { type: "http" as const, scheme: "bearer" } } };
  return {
    openapi: isKeyRequired ? { ...openapi, components, security: [{ key: [] }] } : openapi,
    transformObject: (document: object) =>
      relaxBodies("openapiObject" in document ? (document.openapiObject as object) : {}) as never,
  };
}
