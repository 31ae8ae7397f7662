import diagnostics from "node:diagnostics_channel";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { redacted } from "../../../game-api/log.ts";
import { createMetrics } from "../../../game-api/metrics.ts";
import { proven } from "../../../game-api/readiness.ts";
import { headTrouble } from "../../../game-api/sockets.ts";
import { build } from "./build.ts";
import { createFakeProducer } from "./fake-producer.ts";

const metrics = createMetrics({ waiting: () => 0, waitingMax: 1 });

describe("the inventory", () => {
  it("has every route that is served, and no other", async () => {
    const served = new Set<string>();
    const onFastify = (message: unknown) =>
      (
        message as {
          fastify: {
            addHook(name: string, hook: (route: { method: string | string[]; url: string }) => void): void;
          };
        }
      ).fastify.addHook("onRoute", ({ method, url }) => {
        for (const each of [method].flat()) served.add(`${each} ${url}`);
      });
    diagnostics.subscribe("fastify.initialization", onFastify);
    const { app } = await build({ metrics });
    diagnostics.unsubscribe("fastify.initialization", onFastify);
    const { paths } = (await app.inject("/openapi.json")).json();
    const documented = Object.entries(paths as Record<string, object>).flatMap(([url, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${url}`),
    );
    // The page that shows the document, and HEAD wherever there is GET.
    const shown = [...served].filter(
      (route) => !/^\S+ \/docs(\/|$)/.test(route) && !route.startsWith("HEAD "),
    );
    expect(documented.sort()).toEqual(shown.sort());
  });

  it("has an example for each request and answer", async () => {
    const { app } = await build({ metrics });
    const { paths } = (await app.inject("/openapi.json")).json();
    const bare: string[] = [];
    const look = (
      where: string,
      content: Record<
        string,
        { example?: unknown; examples?: unknown; schema?: { examples?: unknown } }
      > = {},
    ) => {
      for (const [type, { example, examples, schema }] of Object.entries(content))
        if ((example ?? examples ?? schema?.examples) === undefined) bare.push(`${where} ${type}`);
    };
    for (const [url, operations] of Object.entries(paths as Record<string, Record<string, never>>))
      for (const { requestBody, responses } of Object.values(operations) as {
        requestBody?: { content: never };
        responses: Record<string, { content: never }>;
      }[]) {
        look(`${url} request`, requestBody?.content);
        for (const [status, { content }] of Object.entries(responses)) look(`${url} ${status}`, content);
      }
    expect(bare).toEqual([]);
  });
});

describe("what nothing serves", () => {
  it("is refused before its body is read, and own routes say what they take", async () => {
    const { app } = await build({ metrics });
    const headers = { "content-type": "application/json" };
    const ask = async (method: "POST" | "PUT", url: string) =>
      (await app.inject({ method, url, headers, payload: "{broken" })).json();
    expect(await ask("POST", "/nowhere")).toMatchObject({ code: "not_found" });
    expect(await ask("PUT", "/forge/rest")).toMatchObject({ code: "method_not_allowed" });
    for (const url of ["/health", "/ready", "/metrics", "/openapi.json"]) {
      const answer = await app.inject({ method: "DELETE", url });
      expect([answer.statusCode, answer.headers.allow]).toEqual([405, "GET, HEAD"]);
    }
  });
});

describe("the head of a request", () => {
  const head = { url: "/", headers: { host: "x" }, rawHeaders: ["host", "x"], httpVersion: "1.1" };

  it("names its host, unless it is of HTTP/1.0", () => {
    expect(headTrouble({ ...head, headers: {} })).toMatchObject({ statusCode: 400, code: "HOST_MISSING" });
    expect(headTrouble({ ...head, headers: {}, httpVersion: "1.0" })).toBeUndefined();
  });

  it("has so many headers at most, and none is dropped in silence", () => {
    const of = (headers: number) => ({ ...head, rawHeaders: Array<string>(2 * headers).fill("a") });
    expect(headTrouble(of(200))).toBeUndefined();
    expect(headTrouble(of(201))).toMatchObject({ statusCode: 431, code: "HEADERS_TOO_LARGE" });
  });
});

it("a body that says null is no event", async () => {
  const { app, producer } = await build();
  const headers = { "content-type": "application/json" };
  for (const url of ["/forge/rest", "/forge/rest?smith_id=s"]) {
    const answer = await app.inject({ method: "POST", url, headers, payload: "null" });
    expect([answer.statusCode, answer.json().code]).toEqual([400, "event_invalid"]);
  }
  expect(producer.records).toEqual([]);
});

describe("readiness", () => {
  it("needs the proof that producing works, once", async () => {
    const producer = createFakeProducer();
    const results = ["no producer id in time", undefined];
    let checks = 0;
    const ready = proven(producer, async () => results[checks++]);
    producer.downReason = "no broker";
    expect(await ready.ready()).toBe("no broker");
    expect(checks).toBe(0);
    producer.downReason = undefined;
    expect(await ready.ready()).toBe("no producing yet: no producer id in time");
    expect(await ready.ready()).toBeUndefined();
    expect(await ready.ready()).toBeUndefined();
    expect(checks).toBe(2);
    producer.downReason = "gone again";
    expect(await ready.ready()).toBe("gone again");
  });

  it("asks for it once, however many ask at a time", async () => {
    let checks = 0;
    const ready = proven(createFakeProducer(), async () => {
      checks += 1;
      return undefined;
    });
    expect(await Promise.all([ready.ready(), ready.ready(), ready.ready()])).toEqual(
      Array(3).fill(undefined),
    );
    expect(checks).toBe(1);
  });
});

describe("a fault", () => {
  it("is told to the log alone, and no credential to anybody", async () => {
    const lines: string[] = [];
    const logger = pino({ redact: redacted }, { write: (line: string) => lines.push(line) });
    const producer = createFakeProducer();
    const headers = { authorization: "Bearer canary", "x-api-key": "canary", cookie: "canary" };
    producer.send = async () => {
      throw Object.assign(new Error("SELECT secret FROM /etc/passwd"), { headers });
    };
    const { app } = await build({ producer, logger: logger as never });
    const answer = await app.inject({ method: "POST", url: "/forge/rest", headers });
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toMatch(/SELECT|passwd|\.ts|canary/);
    logger.info({ headers, req: { headers } }, "whatever is logged");
    expect(lines.join("")).toContain("SELECT secret");
    expect(lines.join("")).toContain("[redacted]");
    expect(lines.join("")).not.toContain("canary");
  });
});
