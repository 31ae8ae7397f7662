// The SQL Gateway's REST API: sessions and statements. The one place that submits Flink SQL.
import axios, { type AxiosInstance, isAxiosError } from "axios";
import { z } from "zod";
import { waitFor } from "../../stack/wait.ts";

const session = z.object({ sessionHandle: z.string() });
const operation = z.object({ operationHandle: z.string() });
const status = z.object({ status: z.string() });
const results = z.object({
  resultType: z.string(),
  isQueryResult: z.boolean().optional(),
  jobID: z.string().optional(),
  nextResultUri: z.string().optional(),
  results: z
    .object({
      columns: z.array(z.object({ name: z.string() })),
      data: z.array(z.object({ kind: z.string(), fields: z.array(z.unknown()) })),
    })
    .optional(),
});

export interface StatementResult {
  columns: string[];
  rows: unknown[][];
  jobId: string | undefined;
}

/** Flink refused a statement; `reason` is the one useful line of its error. */
export class FlinkSqlError extends Error {
  override name = "FlinkSqlError";
  readonly statement: string;
  readonly reason: string;
  constructor(statement: string, reason: string, cause: unknown) {
    super(`Flink refused '${statement.split("\n")[0]?.slice(0, 80)} …': ${reason}`, { cause });
    this.statement = statement;
    this.reason = reason;
  }
}

/** The last cause of a Java stack trace, without the class name's package. */
export function rootCause(errors: string[]): string {
  const lines = errors.join("\n").split("\n");
  const causes = lines.filter((line) => /^(Caused by: |[\w.$]+(Exception|Error): )/.test(line));
  const last =
    causes.at(-1) ?? lines.find((line) => line.trim() && !line.startsWith("<")) ?? "no reason was given";
  const reason = last.replace(/^Caused by: /, "").replace(/^(?:[\w$]+\.)+([\w$]+): /, "$1: ");
  // Calcite tells the place in the cause before the last.
  const place = /(?:From|At) line (\d+), column (\d+)/.exec(causes.join("\n"));
  return place && !/\bline \d+/i.test(reason) ? `${reason} (line ${place[1]}, column ${place[2]})` : reason;
}

export interface GatewaySession {
  /** Runs one statement to its end; for a job, to its submission. Throws FlinkSqlError. */
  execute(statement: string): Promise<StatementResult>;
  close(): Promise<void>;
}

/** Opens a session with the given settings. Close it: the gateway keeps idle ones for minutes. */
export async function openSession(
  address: string,
  properties: Record<string, string>,
): Promise<GatewaySession> {
  const http = axios.create({ baseURL: `${address}/v1`, timeout: 60_000 });
  const opened = session.parse((await http.post("/sessions", { properties })).data);
  const path = `/sessions/${opened.sessionHandle}`;
  return {
    execute: (statement) => execute(http, path, statement),
    async close() {
      await http.delete(path).catch(() => undefined); // it may have expired or died with the gateway
    },
  };
}

async function execute(http: AxiosInstance, session: string, statement: string): Promise<StatementResult> {
  try {
    const started = operation.parse((await http.post(`${session}/statements`, { statement })).data);
    const path = `${session}/operations/${started.operationHandle}`;
    await waitFor(
      "the SQL Gateway ends a statement",
      async () =>
        !["PENDING", "RUNNING", "INITIALIZED"].includes(
          status.parse((await http.get(`${path}/status`)).data).status,
        ),
      { intervalMs: 30, timeoutMs: 180_000 },
    );
    return await fetchAll(http, `${path}/result/0?rowFormat=JSON`);
  } catch (error) {
    if (!isAxiosError(error) || !error.response) throw error;
    const errors = (error.response.data as { errors?: string[] }).errors ?? [String(error.response.status)];
    throw new FlinkSqlError(statement, rootCause(errors), errors.join("\n"));
  }
}

async function fetchAll(http: AxiosInstance, first: string): Promise<StatementResult> {
  const all: StatementResult = { columns: [], rows: [], jobId: undefined };
  let next: string | undefined = first;
  while (next) {
    const page: z.infer<typeof results> = results.parse((await http.get(next.replace(/^\/v\d+/, ""))).data);
    all.jobId ??= page.jobID;
    if (page.results) {
      all.columns = page.results.columns.map((column) => column.name);
      all.rows.push(...page.results.data.map((row) => row.fields));
    }
    next = page.resultType === "EOS" ? undefined : page.nextResultUri;
    if (page.resultType === "NOT_READY") await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return all;
}
