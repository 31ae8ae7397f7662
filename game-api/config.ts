// Owns the environment of game-api: read once, at the door. Refuses to start on any bad value
// and names all of them in one error.
import { availableParallelism } from "node:os";
import { z } from "zod";
import { rootsWith } from "../flink-sql/folders.ts";

const MiB = 1024 * 1024;

const count = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

const flag = z.enum(["true", "false"]).transform((word) => word === "true");

const environment = z.object({
  SWORDLAKE_KAFKA: z.string().min(1, "host:port of at least one broker expected").default("127.0.0.1:9092"),
  SWORDLAKE_API_HOST: z.string().min(1).default("127.0.0.1"),
  SWORDLAKE_API_PORT: count(4000, 0, 65_535),
  SWORDLAKE_PIPELINES: z.string().default(""),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  /** true, false, or the proxies' addresses with commas between them. */
  SWORDLAKE_TRUST_PROXY: z
    .union([flag, z.string().transform((list) => list.split(",").map((address) => address.trim()))])
    .default(false),
  SWORDLAKE_API_PROCESSES: count(availableParallelism(), 1, 256),
  /** Origins of web pages that may send events, commas between; none by default. */
  SWORDLAKE_API_CORS_ORIGINS: z
    .string()
    .default("")
    .transform((list) => list.split(",").flatMap((origin) => origin.trim() || [])),
  /** keys: every request needs one; open: one is checked where it is sent. */
  SWORDLAKE_API_AUTH: z.enum(["open", "keys"]).default("open"),
  /** Where the API keys are; the password comes by PGPASSWORD. */
  SWORDLAKE_API_KEYS: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  SWORDLAKE_API_RATE_PER_ADDRESS: count(0, 0, 10_000_000),
  SWORDLAKE_API_BODY_BYTES_MAX: count(MiB, 1024, 16 * MiB),
  SWORDLAKE_API_BATCH_BYTES_MAX: count(5 * MiB, 1024, 256 * MiB),
  SWORDLAKE_API_BATCH_EVENTS_MAX: count(10_000, 1, 50_000),
  SWORDLAKE_API_QUEUE_EVENTS_MAX: count(50_000, 1, 1_000_000),
  SWORDLAKE_API_LATE_MS_MAX: count(500, 50, 60_000),
  SWORDLAKE_API_HEADERS_TIMEOUT_MS: count(10_000, 1000, 120_000),
  SWORDLAKE_API_REQUEST_TIMEOUT_MS: count(10_000, 2000, 120_000),
  SWORDLAKE_API_DELIVERY_TIMEOUT_MS: count(8000, 1000, 110_000),
  /** Given by the primary to a worker that takes another's place. */
  SWORDLAKE_API_SETTLE_MS: count(0, 0, 60_000),
});

export interface Limits {
  bodyBytesMax: number;
  batchBytesMax: number;
  batchEventsMax: number;
  /** Within this time all headers of a request are here; what is longer than the next counts as the next. */
  headersTimeoutMs?: number;
  /** Within this time every request has its answer. */
  requestTimeoutMs: number;
}

export interface Config {
  kafka: string;
  host: string;
  port: number;
  pipelineRoots: string[];
  logLevel: string;
  trustProxy: boolean | string[];
  /** Events that wait for the broker's ack at any one time; beyond it, 503. */
  queueEventsMax: number;
  /** How late the event loop may run; beyond it, 503 for what comes in. */
  lateMsMax: number;
  /** How long the broker may take to ack; must stay below the request's own deadline. */
  deliveryTimeoutMs: number;
  limits: Limits;
  /** How long to wait for the broker before the first connection is taken. */
  settleMs: number;
  /** Worker processes that share the port; 1 for a process alone. */
  processes: number;
  corsOrigins: string[];
  auth: "open" | "keys";
  keysUrl: string | undefined;
  /** Events per second of one address; 0 for no limit. */
  ratePerAddress: number;
}

/** Longest time between a delivery's timeout and its answer on the wire. */
const answerMarginMs = 1500;

function problemsOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

const isLoopback = (host: string) =>
  host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);

/** Reads the environment. Throws one error that lists every bad value. */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  // An empty variable counts as unset: `export NAME=` is how shells and compose files say "none".
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = environment.safeParse(given);
  const problems = parsed.success ? [] : problemsOf(parsed.error);
  const e = parsed.data;
  if (e && e.SWORDLAKE_API_DELIVERY_TIMEOUT_MS + answerMarginMs > e.SWORDLAKE_API_REQUEST_TIMEOUT_MS)
    problems.push(
      `SWORDLAKE_API_DELIVERY_TIMEOUT_MS: ${e.SWORDLAKE_API_DELIVERY_TIMEOUT_MS} leaves no time to answer ` +
        `within SWORDLAKE_API_REQUEST_TIMEOUT_MS (${e.SWORDLAKE_API_REQUEST_TIMEOUT_MS}): ` +
        `keep it ${answerMarginMs} below`,
    );
  if (e?.SWORDLAKE_API_AUTH === "keys" && !e.SWORDLAKE_API_KEYS)
    problems.push("SWORDLAKE_API_KEYS: SWORDLAKE_API_AUTH=keys needs the postgres:// address of the keys");
  if (e?.SWORDLAKE_API_AUTH === "open" && !isLoopback(e.SWORDLAKE_API_HOST))
    problems.push(
      `SWORDLAKE_API_HOST: ${e.SWORDLAKE_API_HOST} can be reached from other machines, and no key is asked for: ` +
        "set SWORDLAKE_API_AUTH=keys, or listen on 127.0.0.1",
    );
  if (!e || problems.length > 0)
    throw new Error(`The environment of game-api is wrong:\n  ${problems.join("\n  ")}`);
  return {
    kafka: e.SWORDLAKE_KAFKA,
    host: e.SWORDLAKE_API_HOST,
    port: e.SWORDLAKE_API_PORT,
    pipelineRoots: rootsWith(e.SWORDLAKE_PIPELINES),
    logLevel: e.LOG_LEVEL,
    trustProxy: e.SWORDLAKE_TRUST_PROXY,
    processes: e.SWORDLAKE_API_PROCESSES,
    settleMs: e.SWORDLAKE_API_SETTLE_MS,
    corsOrigins: e.SWORDLAKE_API_CORS_ORIGINS,
    auth: e.SWORDLAKE_API_AUTH,
    keysUrl: e.SWORDLAKE_API_KEYS,
    ratePerAddress: e.SWORDLAKE_API_RATE_PER_ADDRESS,
    queueEventsMax: e.SWORDLAKE_API_QUEUE_EVENTS_MAX,
    lateMsMax: e.SWORDLAKE_API_LATE_MS_MAX,
    deliveryTimeoutMs: e.SWORDLAKE_API_DELIVERY_TIMEOUT_MS,
    limits: {
      bodyBytesMax: e.SWORDLAKE_API_BODY_BYTES_MAX,
      batchBytesMax: e.SWORDLAKE_API_BATCH_BYTES_MAX,
      batchEventsMax: e.SWORDLAKE_API_BATCH_EVENTS_MAX,
      headersTimeoutMs: e.SWORDLAKE_API_HEADERS_TIMEOUT_MS,
      requestTimeoutMs: e.SWORDLAKE_API_REQUEST_TIMEOUT_MS,
    },
  };
}
