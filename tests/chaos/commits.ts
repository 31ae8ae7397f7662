// Sees each commit to a pipeline's tables in the lake's catalog itself: Trino may be dead, and would be slow.
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { Instance } from "../../stack/instance.ts";

export interface Commit {
  table: string;
  atMs: number;
}

/** The first commit to any of the tables after a time; undefined where there was none. */
export const firstAfter = (commits: Commit[], tables: string[], ms: number): number | undefined =>
  commits.find(({ table, atMs }) => atMs > ms && tables.includes(table))?.atMs;

/** The longest time without a commit to any of the tables between two moments, in ms. */
export function longestPause(commits: Commit[], tables: string[], fromMs: number, toMs: number): number {
  const times = commits.flatMap(({ table, atMs }) =>
    tables.includes(table) && atMs > fromMs && atMs < toMs ? [atMs] : [],
  );
  const moments = [fromMs, ...times, toMs];
  return Math.max(...moments.slice(1).map((at, index) => at - moments[index]!));
}

const everyMs = 50;
const query = "SELECT table_name, metadata_location FROM iceberg_tables WHERE table_namespace = $1";

/** Adds to `commits` until aborted; goes on where Postgres was away. */
export async function watchCommits(
  { ports, secrets }: Pick<Instance, "ports" | "secrets">,
  pipeline: string,
  commits: Commit[],
  signal: AbortSignal,
): Promise<void> {
  const pool = new pg.Pool({
    host: "127.0.0.1",
    port: ports.postgres,
    user: "catalog",
    password: secrets.catalogPassword,
    database: "catalog",
    max: 1,
    connectionTimeoutMillis: 2000,
    query_timeout: 2000,
  });
  pool.on("error", () => {}); // the next query opens another connection
  const places = new Map<string, string>();
  while (!signal.aborted) {
    const { rows } = await pool.query(query, [pipeline]).catch(() => ({ rows: [] }));
    const atMs = Date.now();
    for (const { table_name: table, metadata_location: place } of rows) {
      if (places.has(table) && places.get(table) !== place) commits.push({ table, atMs });
      places.set(table, place);
    }
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
  await pool.end();
}
