// Trino: the one place that queries the lake.
import { parse } from "lossless-json";
import { BasicAuth, Trino } from "trino-client";

export interface QueryResult {
  columns: { name: string; type: string }[];
  /** BIGINT and DECIMAL values are strings, exact whatever their size. */
  rows: unknown[][];
  /** There are more rows than `rowsMax`: the query was ended when it had so many. */
  isCut?: boolean;
}

export interface Lake {
  /** Throws TrinoError with Trino's message and the query. `session`: properties for this query alone. */
  query(sql: string, session?: Record<string, string>, rowsMax?: number): Promise<QueryResult>;
}

export class TrinoError extends Error {
  override name = "TrinoError";
  readonly code: string;
  readonly reason: string;
  constructor(sql: string, code: string, message: string) {
    super(`Trino refused the query: ${message}\n${sql.trim().split("\n").slice(0, 12).join("\n")}`);
    this.code = code;
    this.reason = message;
  }
}

/** JSON with numbers beyond 2^53 kept as their digits; the client would round them. */
const exactJson = (text: unknown) =>
  typeof text === "string" && text !== ""
    ? parse(text, undefined, (digits) =>
        Number.isSafeInteger(Number(digits)) || /[.eE]/.test(digits) ? Number(digits) : digits,
      )
    : text;

export function connectTrino(server: string, user = "swordlake"): Lake {
  const ask: Lake["query"] = async (sql, session = {}, rowsMax = Number.POSITIVE_INFINITY) => {
    const trino = Trino.create({ server, source: "swordlake", auth: new BasicAuth(user), session });
    // The client has no setting for how answers are parsed; its HTTP configuration does.
    const { client } = (trino as unknown as { client?: { clientConfig: object } }) ?? {};
    Object.assign(client?.clientConfig ?? {}, { transformResponse: [exactJson] });
    const result: QueryResult = { columns: [], rows: [] };
    for await (const page of await trino.query(sql)) {
      if (page.error) throw new TrinoError(sql, page.error.errorName, page.error.message);
      if (page.columns) result.columns = page.columns.map(({ name, type }) => ({ name, type }));
      for (const row of page.data ?? []) result.rows.push(row);
      if (result.rows.length > rowsMax) {
        result.rows.length = rowsMax;
        result.isCut = true;
        // It may have ended meanwhile.
        await trino.cancel(page.id).catch(() => undefined);
        break;
      }
    }
    const exact = result.columns.map(({ type }) => type === "bigint" || type.startsWith("decimal"));
    for (const row of result.rows)
      for (const [index, isExact] of exact.entries())
        if (isExact && row[index] !== null) row[index] = String(row[index]);
    return result;
  };
  return {
    query: (...args) =>
      ask(...args).catch((cause: Error) => {
        if (cause instanceof TrinoError) throw cause;
        // Nobody listens, or Trino ended while it worked: the client's words say neither who nor what to do.
        const says = `Trino at ${server} doesn't answer: ${cause.message}. 'npx swordlake status' tells whether it runs.`;
        throw new Error(says, { cause });
      }),
  };
}
