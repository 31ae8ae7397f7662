// The loop that keeps what was applied running: engines that died, jobs that a JobManager forgot.
// Decides nothing about versions: that is apply's business.
import type { Logger } from "pino";
import { programProcesses } from "../../stack/engines/programs.ts";
import { nativeProcesses, startEngine } from "../../stack/native.ts";
import { knownProcesses, runningPid } from "../../stack/processes.ts";
import type { Engines } from "../engines/engines.ts";
import { rounds } from "../rounds.ts";
import { type Budget, createBudget } from "../watch/budget.ts";
import { resumeJob } from "./execute.ts";

const intervalMs = 1000;

/** Engines of this instance that were started here and have died since; each is started again. */
async function reviveEngines(
  { config, connection }: Engines,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const { instance } = connection;
  if (!instance) return;
  const known = knownProcesses(instance).filter((name) => name !== "orchestrator");
  const dead: string[] = [];
  for (const name of known) if ((await runningPid(instance, name)) === undefined) dead.push(name);
  if (dead.length === 0) return;
  // Containers are restarted by Docker; the API is a process of this machine in both modes.
  const processes =
    instance.mode === "native"
      ? await nativeProcesses(config, instance)
      : programProcesses({ instance, config });
  for (const engine of processes.filter((candidate) => dead.includes(candidate.name))) {
    logger.warn({ engine: engine.name }, "engine died; starting it again");
    await startEngine(instance, engine, signal);
    logger.info({ engine: engine.name }, "engine is back");
  }
}

/** Jobs that should run and that Flink doesn't know; each goes on from its newest checkpoint. */
async function reviveJobs(engines: Engines, logger: Logger, budget: Budget): Promise<void> {
  const lost = async () => {
    const [recorded, live] = await Promise.all([engines.store.jobs(), engines.flink.liveJobs()]);
    for (const job of recorded) {
      // Submitted by someone who died before writing the id down: without it, its checkpoints are lost to us.
      const run = live.find((running) => running.name === job.name);
      if (run && job.flinkJobId === null && job.desired === "running")
        await engines.store.withLease(() => engines.store.saveJob({ ...job, flinkJobId: run.id }), false);
    }
    return recorded.filter(
      (job) => job.desired === "running" && !live.some((running) => running.name === job.name),
    );
  };
  if ((await lost()).length === 0) return;
  await engines.store.withLease(async () => {
    for (const job of await lost()) {
      if (!budget.take(job.name, Date.now())) continue;
      logger.warn({ job: job.name }, "job isn't running; submitting it again");
      const { flinkJobId, restoredFrom } = await resumeJob(engines, job);
      logger.info({ job: job.name, flinkJobId, restoredFrom }, "job is back");
    }
  }, false);
}

/** Runs until aborted. A failed round is logged and tried again, ever more slowly. */
export async function keepRunning(engines: Engines, logger: Logger, signal: AbortSignal): Promise<void> {
  const budget = createBudget();
  const round = async () => {
    await reviveEngines(engines, logger, signal);
    await reviveJobs(engines, logger, budget);
    return intervalMs;
  };
  await rounds("a round", round, logger, signal);
}
