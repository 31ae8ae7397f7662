// What the stack knows of one engine: how to prepare, start and probe it.
import type { Command } from "./processes.ts";

export const engineNames = [
  "postgres",
  "kafka",
  "minio",
  "hdfs",
  "jobmanager",
  "taskmanager",
  "gateway",
  "trino",
  "api",
  "orchestrator",
] as const;
export type EngineName = (typeof engineNames)[number];

/** One local process of an engine; HDFS has two. */
export interface EngineProcess {
  name: string;
  engine: EngineName;
  version: string;
  address: string;
  /** Processes that must be ready before this one starts. */
  needs: string[];
  /** Writes configuration and formats empty folders; doing it twice is harmless. */
  prepare(): Promise<void>;
  command(): Promise<Command>;
  /** Resolves once the engine really serves; throws while it doesn't. */
  probe(): Promise<void>;
}
