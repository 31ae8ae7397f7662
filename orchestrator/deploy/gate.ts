// Whether a version of a job got going: what it has read, and what it has landed. Looks, and never acts.
import { writtenTables } from "../../flink-sql/statements.ts";
import { waitFor } from "../../stack/wait.ts";
import type { Engines } from "../engines/engines.ts";
import type { RecordedJob } from "../engines/store.ts";
import { tableNames } from "../lake-tables.ts";
import { writtenBy } from "../maintain/tables.ts";
import { positionsOf } from "../positions.ts";

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
  engines: Engines,
  job: Pick<RecordedJob, "definition" | "pipeline">,
): Promise<{ read: number; isBehind: boolean }> {
  const places = (await positionsOf(engines, job.pipeline, job.definition.groups)).map(
    ({ offset, low, high }) => ({
      offset: Math.max(low, offset),
      high,
    }),
  );
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
