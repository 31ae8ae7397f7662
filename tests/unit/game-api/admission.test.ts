import { describe, expect, it } from "vitest";
import type { Admission } from "../../../game-api/admission.ts";
import { type ApiKey, fits, newToken, readToken } from "../../../game-api/api-key.ts";
import type { Keyring } from "../../../game-api/keyring.ts";
import { createRateLimiter } from "../../../game-api/rate-limits.ts";
import { build, nowMs } from "./build.ts";

const made = newToken();
const keyWith = (more: Partial<ApiKey> = {}): ApiKey => ({
  ...made,
  name: "test",
  scopes: ["ingest:forge"],
  rate: undefined,
  expiresAtMs: undefined,
  ...more,
});

const ringOf = (key: ApiKey | undefined, unread?: string): Keyring => ({
  find: (id) => (id === key?.id ? key : undefined),
  unread: () => unread,
  close: async () => {},
});

async function buildWith(keyring: Keyring, more: Partial<Admission> = {}) {
  const limiter = createRateLimiter(() => nowMs);
  const { app, producer } = await build({
    admission: { keyring, isRequired: true, ratePerAddress: 0, limiter, ...more },
  });
  const ask = (url: string, headers: Record<string, string> = {}, method: "POST" | "GET" = "POST") =>
    app.inject({ method, url, headers, ...(method === "POST" ? { payload: { smith_id: "a" } } : {}) });
  return { app, producer, ask };
}

const bearer = { authorization: `Bearer ${made.token}` };

describe("a request where keys are required", () => {
  it.each([
    ["no key", {}, 401, "key_missing"],
    ["no token", { authorization: "Bearer " }, 401, "key_invalid"],
    ["another scheme", { authorization: "Basic YTpi" }, 401, "key_invalid"],
    ["nonsense", { "x-api-key": "x" }, 401, "key_invalid"],
    [
      "another secret",
      { authorization: `Bearer ${made.token.slice(0, -1)}${made.token.endsWith("A") ? "B" : "A"}` },
      401,
      "key_invalid",
    ],
    ["another id", { authorization: `Bearer ${newToken().token}` }, 401, "key_invalid"],
    ["its key", bearer, 202, undefined],
    ["its key in the other header", { "x-api-key": made.token }, 202, undefined],
    ["its key, scheme in capitals", { authorization: `BEARER ${made.token}` }, 202, undefined],
  ])("with %s", async (_, headers, status, code) => {
    const { ask, producer } = await buildWith(ringOf(keyWith()));
    const answer = await ask("/forge/hammer", headers as Record<string, string>);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect(producer.records).toHaveLength(status === 202 ? 1 : 0);
    if (status === 401) expect(answer.headers["www-authenticate"]).toMatch(/^Bearer/);
  });

  it("is refused on every route but health and readiness, also where nothing is served", async () => {
    const { ask } = await buildWith(ringOf(keyWith()));
    for (const url of ["/health", "/ready"]) expect((await ask(url, {}, "GET")).statusCode).toBe(200);
    for (const url of ["/openapi.json", "/docs", "/nowhere", "/forge"])
      expect((await ask(url, {}, "GET")).statusCode).toBe(401);
    for (const url of ["/forge", "/", "/forge/rest", "/nowhere"])
      expect((await ask(url)).statusCode).toBe(401);
    expect((await ask("/openapi.json", bearer, "GET")).statusCode).toBe(200);
    expect((await ask("/nowhere", bearer, "GET")).statusCode).toBe(404);
  });

  it("needs the scope of its pipeline", async () => {
    const other = await buildWith(ringOf(keyWith({ scopes: ["ingest:mine", "metrics"] })));
    const answer = await other.ask("/forge/hammer", bearer);
    expect([answer.statusCode, answer.json().code]).toEqual([403, "key_scope"]);
    expect(other.producer.quarantine).toEqual([]);
    const all = await buildWith(ringOf(keyWith({ scopes: ["ingest:*"] })));
    expect((await all.ask("/forge/hammer", bearer)).statusCode).toBe(202);
  });

  it("waits where the keys can't be read yet", async () => {
    const { ask } = await buildWith(ringOf(undefined, "no Postgres"));
    const answer = await ask("/forge/hammer", bearer);
    expect([answer.statusCode, answer.json().code]).toEqual([503, "keys_unread"]);
    expect(answer.body).not.toContain("Postgres");
  });

  it("is limited by its key's rate, and what it sends is kept with the key's id", async () => {
    const { app, ask, producer } = await buildWith(ringOf(keyWith({ rate: 2 })));
    const statuses = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await ask("/forge/hammer", bearer)).statusCode);
    expect(statuses).toEqual([202, 202, 202, 202, 429]);
    const fresh = await buildWith(ringOf(keyWith({ rate: 2 })));
    const batch = Array.from({ length: 10 }, () => ({ event_type: "nope" }));
    const send = () => fresh.app.inject({ method: "POST", url: "/forge", headers: bearer, payload: batch });
    expect((await send()).statusCode).toBe(400);
    expect(JSON.parse(fresh.producer.quarantine[0]!.value)).toMatchObject({ key_id: made.id });
    const limited = await send();
    expect([limited.statusCode, limited.headers["retry-after"]]).toEqual([429, "4"]);
    expect(app).toBeDefined();
    expect(producer.quarantine).toEqual([]);
  });
});

describe("a request where keys are optional", () => {
  it("goes without one, and not with a wrong one", async () => {
    const { ask } = await buildWith(ringOf(keyWith()), { isRequired: false });
    expect((await ask("/forge/hammer")).statusCode).toBe(202);
    expect((await ask("/forge/hammer", { authorization: "Bearer x" })).statusCode).toBe(401);
  });

  it("is limited by address where that is set", async () => {
    const { ask } = await buildWith(ringOf(undefined), { isRequired: false, ratePerAddress: 1 });
    const statuses = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await ask("/forge/hammer")).statusCode);
    expect(statuses).toEqual([202, 202, 429]);
  });
});

describe("a token", () => {
  it("fits its own key and no other, and its secret is not in what is kept", () => {
    const { id, secret } = readToken(made.token)!;
    expect(id).toBe(made.id);
    expect(fits(secret, made)).toBe(true);
    expect(fits(secret, newToken())).toBe(false);
    expect(Buffer.concat([made.salt, made.hash]).includes(secret)).toBe(false);
  });
});
