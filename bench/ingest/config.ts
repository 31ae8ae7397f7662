// Settings of the ingest bench, read from the environment once; refuses bad ones, naming each.
import { z } from "zod";
import { settingsOf } from "../stage.ts";

const settings = z.object({
  ROUNDS: z.coerce.number().int().min(1).max(50).default(5),
  SECONDS: z.coerce.number().int().min(2).max(120).default(8),
  CONNECTIONS: z.coerce.number().int().min(1).max(1000).default(64),
});

export interface BenchConfig {
  rounds: number;
  /** Length of one measurement. */
  seconds: number;
  connections: number;
  check: boolean;
}

/** The broker and the load; the collector has the other one for itself. */
export const loadCore = 0;
export const collectorCore = 1;

/** game-api with its own producer, with one that answers before the ack, with one that does nothing. */
export const variants = ["awaited", "not-awaited", "bare"] as const;
export type Variant = (typeof variants)[number];

export function readBenchConfig(args: string[], env: NodeJS.ProcessEnv = process.env): BenchConfig {
  const parsed = settings.safeParse(settingsOf(env));
  const unknown = args
    .filter((arg) => arg !== "--check")
    .map((arg) => `'${arg}' isn't an option: --check is`);
  const bad = parsed.success ? [] : parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`);
  if (!parsed.success || unknown.length > 0) throw new Error([...bad, ...unknown].join("\n"));
  return {
    rounds: parsed.data.ROUNDS,
    seconds: parsed.data.SECONDS,
    connections: parsed.data.CONNECTIONS,
    check: args.includes("--check"),
  };
}
