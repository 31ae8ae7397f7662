// Removes rows that are older than their pipelines' retention, once each day (UTC), as long as the orchestrator runs.
import type { Logger } from "pino";
import { appliedPipelines, type Engines } from "../engines/engines.ts";
import { rounds } from "../rounds.ts";
import { retain } from "./retain.ts";

const lookMs = 60_000;

const dayOf = (at: Date) => at.toISOString().slice(0, 10);

/** Whether a day has begun since: the first one that is kept is counted in whole days. */
export const isNewDay = (since: Date, now: Date): boolean => dayOf(since) < dayOf(now);

/** When rows of a pipeline were last looked at for their age, by schedule or command. */
async function lastRetained({ store }: Engines, pipeline: string): Promise<Date | undefined> {
  const { rows } = await store.transaction((client) =>
    client.query("SELECT max(at) AS at FROM history WHERE action = 'retain' AND subject = $1", [pipeline]),
  );
  return rows[0]?.at ?? undefined;
}

/** Runs until aborted. What goes wrong is logged and tried again. */
export async function keepRetained(engines: Engines, logger: Logger, signal: AbortSignal): Promise<void> {
  const startedAt = new Date();
  // A refusal may last, such as that of a job that is down: each reason is logged once.
  const told = new Map<string, string>();
  const round = async () => {
    for (const pipeline of await appliedPipelines(engines)) {
      const { name, retention = {} } = pipeline;
      if (signal.aborted || Object.keys(retention).length === 0) continue;
      if (!isNewDay((await lastRetained(engines, name)) ?? startedAt, new Date())) continue;
      try {
        const { tables } = await retain(engines, pipeline, { dryRun: false, tell: () => {} });
        const removed = tables.filter(({ rows }) => rows > 0);
        if (removed.length > 0) logger.info({ pipeline: name, tables: removed }, "old rows removed");
        // Where there was nothing to remove it has left no row of its own.
        else await engines.store.addHistory("retain", name, { tables: [] });
        told.delete(name);
      } catch (error) {
        const reason = (error as Error).message;
        if (told.get(name) !== reason)
          logger.warn({ pipeline: name, reason }, "old rows are not removed yet");
        told.set(name, reason);
      }
    }
    return lookMs;
  };
  await rounds("a look at retention", round, logger, signal);
}
