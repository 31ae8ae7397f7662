// The stack's settings, read from the environment once. Nothing else in stack/ reads it.
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

export const repository = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

const port = z.coerce.number().int().min(1).max(65535).optional();

/** Names of the ports an instance has; each can be pinned by SWORDLAKE_<NAME>_PORT. */
export const portNames = [
  "api",
  "console",
  "kafka",
  "kafka_controller",
  "flink",
  "flink_rpc",
  "gateway",
  "trino",
  "postgres",
  "minio",
  "minio_console",
  "namenode",
  "namenode_http",
  "datanode",
  "datanode_ipc",
  "datanode_http",
] as const;
export type PortName = (typeof portNames)[number];

const settings = z.object({
  STACK: z.enum(["auto", "native", "compose", "external"]).default("auto"),
  STORE: z.enum(["minio", "hdfs"]).optional(),
  SWORDLAKE_INSTANCE: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "a-z, 0-9 and -, 32 at most")
    .default("default"),
  SWORDLAKE_HOME: z.string().default(join(repository, ".swordlake")),
  SWORDLAKE_CACHE: z.string().optional(),
  XDG_CACHE_HOME: z.string().default(join(homedir(), ".cache")),
  SWORDLAKE_PIPELINES: z.string().default(""),
  SWORDLAKE_LEDGER_SECONDS: z.coerce.number().int().min(0).max(86_400).default(300),
  SWORDLAKE_ALERT_WEBHOOK: z.url({ protocol: /^https?$/, error: "an http or https address" }).optional(),
  SWORDLAKE_ALERT_WEBHOOK_SECRET_FILE: z.string().optional(),
  ...Object.fromEntries(portNames.map((name) => [`SWORDLAKE_${name.toUpperCase()}_PORT`, port])),
});

export interface StackConfig {
  stack: "auto" | "native" | "compose" | "external";
  /** Undefined: what the instance had before, else minio. */
  store: "minio" | "hdfs" | undefined;
  instance: string;
  /** Folder of all instances. */
  home: string;
  /** Downloads, shared by all instances and checkouts. */
  cache: string;
  /** Roots of pipeline folders beside the checkout's own. */
  pipelineRoots: string[];
  pinnedPorts: Partial<Record<PortName, number>>;
  /** How often the orchestrator takes every ledger; 0 for never. */
  ledgerEveryMs: number;
  /** Where alerts are sent, and the file with the secret that signs them. */
  alertWebhook?: { url: string; secretFile: string | undefined };
}

/** Reads the environment. Throws one error that lists every bad variable with its value. */
export function readStackConfig(env: NodeJS.ProcessEnv = process.env): StackConfig {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = settings.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(
      (i) => `${i.path.join(".")}='${env[String(i.path[0])]}': ${i.message}`,
    );
    throw new Error(`The environment has settings that don't fit:\n${lines.join("\n")}`);
  }
  const pinned = portNames.map((name) => [name, given[`SWORDLAKE_${name.toUpperCase()}_PORT`]] as const);
  const numbers = pinned.flatMap(([, value]) => (value ? [Number(value)] : []));
  const twice = numbers.find((number, index) => numbers.indexOf(number) < index);
  if (twice) throw new Error(`Two SWORDLAKE_…_PORT variables ask for port ${twice}: give each its own.`);
  return {
    stack: parsed.data.STACK,
    store: parsed.data.STORE,
    instance: parsed.data.SWORDLAKE_INSTANCE,
    home: resolve(parsed.data.SWORDLAKE_HOME),
    cache: resolve(parsed.data.SWORDLAKE_CACHE ?? join(parsed.data.XDG_CACHE_HOME, "swordlake")),
    pipelineRoots: parsed.data.SWORDLAKE_PIPELINES.split(":")
      .filter(Boolean)
      .map((root) => resolve(root)),
    pinnedPorts: Object.fromEntries(
      pinned.filter(([, value]) => value).map(([name, value]) => [name, Number(value)]),
    ),
    ledgerEveryMs: parsed.data.SWORDLAKE_LEDGER_SECONDS * 1000,
    ...(parsed.data.SWORDLAKE_ALERT_WEBHOOK && {
      alertWebhook: {
        url: parsed.data.SWORDLAKE_ALERT_WEBHOOK,
        secretFile: parsed.data.SWORDLAKE_ALERT_WEBHOOK_SECRET_FILE,
      },
    }),
  };
}

/** The caller's environment, for child processes that need PATH and proxies. */
export const inheritedEnv = (): NodeJS.ProcessEnv => ({ ...process.env });
