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

/** Where a reader of a job is in a partition, as Kafka knows it: the next record that it takes. */
export interface Position {
  group: string;
  topic: string;
  partition: number;
  offset: number;
  low: number;
  high: number;
}

/** Of every reader of a job, in every partition; one of which it has read nothing is read from its start. */
export async function positionsOf(
  { kafka }: Engines,
  { pipeline, definition: { groups } }: Pick<RecordedJob, "definition" | "pipeline">,
): Promise<Position[]> {
  const known = await kafka.topics();
  const found = Object.entries(groups)
    .map(([name, readers]) => ({ topic: kafkaTopic(pipeline, name), readers }))
    .filter(({ topic }) => known.includes(topic))
    .map(async ({ topic, readers }) => {
      const ends = await kafka.offsets(topic);
      const partitions = ends.map(({ partition }) => partition);
      const each = readers.map(async (group) => {
        const reached = await kafka.committed(group, topic, partitions);
        return ends.map(({ partition, low, high }) => {
          const offset = reached.get(partition) ?? low;
          return { group, topic, partition, offset, low, high };
        });
      });
      return (await Promise.all(each)).flat();
    });
  return (await Promise.all(found)).flat();
}

/** Up to where a job has read, and whether there is more to read. */
export async function reading(
  engines: Engines,
  job: Pick<RecordedJob, "definition" | "pipeline">,
): Promise<{ read: number; isBehind: boolean }> {
  const places = (await positionsOf(engines, job)).map(({ offset, low, high }) => ({
    offset: Math.max(low, offset),
    high,
  }));
  return {
    read: places.reduce((sum, { offset }) => sum + offset, 0),
    isBehind: places.some(({ offset, high }) => offset < high),
  };
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
