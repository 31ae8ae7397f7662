// The pipeline that a command names.
import type { PipelineFolder } from "../flink-sql/folders.ts";
import { UsageError } from "./errors.ts";

/** Throws UsageError with the names that are known. */
export function findPipeline(name: string, pipelines: PipelineFolder[]): PipelineFolder {
  const found = pipelines.find((pipeline) => pipeline.name === name);
  if (found) return found;
  const known = pipelines.map((pipeline) => pipeline.name).join(", ") || "none";
  throw new UsageError(`--pipeline '${name}' has no folder under flink-sql/. Known pipelines: ${known}.`);
}
