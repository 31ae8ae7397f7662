// Who sends a request, and whether it may: 401 without a valid key, 403 with one for something else.
import type { FastifyRequest } from "fastify";
import { type ApiKey, fits, mayIngest, readToken } from "./api-key.ts";
import { errors, retryAfter, withDetails } from "./errors.ts";
import type { Keyring } from "./keyring.ts";

const challenge = { headers: { "www-authenticate": 'Bearer realm="swordlake"' } };

/** The token a request carries, in either of the usual headers. */
function tokenOf({ headers }: FastifyRequest): string | undefined {
  const bearer = /^bearer +(\S+) *$/i.exec(headers.authorization ?? "")?.[1];
  const own = headers["x-api-key"];
  return bearer ?? (typeof own === "string" ? own : headers.authorization && "");
}

/** The caller's key. Undefined where none was sent and none is asked for; throws 401 or 503. */
function keyOf(request: FastifyRequest, keyring: Keyring, isRequired: boolean): ApiKey | undefined {
  const token = tokenOf(request);
  if (token === undefined) {
    if (isRequired) throw withDetails(errors.KeyMissing(), challenge);
    return undefined;
  }
  const unread = keyring.unread();
  if (unread !== undefined) throw withDetails(errors.KeysUnread(), { headers: retryAfter });
  const parts = readToken(token);
  const key = parts && keyring.find(parts.id);
  if (!key || !fits(parts.secret, key)) throw withDetails(errors.KeyInvalid(), challenge);
  return key;
}

export interface Authentication {
  /** Undefined where keys can't be checked at all. */
  keyring: Keyring | undefined;
  /** Whether a request without a key is refused. */
  isRequired: boolean;
}

/** Checks the key of a request for a pipeline, or for 'metrics', or, undefined, for anything at all. */
export function authenticate(
  request: FastifyRequest,
  { keyring, isRequired }: Authentication,
  purpose: { pipeline: string } | "metrics" | undefined,
): ApiKey | undefined {
  if (!keyring) return undefined;
  const key = keyOf(request, keyring, isRequired);
  request.keyId = key?.id;
  if (!key || purpose === undefined) return key;
  const scope = purpose === "metrics" ? "metrics" : `ingest:${purpose.pipeline}`;
  const may = purpose === "metrics" ? key.scopes.includes("metrics") : mayIngest(key, purpose.pipeline);
  if (!may) throw errors.KeyScope(scope);
  return key;
}
