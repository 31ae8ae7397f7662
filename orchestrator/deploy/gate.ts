// Whether a version of a job got going: what it has read, and what it has landed. Looks, and never acts.
import { kafkaTopic } from "../../flink-sql/folders.ts";
import { writtenTables } from "../../flink-sql/statements.ts";
import { waitFor } from "../../stack/wait.ts";
import type { Engines } from "../engines/engines.ts";
import type { RecordedJob } from "../engines/store.ts";
import { tableNames } from "../lake-tables.ts";
import { writtenBy } from "../maintain/tables.ts";

/** Checkpoints that a run has completed, or why it fails. */
export async function progressOf(
  { flink }: Engines,
  id: string,
): Promise<{ checkpoints: number } | { fault: string }> {
  const { failedAt, checkpoints } = await flink.vitals(id);
  return failedAt.length > 0 ? { fault: await flink.failure(id) } : { checkpoints };
}

/** How long a run has until its first checkpoint. */
export const gateMsMax = 120_000;

/** Waits until a run has completed a checkpoint of its own. Throws, with Flink's reason, where it fails. */
export const firstCheckpoint = (engines: Engines, id: string): Promise<void> =>
  waitFor(
    `the first checkpoint of job ${id}`,
    async () => {
      const progress = await progressOf(engines, id);
      if ("fault" in progress) throw new Error(`Job ${id} fails: ${progress.fault}`);
      return progress.checkpoints > 0;
    },
    { intervalMs: 200, timeoutMs: gateMsMax },
  );

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
  const known = await tableNames({ lake });
  for (const table of writtenTables(job.definition.statements)) {
    if (!known.includes(`${job.pipeline}.${table}`)) continue;
    const writers = await writtenBy(lake, { name: job.pipeline }, table);
    if (writers.some((written) => runs.includes(written.job))) return true;
  }
  return false;
}
