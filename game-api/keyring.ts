// The API keys as Postgres has them, read again every second: a revoked key is refused within two.
// While Postgres is away the last known keys stay valid, so that events are still taken.
import pg from "pg";
import type { ApiKey } from "./api-key.ts";

export interface Keyring {
  /** The key by its id, unless it is revoked or expired. */
  find(id: string): ApiKey | undefined;
  /** Why no key can be judged yet; undefined once the keys were read. */
  unread(): string | undefined;
  close(): Promise<void>;
}

const refreshMs = 1000;

const query = `SELECT id, name, salt, hash, scopes, rate, expires_at FROM api_keys
  WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`;

interface Row extends Omit<ApiKey, "rate" | "expiresAtMs"> {
  rate: number | null;
  expires_at: Date | null;
}

const toKey = ({ rate, expires_at, ...row }: Row): ApiKey => ({
  ...row,
  rate: rate ?? undefined,
  expiresAtMs: expires_at?.getTime(),
});

/** Starts reading at once. `url` is a postgres:// address; its password comes by PGPASSWORD. */
export function openKeyring(
  url: string,
  logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void },
): Keyring {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: 3000,
    query_timeout: 3000,
    application_name: "swordlake-api",
  });
  pool.on("error", () => {}); // an idle connection was lost; the next query opens another
  let keys: Map<string, ApiKey> | undefined;
  let trouble: string | undefined = "not read yet";
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function read(): Promise<void> {
    try {
      const { rows } = await pool.query<Row>(query);
      keys = new Map(rows.map((row) => [row.id, toKey(row)]));
      if (trouble !== undefined) logger.info({ keys: keys.size }, "API keys read");
      trouble = undefined;
    } catch (error) {
      const reason = (error as Error).message;
      if (trouble !== reason) logger.warn({ reason, known: keys?.size }, "API keys can't be read");
      trouble = reason;
    }
    if (!isClosed) timer = setTimeout(read, refreshMs).unref();
  }
  const first = read();

  return {
    find(id) {
      const key = keys?.get(id);
      const isOver = key?.expiresAtMs !== undefined && key.expiresAtMs <= Date.now();
      return isOver ? undefined : key;
    },
    unread: () => (keys ? undefined : trouble),
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await first;
      await pool.end();
    },
  };
}
