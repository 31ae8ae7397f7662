// Brings what the stack needs into the cache: jars, MinIO, the Kafka client's native addon.
import type { StackConfig } from "./config.ts";
import type { Store } from "./instance.ts";
import { fetchJars, type JarModule, missingJars } from "./jars.ts";
import { findJava } from "./jdk.ts";
import { buildMinio } from "./minio-binary.ts";

/** Tells what happens: which step, and a line about where it stands. */
export type Progress = (step: string, line: string) => void;

/** Jar folders that a store needs. */
export function jarsOf(store: Store): JarModule[] {
  const common: JarModule[] = ["kafka", "flink", "flink-connectors", "trino-main", "trino-iceberg"];
  return store === "hdfs" ? [...common, "hadoop", "trino-hdfs"] : common;
}

/** Waits for all; throws one error with every message where some failed. */
export async function allOrEveryProblem(work: Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const failed = results.flatMap((result) => (result.status === "rejected" ? [result.reason as Error] : []));
  if (failed.length === 1) throw failed[0];
  if (failed.length > 1) throw new AggregateError(failed, failed.map((error) => error.message).join("\n"));
}

/** Brings everything into the cache that this store needs. All missing tools are reported at once. */
export async function fetchEngines(config: StackConfig, store: Store, progress: Progress): Promise<void> {
  const jars = async () => {
    const missing = missingJars(config.cache, jarsOf(store));
    if (missing.length > 0)
      await fetchJars(config.cache, missing, await findJava(17), (l) => progress("jars", l));
  };
  const minio = async () => {
    if (store === "minio") await buildMinio(config.cache, (l) => progress("minio", l));
  };
  await allOrEveryProblem([findJava(17), findJava(25)]);
  await allOrEveryProblem([jars(), minio()]);
}
