// Drops restore points that are no longer kept, and savepoints that no job and no point needs.
import { existsSync } from "node:fs";
import { type Engines, readablePipelines } from "../engines/engines.ts";
import { unkept, unneeded } from "./kept.ts";
import { dropPoints, listPoints } from "./points.ts";

/** Whether a savepoint is there; undefined where this machine can't see: it lies in a store of the user's own. */
export function savepointThere(path: string): boolean | undefined {
  return path.startsWith("file:") ? existsSync(new URL(`${path}/_metadata`)) : undefined;
}

/** Removes savepoints of a pipeline's stops that nothing needs any more. One that can't be is tried next time. */
async function removeSavepoints({ flink, store }: Engines, pipeline: string): Promise<void> {
  const { rows } = await store.transaction((client) =>
    client.query(
      `SELECT DISTINCT detail->>'savepoint' AS path, subject FROM history AS taken
       WHERE action = 'stop' AND split_part(subject, '/', 1) = $1 AND detail->>'flinkJobId' IS NOT NULL
         AND detail->>'savepoint' IS NOT NULL AND NOT EXISTS (SELECT FROM history AS gone
           WHERE gone.action = 'drop-savepoint' AND gone.detail->>'savepoint' = taken.detail->>'savepoint')`,
      [pipeline],
    ),
  );
  const unused = unneeded(
    rows.map(({ path }) => String(path)),
    await store.jobs(),
    await listPoints(store, pipeline),
  );
  for (const path of unused) {
    const removed = savepointThere(path) === false || (await flink.disposeSavepoint(path));
    const job = rows.find((row) => row.path === path)?.subject;
    if (removed) await store.addHistory("drop-savepoint", String(job), { savepoint: path });
  }
}

/**
 * Drops points beyond what the pipeline keeps. With `holdsLease` their savepoints too; else, only where nobody holds the
 * orchestrator's lease: a savepoint that was made a moment ago may not be written down yet.
 */
export async function prune(engines: Engines, pipeline: string, holdsLease: boolean): Promise<void> {
  const { config, store } = engines;
  // A folder that is broken must not make a stop look as if it had left no point.
  const folder = (await readablePipelines(config)).pipelines.find(({ name }) => name === pipeline);
  if (folder) {
    const points = unkept(await listPoints(store, pipeline), folder.maintenance, new Date());
    await dropPoints(store, points, "no longer among the newest, or too old");
  }
  const remove = () => removeSavepoints(engines, pipeline);
  await (holdsLease ? remove() : store.withLease(remove, false));
}

/** Drops the points of a pipeline from before a moment: their snapshots hold rows that had to go. */
export async function dropPointsBefore(
  engines: Engines,
  pipeline: string,
  before: Date,
  reason: string,
): Promise<void> {
  const points = (await listPoints(engines.store, pipeline)).filter(({ at }) => at < before);
  await dropPoints(engines.store, points, reason);
  if (points.length > 0) await engines.store.withLease(() => removeSavepoints(engines, pipeline), false);
}
