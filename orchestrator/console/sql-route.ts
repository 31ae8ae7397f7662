// The page's SQL box: questions to Trino that only read, within limits of rows, bytes and time.
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Engines } from "../engines/engines.ts";
import { connectTrino } from "../engines/trino.ts";
import type { Answer } from "./api.ts";
import { errors } from "./errors.ts";
import { readOnly } from "./read-only.ts";

const rowsMax = 1000;
const cellCharactersMax = 10_000;
const atOnceMax = 2;
const input = z.strictObject({ sql: z.string().max(20_000) });

/** Of this query alone; Trino ends it where it takes longer or reads more. */
const limits = { query_max_run_time: "30s", query_max_scan_physical_bytes: "4GB" };

/** Trino's rules let this user read and nothing else (stack/engines/trino.ts). */
export const readerName = "swordlake-console";

const bounded = (value: unknown) =>
  typeof value === "string" && value.length > cellCharactersMax
    ? `${value.slice(0, cellCharactersMax)}…`
    : value;

export function sqlRoute(server: FastifyInstance, { connection }: Engines): void {
  const lake = connectTrino(connection.addresses.trino, readerName);
  let running = 0;
  server.post("/api/sql", async (request): Promise<Answer & { tookMs: number }> => {
    const checked = readOnly(input.parse(request.body).sql);
    if ("problem" in checked) throw errors.Sql(checked.problem);
    if (running >= atOnceMax) throw errors.Busy(`${atOnceMax} questions run already: wait for one to end.`);
    running += 1;
    const started = performance.now();
    try {
      const { columns, rows, isCut = false } = await lake.query(checked.sql, limits, rowsMax);
      const tookMs = Math.round(performance.now() - started);
      return { columns, rows: rows.map((row) => row.map(bounded)), isCut, tookMs };
    } finally {
      running -= 1;
    }
  });
}
