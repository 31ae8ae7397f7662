import { describe, expect, it } from "vitest";
import { urlCharsMax } from "../../../game-api/sockets.ts";
import { build } from "./build.ts";

const event = '{"smith_id":"s"}';

describe("a content type", () => {
  it.each([
    ["APPLICATION/JSON", 202],
    ["application/json ; charset=UTF-8", 202],
    ['application/json;charset="utf8"', 202],
    ["application/json; charset=utf-16", 415],
    ["application/json; x=1; charset=latin1", 415],
    ["application/jsonx", 415],
    ["application/json, text/plain", 415],
    ["text/plain", 415],
    ["nonsense", 415],
  ])("%s is answered %d", async (type, status) => {
    const { post } = await build();
    const answer = await post("/forge/hammer", event, type);
    expect(answer.statusCode).toBe(status);
    if (status === 415) expect(answer.json().code).toBe("content_type_unsupported");
  });

  it("says which charset is read", async () => {
    const { post } = await build();
    const answer = await post("/forge/hammer", event, "application/json; charset=utf-16");
    expect(answer.json().message).toMatch(/'utf-16'.*charset=utf-8/);
  });
});

describe("a path", () => {
  it("with its query is bounded", async () => {
    const { post } = await build();
    const start = "/forge/hammer?smith_id=";
    expect((await post(start + "a".repeat(urlCharsMax - start.length))).statusCode).toBe(202);
    const answer = await post(start + "a".repeat(urlCharsMax - start.length + 1));
    expect([answer.statusCode, answer.json().code]).toEqual([414, "url_too_long"]);
  });
});

describe("the server", () => {
  it("bounds sockets and headers, by default and as told", async () => {
    const { app } = await build();
    expect(app.server).toMatchObject({
      maxConnections: 20_000,
      headersTimeout: 10_000,
      requestTimeout: 10_000,
    });
    const { limits } = await import("./build.ts");
    const told = await build({ limits: { ...limits, connectionsMax: 7, headersTimeoutMs: 3000 } });
    expect(told.app.server).toMatchObject({ maxConnections: 7, headersTimeout: 3000 });
  });
});

describe("while the API is busy", () => {
  it("events are sent away before they are read, and health answers", async () => {
    let isBusy = true;
    const { app, post, producer } = await build({ isBusy: () => isBusy });
    for (const url of ["/forge/hammer", "/forge"]) {
      const answer = await post(url, "not even JSON");
      expect([answer.statusCode, answer.json().code]).toEqual([503, "busy"]);
      expect(answer.headers["retry-after"]).toBe("1");
    }
    expect((await app.inject("/health")).statusCode).toBe(200);
    isBusy = false;
    expect((await post("/forge/hammer", event)).statusCode).toBe(202);
    expect(producer.quarantine).toEqual([]);
  });
});

describe("pages of other origins", () => {
  const page = "https://play.example";
  const preflight = { origin: page, "access-control-request-method": "POST" };

  it("are told nothing by default", async () => {
    const { app } = await build();
    const asked = await app.inject({ method: "OPTIONS", url: "/forge/hammer", headers: preflight });
    expect(asked.statusCode).toBe(405);
    expect(asked.headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("may send where their origin is named, also hear refusals, and others may not", async () => {
    const { app } = await build({ corsOrigins: [page, "https://other.example"] });
    const ask = (headers: Record<string, string>) =>
      app.inject({ method: "OPTIONS", url: "/forge/hammer", headers });
    const asked = await ask(preflight);
    expect([asked.statusCode, asked.headers["access-control-allow-origin"]]).toEqual([204, page]);
    expect(asked.headers["access-control-allow-headers"]).toMatch(/authorization.*content-encoding/);
    const foreign = await ask({ ...preflight, origin: "https://foreign.example" });
    expect(foreign.headers["access-control-allow-origin"]).not.toBe("https://foreign.example");
    const refused = await app.inject({
      method: "POST",
      url: "/forge/hammer",
      headers: { origin: page, "content-type": "application/json" },
      payload: "{",
    });
    expect([refused.statusCode, refused.headers["access-control-allow-origin"]]).toEqual([400, page]);
  });
});
