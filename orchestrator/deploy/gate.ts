// Whether a version of a job got going: what it has read, and what it has landed. Looks, and never acts.
import { kafkaTopic } from "../../flink-sql/folders.ts";
import { insertsOf } from "../../flink-sql/statements.ts";
import type { Engines } from "../engines/engines.ts";
import type { RecordedJob } from "../engines/store.ts";
import { writtenBy } from "../maintain/tables.ts";

/** Checkpoints that a run has completed, or why it fails. */
export async function progressOf(
  { flink }: Engines,
  id: string,
): Promise<{ checkpoints: number } | { fault: string }> {
  const { failures, checkpoints } = await flink.progress(id);
  return failures > 0 ? { fault: await flink.failure(id) } : { checkpoints };
}

/** Up to where a job has read, and whether there is more to read. */
export async function reading(
  { kafka }: Engines,
  { pipeline, definition: { groups } }: Pick<RecordedJob, "definition" | "pipeline">,
): Promise<{ read: number; isBehind: boolean }> {
  const known = await kafka.topics();
  let read = 0;
  let isBehind = false;
  for (const [name, readers] of Object.entries(groups)) {
    const topic = kafkaTopic(pipeline, name);
    if (!known.includes(topic)) continue;
    const ends = await kafka.offsets(topic);
    for (const group of readers) {
      const committed = await kafka.committed(
        group,
        topic,
        ends.map(({ partition }) => partition),
      );
      for (const { partition, low, high } of ends) {
        const offset = Math.max(low, committed.get(partition) ?? 0);
        read += offset;
        isBehind ||= offset < high;
      }
    }
  }
  return { read, isBehind };
}

/** Whether any of these runs has committed anything to the job's tables: Iceberg notes the run in each snapshot. */
export async function hasLanded({ lake }: Engines, job: RecordedJob, runs: string[]): Promise<boolean> {
  const tables = insertsOf(job.definition.statements.at(-1)?.text ?? "").map(({ table }) => table);
  const declared = new Set(tables.filter((table) => /^\w+$/.test(table)));
  const known = await lake.query(
    `SELECT table_name FROM lake.information_schema.tables WHERE table_schema = '${job.pipeline}'`,
  );
  for (const [table] of known.rows) {
    if (!declared.has(String(table))) continue;
    const writers = await writtenBy(lake, { name: job.pipeline }, String(table));
    if (writers.some((written) => runs.includes(written.job))) return true;
  }
  return false;
}
