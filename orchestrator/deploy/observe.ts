// Looks at the engines and tells what is there. Never acts.
import type { Engines } from "../engines/engines.ts";
import { tableNames } from "../lake-tables.ts";
import type { Observed } from "./reconcile.ts";

/** Topics, tables and live jobs; of `wanted` topics, their shapes. */
export async function observe(engines: Engines, wanted: string[]): Promise<Observed> {
  const { kafka, flink } = engines;
  const tables = tableNames(engines);
  const topics = await kafka.topics();
  const [shapes, known, jobs] = await Promise.all([
    kafka.shapes(topics.filter((topic) => wanted.includes(topic))),
    tables,
    flink.liveJobs(),
  ]);
  return { topics, tables: known, jobs, shapes };
}
