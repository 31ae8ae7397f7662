// An app on contracts made for the tests, with a producer that is an array.
import { z } from "zod";
import { decimal, definePipeline, event, id64, type Pipeline, topic } from "../../../flink-sql/pipeline.ts";
import { type AppOptions, buildApp } from "../../../game-api/app.ts";
import type { ServedPipeline } from "../../../game-api/event-routes.ts";
import { createFakeProducer } from "./fake-producer.ts";

export const nowMs = Date.parse("2026-03-04T05:06:07.089Z");

export const limits = {
  bodyBytesMax: 2000,
  batchBytesMax: 20_000,
  batchEventsMax: 20,
  requestTimeoutMs: 10_000,
};

export const served = (name: string, pipeline: Pipeline): ServedPipeline => ({
  ...pipeline,
  name,
  path: `/pipelines/${name}`,
});

export const forge = served(
  "forge",
  definePipeline({
    title: "A smithy",
    topics: {
      work: topic({
        key: "smith_id",
        events: {
          hammer: event(
            "A smith hammers",
            {
              smith_id: z.string().min(1),
              blows: z.int32().min(1).default(1),
              heat: z.number().optional(),
              is_hot: z.boolean().optional(),
              ore_id: id64().optional(),
              price: decimal(9, 2).optional(),
            },
            { computed: { effort: { type: z.int32(), from: (e) => 2 * (e.blows as number) } } },
          ),
          rest: event("A smith rests", { smith_id: z.string().default("nobody") }, { path: "/" }),
        },
      }),
      orders: topic({ key: "order_no", events: { order: event("An order", { order_no: z.int() }) } }),
    },
  }),
);

export async function build(options: Partial<AppOptions> = {}) {
  const producer = createFakeProducer();
  let made = 0;
  const app = await buildApp({
    pipelines: [forge],
    producer,
    limits,
    now: () => nowMs,
    newId: () => `made-${++made}`,
    ...options,
  });
  const post = (url: string, payload?: object | string, contentType = "application/json") =>
    app.inject({
      method: "POST",
      url,
      ...(payload === undefined
        ? {}
        : {
            headers: { "content-type": contentType },
            payload: typeof payload === "string" ? payload : JSON.stringify(payload),
          }),
    });
  return { app, producer, post };
}
