// Who may ask the console for what: own pages only, by its own address, and changes with a key.
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type ApiKey, fits, readToken } from "../../game-api/api-key.ts";
import type { Store } from "../engines/store.ts";
import { errors } from "./errors.ts";

/** The page's own files and addresses alone; nothing inline, nothing of another host, no frames. */
const contentPolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const headers = {
  "content-security-policy": contentPolicy,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
};

const loopback = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;

export interface Asked {
  method: string;
  headers: Record<string, string | string[] | undefined>;
}

/**
 * Why a request is refused before it is read; undefined where it isn't. A name of another host that was made
 * to point here (DNS rebinding) shows in Host; a page of another site shows in Origin or Sec-Fetch-Site.
 */
export function refusalOf({ method, headers }: Asked, ownHost: string): "host" | "cross-site" | undefined {
  const host = `${headers.host ?? ""}`.toLowerCase();
  if (!loopback.test(host) && host !== ownHost.toLowerCase()) return "host";
  const { origin } = headers;
  if (origin !== undefined && `${origin}`.toLowerCase() !== `http://${host}`) return "cross-site";
  const site = headers["sec-fetch-site"];
  const isNavigation = method === "GET" && headers["sec-fetch-mode"] === "navigate";
  if ((site === "cross-site" || site === "same-site") && !isNavigation) return "cross-site";
  return undefined;
}

/** Checks every request but those of probes and scrapers, and puts the policy on every answer. */
export function guard(server: FastifyInstance, ownHost: string): void {
  const open = ["/health", "/metrics", "/metrics/engines"];
  server.addHook("onRequest", async (request, reply) => {
    reply.headers(headers);
    if (request.url.startsWith("/api/")) reply.header("cache-control", "no-store");
    if (open.includes(request.url)) return;
    const refused = refusalOf(request, ownHost);
    if (refused === "host") throw errors.Host(`${request.headers.host ?? ""}`.slice(0, 100));
    if (refused === "cross-site") throw errors.CrossSite();
  });
}

const query = `SELECT id, name, salt, hash, scopes, rate, expires_at AS "expiresAtMs" FROM api_keys
  WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`;

export interface Caller {
  key: ApiKey;
  token: string;
}

/** The caller's key, asked of Postgres each time: a revoked one is refused at once. Throws 401. */
export async function callerOf(request: FastifyRequest, store: Store): Promise<Caller> {
  const { authorization } = request.headers;
  const token = /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (!token) throw errors.KeyMissing();
  const parts = readToken(token);
  if (!parts) throw errors.KeyInvalid();
  const { rows } = await store.transaction((client) => client.query<ApiKey>(query, [parts.id]));
  const [key] = rows;
  if (!key || !fits(parts.secret, key)) throw errors.KeyInvalid();
  return { key, token };
}

/** As above, for what changes something. Throws 403 where the key isn't for that. */
export async function deployerOf(request: FastifyRequest, store: Store): Promise<Caller> {
  const caller = await callerOf(request, store);
  if (!caller.key.scopes.includes("deploy")) throw errors.KeyScope();
  return caller;
}
