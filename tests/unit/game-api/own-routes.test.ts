import { describe, expect, it } from "vitest";
import { acceptEvent } from "../../../flink-sql/envelope.ts";
import { eventsOf, loadPipelines } from "../../../flink-sql/folders.ts";
import { buildApp } from "../../../game-api/app.ts";
import { eventRoutes } from "../../../game-api/event-routes.ts";
import { build, forge, limits, served } from "./build.ts";
import { createFakeProducer } from "./fake-producer.ts";

describe("what nothing serves", () => {
  it.each([
    "GET",
    "HEAD",
    "PUT",
    "DELETE",
    "PATCH",
  ] as const)("%s on an event answers 405 with the cure", async (method) => {
    const { app } = await build();
    for (const url of ["/forge/hammer", "/forge/hammer?smith_id=s", "/forge", "/"]) {
      const answer = await app.inject({ method, url });
      expect(answer.statusCode).toBe(405);
      expect(answer.headers.allow).toBe("POST");
      if (method !== "HEAD") expect(answer.json().message).toContain(`send POST ${url.split("?")[0]}`);
    }
  });

  it("answers 404, naming the pipeline's events or the pipelines", async () => {
    const { app, post } = await build();
    const near = await post("/forge/hamer", {});
    expect(near.statusCode).toBe(404);
    expect(near.json()).toMatchObject({ code: "not_found", request_id: expect.any(String) });
    expect(near.json().message).toContain("Events of 'forge': hammer, rest, order");
    expect((await app.inject("/nothing")).json().message).toContain("Pipelines: forge");
  });

  it("answers 415 to a form, 413 to a large body", async () => {
    const { post } = await build();
    const form = await post("/forge/hammer", "smith_id=s", "application/x-www-form-urlencoded");
    expect(form.statusCode).toBe(415);
    expect(form.json().message).toContain("application/json");
    const lines = await post("/forge/hammer", '{"smith_id":"s"}', "application/x-ndjson");
    expect(lines.statusCode).toBe(415);
    const large = await post("/forge/hammer", { smith_id: "s".repeat(limits.bodyBytesMax) });
    expect(large.statusCode).toBe(413);
    expect(large.json()).toMatchObject({ code: "body_too_large", message: expect.stringContaining("2000") });
  });

  it("answers 400 to a path that can't be decoded", async () => {
    const { app } = await build();
    const answer = await app.inject("/forge/%zz");
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ request_id: expect.any(String) });
  });
});

describe("request ids", () => {
  it("come back as they were sent, in header and error", async () => {
    const { app } = await build();
    const answer = await app.inject({ url: "/nothing", headers: { "x-request-id": "trace-1" } });
    expect(answer.headers["x-request-id"]).toBe("trace-1");
    expect(answer.json().request_id).toBe("trace-1");
  });

  it("are made where what was sent is unfit", async () => {
    const { app } = await build();
    const answer = await app.inject({ url: "/health", headers: { "x-request-id": "a b<script>" } });
    expect(answer.headers["x-request-id"]).toMatch(/^[\w-]+$/);
  });
});

describe("health", () => {
  it("/health is 200 whatever Kafka does", async () => {
    const { app, producer } = await build();
    producer.downReason = "gone";
    expect((await app.inject("/health")).statusCode).toBe(200);
  });

  it("/ready says why not", async () => {
    const { app, producer } = await build();
    expect((await app.inject("/ready")).json()).toEqual({ status: "ready" });
    producer.downReason = "all brokers down";
    const answer = await app.inject("/ready");
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({
      code: "kafka_unavailable",
      message: expect.stringContaining("all brokers down"),
    });
  });
});

describe("paths", () => {
  const claims = (path: string) =>
    served("other", {
      ...forge,
      topics: {
        t: {
          ...forge.topics.work!,
          events: {
            nap: { ...forge.topics.work!.events.rest!, path },
          },
        },
      },
    });

  it("claimed twice refuse to start, naming both", async () => {
    await expect(build({ pipelines: [forge, claims("/")] })).rejects.toThrow(
      /POST \/ is claimed by event 'rest' of pipeline 'forge'.* and by event 'nap' of pipeline 'other'/,
    );
  });

  it.each(["/health", "/docs/x", "/openapi.json"])("of the API itself are not given away: %s", (path) => {
    expect(() => eventRoutes([claims(path)])).toThrow(/claimed by the API itself/);
  });

  it.each(["/:any", "/*", "word", "/a b"])("that are patterns are refused: %s", (path) => {
    expect(() => eventRoutes([claims(path)])).toThrow(/no plain path/);
  });

  it("report every problem at once", () => {
    expect(() => eventRoutes([forge, forge])).toThrow(
      /POST \/forge is[\s\S]*POST \/forge\/hammer is[\s\S]*POST \/ is/,
    );
  });
});

describe("the contracts of this checkout", async () => {
  const pipelines = await loadPipelines();
  const app = await buildApp({ pipelines, producer: createFakeProducer(), limits });
  const { paths } = (await app.inject("/openapi.json")).json();
  const edge = {
    receivedAt: new Date(0).toISOString(),
    host: "",
    userAgent: "",
    accept: "",
    newId: () => "id",
  };

  it.each(
    pipelines.flatMap((p) => eventsOf(p).map((e) => ({ ...e, pipeline: p.name }))),
  )("$pipeline/$type has its route, its OpenAPI entry and a valid example", async ({
    pipeline,
    type,
    event,
    topicName,
  }) => {
    for (const path of [`/${pipeline}/${type}`, ...(event.path ? [event.path] : [])]) {
      expect(app.hasRoute({ method: "POST", url: path })).toBe(true);
      const { post } = paths[path];
      expect(post.summary).toBe(event.description);
      expect(post.description).toContain(`${pipeline}.${topicName}`);
      const { example, schema } = post.requestBody.content["application/json"];
      expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(Object.keys(event.fields.shape)));
      expect(acceptEvent(type, event, example, edge)).toMatchObject({ ok: true });
      expect(post.requestBody.required).toBe(false);
      expect(post.parameters.map((p: { name: string }) => p.name)).toContain("event_id");
      const statuses = ["400", "401", "403", "404", "405", "408", "413", "414", "415", "417", "429", "431"];
      expect(Object.keys(post.responses)).toEqual(["202", ...statuses, "500", "503"]);
    }
  });

  it.each(pipelines.map(({ name }) => name))("%s has its batch in the OpenAPI document", (name) => {
    const { content } = paths[`/${name}`].post.requestBody;
    expect(paths[`/${name}`].post.requestBody.required).toBe(true);
    expect(Object.keys(content)).toEqual(["application/x-ndjson", "application/json"]);
  });

  it("shows nothing of how columns are stored", () => {
    expect(JSON.stringify(paths)).not.toContain("flink");
  });

  it("has no operation twice, and shows the operational routes", () => {
    const ids = Object.values(paths).map(
      (path) => (path as { post?: { operationId: string } }).post?.operationId,
    );
    const named = ids.filter((id) => id !== undefined);
    expect(new Set(named).size).toBe(named.length);
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(["/health", "/ready", "/openapi.json"]));
  });

  it("serves the page", async () => {
    expect((await app.inject("/docs/")).statusCode).toBe(200);
  });
});
