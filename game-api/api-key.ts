// The form of an API key, and how it is checked: made by `swordlake keys`, read by the API. Pure.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** What is kept of a key. Times in milliseconds. */
export interface ApiKey {
  id: string;
  name: string;
  salt: Buffer;
  hash: Buffer;
  /** 'ingest:<pipeline>', 'ingest:*', 'metrics', or 'deploy': for what the console changes. */
  scopes: string[];
  /** Events per second; undefined for no limit. */
  rate: number | undefined;
  expiresAtMs: number | undefined;
}

/** The prefix lets secret scanners find a key that was committed by mistake. */
const form = /^slk_([a-z2-7]{12})_([A-Za-z0-9_-]{43})$/;
const alphabet = "abcdefghijklmnopqrstuvwxyz234567";

export const scopeForm = /^(ingest:(\*|[a-z][a-z0-9_]{0,62})|metrics|deploy)$/;

/** 256 random bits need no slow hash: nobody can guess them, with or without one. */
const hashOf = (secret: string, salt: Buffer) => createHash("sha256").update(salt).update(secret).digest();

/** A new key: `token` is for its user and is shown once, the rest is kept. */
export function newToken(): { token: string; id: string; salt: Buffer; hash: Buffer } {
  const id = Array.from(randomBytes(12), (byte) => alphabet[byte % 32]).join("");
  const secret = randomBytes(32).toString("base64url");
  const salt = randomBytes(16);
  return { token: `slk_${id}_${secret}`, id, salt, hash: hashOf(secret, salt) };
}

/** Id and secret of a token; undefined where it can't be one. */
export function readToken(token: string): { id: string; secret: string } | undefined {
  const [, id, secret] = form.exec(token) ?? [];
  return id && secret ? { id, secret } : undefined;
}

/** Whether the secret is the key's own, in a time that tells nothing about it. */
export const fits = (secret: string, key: Pick<ApiKey, "salt" | "hash">): boolean =>
  timingSafeEqual(hashOf(secret, key.salt), key.hash);

/** Whether a key may send events to a pipeline. */
export const mayIngest = ({ scopes }: ApiKey, pipeline: string): boolean =>
  scopes.includes("ingest:*") || scopes.includes(`ingest:${pipeline}`);
