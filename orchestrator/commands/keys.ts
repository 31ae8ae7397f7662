// keys: API keys made, listed, revoked and rotated by a person.
import { scopeForm } from "../../game-api/api-key.ts";
import { readStackConfig } from "../../stack/config.ts";
import { resolveConnection } from "../engines/connection.ts";
import { openStore, type Transaction } from "../engines/store.ts";
import { createKey, type KeyRow, listKeys, revokeKey, rotateKey } from "../keys.ts";
import { printJson, printLine, textTable } from "./output.ts";

const unitMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a time such as 90d. Throws for anything else. */
export function readDuration(option: string, text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (!count || !unit)
    throw new Error(`${option} ${text} is no time: give a number with s, m, h or d, such as 90d.`);
  return Number(count) * unitMs[unit]!;
}

function readScopes(scopes: string[]): string[] {
  const wrong = scopes.filter((scope) => !scopeForm.test(scope));
  if (wrong.length === 0) return scopes;
  throw new Error(
    `--scope ${wrong.join(" ")} is no scope: give ingest:<pipeline>, ingest:*, metrics or deploy.`,
  );
}

function readRate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rate = Number(text);
  if (Number.isInteger(rate) && rate > 0 && rate <= 10_000_000) return rate;
  throw new Error(`--rate ${text} is no rate: give events per second, a whole number from 1 to 10000000.`);
}

/** One transaction on the orchestrator's database. */
async function onKeys<T>(work: (client: Transaction) => Promise<T>): Promise<T> {
  const store = await openStore(resolveConnection(readStackConfig()).postgres);
  try {
    return await store.transaction(work);
  } finally {
    await store.close();
  }
}

function tellToken({ token, ...key }: KeyRow & { token: string }, json: boolean | undefined): void {
  if (json) {
    printJson({ ...key, token });
    return;
  }
  printLine(token);
  process.stderr.write(
    `Key ${key.id} (${key.name}), scopes ${key.scopes.join(" ")}. It is shown this once: keep it in a file of mode 0600.\n` +
      "Send it as 'Authorization: Bearer <key>'.\n",
  );
}

export async function create(
  name: string,
  options: { scope: string[]; rate?: string; expires?: string; json?: boolean },
): Promise<void> {
  if (!/^[\x20-\x7e]{1,100}$/.test(name))
    throw new Error(`The name '${name}' doesn't fit: 1 to 100 printable characters.`);
  const scopes = readScopes(options.scope);
  const rate = readRate(options.rate);
  const lastsMs = options.expires === undefined ? undefined : readDuration("--expires", options.expires);
  const expiresAt = lastsMs === undefined ? undefined : new Date(Date.now() + lastsMs);
  const made = await onKeys((client) => createKey(client, { name, scopes, rate, expiresAt }));
  tellToken(made, options.json);
}

export async function list(options: { json?: boolean }): Promise<void> {
  const keys = await onKeys(listKeys);
  if (options.json) return void printJson(keys);
  const state = ({ revoked_at, expires_at }: KeyRow) => {
    if (revoked_at) return `revoked ${revoked_at.toISOString()}`;
    if (!expires_at) return "valid";
    return `${expires_at.getTime() > Date.now() ? "valid until" : "expired"} ${expires_at.toISOString()}`;
  };
  const rows = keys.map((key) => [key.id, key.name, key.scopes.join(" "), key.rate, state(key)]);
  printLine(textTable(["id", "name", "scopes", "events/s", "state"], rows));
}

export async function revoke(id: string): Promise<void> {
  const key = await onKeys((client) => revokeKey(client, id));
  printLine(`Key ${id} (${key.name}) is revoked: the API refuses it within 2 seconds.`);
}

export async function rotate(id: string, options: { overlap: string; json?: boolean }): Promise<void> {
  const overlapMs = readDuration("--overlap", options.overlap);
  tellToken(await onKeys((client) => rotateKey(client, id, overlapMs)), options.json);
}
