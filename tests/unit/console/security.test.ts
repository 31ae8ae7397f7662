// Whose requests the console reads: those of its own page, by its own address.
import Fastify from "fastify";
import { expect, it } from "vitest";
import { errorHandler } from "../../../orchestrator/console/errors.ts";
import { guard, refusalOf } from "../../../orchestrator/console/security.ts";

const own = "127.0.0.1:4001";
const asked = (headers: Record<string, string>, method = "POST") =>
  refusalOf({ method, headers: { host: own, ...headers } }, own);

it("takes what its own page and programs send", () => {
  expect(asked({})).toBeUndefined();
  expect(asked({ origin: `http://${own}`, "sec-fetch-site": "same-origin" })).toBeUndefined();
  expect(asked({ host: "localhost:9000", origin: "http://localhost:9000" })).toBeUndefined();
  expect(asked({ host: "[::1]:4001" })).toBeUndefined();
  expect(asked({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }, "GET")).toBeUndefined();
});

it("refuses names that were made to point here", () => {
  for (const host of [
    "evil.example:4001",
    "127.0.0.1.evil.example",
    "localhost.evil.example:4001",
    "",
    "127.0.0.1:4001@evil",
  ])
    expect(asked({ host })).toBe("host");
});

it("refuses pages of other sites", () => {
  for (const origin of ["https://evil.example", "null", "http://127.0.0.1:4002", `https://${own}`])
    expect(asked({ origin })).toBe("cross-site");
  for (const site of ["cross-site", "same-site"]) {
    expect(asked({ "sec-fetch-site": site })).toBe("cross-site");
    expect(asked({ "sec-fetch-site": site, "sec-fetch-mode": "navigate" })).toBe("cross-site");
    expect(asked({ "sec-fetch-site": site, "sec-fetch-mode": "no-cors" }, "GET")).toBe("cross-site");
  }
});

it("puts its policy on every answer, and says nothing of what went wrong inside", async () => {
  const server = Fastify();
  const logged: unknown[] = [];
  server.setErrorHandler(errorHandler({ error: (fields: unknown) => logged.push(fields) } as never));
  guard(server, own);
  server.get("/api/broken", async () => {
    throw new Error("password hunter2 at /secret/path");
  });
  const broken = await server.inject({ url: "/api/broken", headers: { host: own } });
  expect(broken.statusCode).toBe(500);
  expect(broken.body).not.toMatch(/hunter2|secret|stack/);
  expect(broken.json()).toEqual({ error: "internal", message: expect.stringContaining("logs orchestrator") });
  expect(logged).toHaveLength(1);
  expect(broken.headers["content-security-policy"]).toContain("default-src 'self'");
  expect(broken.headers["content-security-policy"]).not.toMatch(/unsafe|\*|https?:/);
  const foreign = await server.inject({ url: "/api/broken", headers: { host: "evil.example" } });
  expect([foreign.statusCode, foreign.json().error]).toEqual([421, "host_unknown"]);
  await server.close();
});
