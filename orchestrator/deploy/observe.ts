// Looks at the engines and tells what is there. Never acts.

import type { Engines } from "../engines/engines.ts";
import { TrinoError } from "../engines/trino.ts";
import type { Observed } from "./reconcile.ts";

/** Topics, tables and live jobs; of `wanted` topics, their shapes. A catalog that no one has written to yet has no tables. */
export async function observe({ kafka, lake, flink }: Engines, wanted: string[]): Promise<Observed> {
  const tables = lake
    .query("SELECT table_schema || '.' || table_name FROM lake.information_schema.tables")
    .then(({ rows }) => rows.map(([name]) => String(name)))
    .catch((error: unknown) => {
      if (error instanceof TrinoError && /SQL schema/.test(error.message)) return [];
      throw error;
    });
  const topics = await kafka.topics();
  const [shapes, known, jobs] = await Promise.all([
    kafka.shapes(topics.filter((topic) => wanted.includes(topic))),
    tables,
    flink.liveJobs(),
  ]);
  return { topics, tables: known, jobs, shapes };
}
