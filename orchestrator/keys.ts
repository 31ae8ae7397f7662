// API keys in Postgres: made, listed, revoked. Each change leaves a row in the history.
import { newToken } from "../game-api/api-key.ts";
import type { Transaction } from "./engines/store.ts";

export interface KeyRow {
  id: string;
  name: string;
  scopes: string[];
  rate: number | null;
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
}

export interface NewKey {
  name: string;
  scopes: string[];
  rate: number | undefined;
  expiresAt: Date | undefined;
}

const columns = "id, name, scopes, rate, created_at, expires_at, revoked_at";

/** Makes a key; the token is nowhere kept. */
export async function createKey(client: Transaction, key: NewKey): Promise<KeyRow & { token: string }> {
  const { token, id, salt, hash } = newToken();
  const { rows } = await client.query<KeyRow>(
    `INSERT INTO api_keys (id, name, salt, hash, scopes, rate, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${columns}`,
    [id, key.name, salt, hash, key.scopes, key.rate ?? null, key.expiresAt ?? null],
  );
  const { name, scopes, rate, expiresAt } = key;
  await client.addHistory("create-key", `key ${id}`, { name, scopes, rate, expiresAt });
  return { ...rows[0]!, token };
}

export const listKeys = async (client: Transaction): Promise<KeyRow[]> =>
  (await client.query<KeyRow>(`SELECT ${columns} FROM api_keys ORDER BY created_at, id`)).rows;

/** Throws, with the cure, where no such key is in force. */
async function keyInForce(client: Transaction, id: string): Promise<KeyRow> {
  const { rows } = await client.query<KeyRow>(`SELECT ${columns} FROM api_keys WHERE id = $1 FOR UPDATE`, [
    id,
  ]);
  const [key] = rows;
  if (!key) throw new Error(`No API key has the id '${id}'. 'npx swordlake keys list' shows all.`);
  if (key.revoked_at)
    throw new Error(`API key '${id}' was revoked at ${key.revoked_at.toISOString()} already.`);
  return key;
}

export async function revokeKey(client: Transaction, id: string): Promise<KeyRow> {
  const key = await keyInForce(client, id);
  await client.query("UPDATE api_keys SET revoked_at = now() WHERE id = $1", [id]);
  await client.addHistory("revoke-key", `key ${id}`, { name: key.name });
  return key;
}

/** A new key like the old one, which stays valid for `overlapMs` more. */
export async function rotateKey(
  client: Transaction,
  id: string,
  overlapMs: number,
): Promise<KeyRow & { token: string }> {
  const { name, scopes, rate, expires_at } = await keyInForce(client, id);
  const made = await createKey(client, {
    name,
    scopes,
    rate: rate ?? undefined,
    expiresAt: expires_at ?? undefined,
  });
  const until = new Date(Date.now() + overlapMs);
  await client.query("UPDATE api_keys SET expires_at = least(expires_at, $2::timestamptz) WHERE id = $1", [
    id,
    until,
  ]);
  await client.addHistory("rotate-key", `key ${id}`, { successor: made.id, until });
  return made;
}
