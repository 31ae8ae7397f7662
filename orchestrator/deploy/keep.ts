// The loops that keep what was applied running: engines that died, jobs that a JobManager forgot, upgrades whose
// orchestrator died. Decides nothing about versions: that is apply's business.
import type { Logger } from "pino";
import type { EngineProcess } from "../../stack/engine.ts";
import { programProcesses } from "../../stack/engines/programs.ts";
import { allOrEveryProblem } from "../../stack/fetch.ts";
import { nativeProcesses, startEngine } from "../../stack/native.ts";
import { knownProcesses, runningPid } from "../../stack/processes.ts";
import type { Engines } from "../engines/engines.ts";
import type { FlinkJob } from "../engines/flink.ts";
import type { RecordedJob } from "../engines/store.ts";
import { hasOwner } from "../rebuild/leases.ts";
import { rounds } from "../rounds.ts";
import { type Budget, createBudget } from "../watch/budget.ts";
import { settle } from "./settle.ts";
import { resumeJob } from "./submit.ts";
import { type OpenUpgrade, openUpgrades } from "./upgrades.ts";

const intervalMs = 1000;
/** A look costs little, and jobs must not wait long after an engine that they need is back. */
const jobsBackoffMsMax = 4000;

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
  const revive = async (engine: EngineProcess) => {
    logger.warn({ engine: engine.name }, "engine died; starting it again");
    await startEngine(instance, engine, signal);
    logger.info({ engine: engine.name }, "engine is back");
  };
  // Beside each other: one that doesn't come back holds up no other.
  await allOrEveryProblem(processes.filter(({ name }) => dead.includes(name)).map(revive));
}

/** What a look at the records and at Flink finds to be done for jobs; all empty where nothing is. */
export interface Duties {
  /** Submitted by someone who died before writing the id down: without it, its checkpoints are lost to us. */
  adopt: { job: RecordedJob; id: string }[];
  /** Second runs of a job. */
  cancel: FlinkJob[];
  /** Should run, and Flink has no run of them. */
  resume: RecordedJob[];
}

/** Jobs with an upgrade under way are left out: whoever ends that sees to them. Pure. */
export function dutiesOf(recorded: RecordedJob[], live: FlinkJob[], upgrading: string[]): Duties {
  const duties: Duties = { adopt: [], cancel: [], resume: [] };
  for (const job of recorded) {
    if (job.desired !== "running" || upgrading.includes(job.name)) continue;
    const runs = live.filter(({ name }) => name === job.name);
    const known = job.flinkJobId ?? job.askedJobId;
    const kept = runs.find(({ id }) => id === known) ?? runs[0];
    if (!kept) duties.resume.push(job);
    else if (job.flinkJobId === null) duties.adopt.push({ job, id: kept.id });
    duties.cancel.push(...runs.filter((run) => run !== kept));
  }
  return duties;
}

/** Finishes upgrades, and brings jobs to one run each. Another that holds the lease is left to it. */
async function tendJobs(engines: Engines, logger: Logger, budget: Budget): Promise<void> {
  const { flink, store } = engines;
  const look = async () => {
    const [recorded, open] = await Promise.all([store.jobs(), openUpgrades(store)]);
    // While tables are filled the old version goes on, and is brought back like any job; whoever fills them does the rest.
    const isLeft = await Promise.all(
      open.map(async (one) => one.phase !== "filling" || !(await hasOwner(store, one.job))),
    );
    const upgrades = open.filter((_, index) => isLeft[index]);
    const duties = dutiesOf(
      recorded,
      await flink.liveJobs(),
      open.filter(({ phase }) => phase !== "filling").map(({ job }) => job),
    );
    return { upgrades, ...duties };
  };
  const isDue = ({ upgrades, adopt, cancel, resume }: Duties & { upgrades: OpenUpgrade[] }) =>
    [upgrades, adopt, cancel, resume].some((list) => list.length > 0);
  if (!isDue(await look())) return;
  await store.withLease(async () => {
    const { upgrades, adopt, cancel, resume } = await look();
    for (const { name, id } of cancel) {
      logger.warn({ job: name, flinkJobId: id }, "job runs twice; cancelling the second run");
      await flink.cancel(id);
      await store.addHistory("cancel-double", name, { flinkJobId: id });
    }
    for (const { job, id } of adopt) await store.saveJob({ ...job, flinkJobId: id, askedJobId: undefined });
    for (const job of resume) {
      if (!budget.take(job.name, Date.now())) continue;
      logger.warn({ job: job.name }, "job isn't running; submitting it again");
      const { flinkJobId, restoredFrom } = await resumeJob(engines, job);
      logger.info({ job: job.name, flinkJobId, restoredFrom }, "job is back");
    }
    for (const upgrade of upgrades) {
      const outcome = await settle(engines, upgrade);
      if (outcome) logger.warn({ job: upgrade.job, phase: upgrade.phase }, outcome.says);
    }
  }, false);
}

/** Runs until aborted. A failed round is logged and tried again, ever more slowly. */
export async function keepRunning(engines: Engines, logger: Logger, signal: AbortSignal): Promise<void> {
  const budget = createBudget();
  const engineRound = async () => {
    await reviveEngines(engines, logger, signal);
    return intervalMs;
  };
  const jobRound = async () => {
    await tendJobs(engines, logger, budget);
    return intervalMs;
  };
  // Apart: jobs wait for engines, and an engine must come back while they do.
  await Promise.all([
    rounds("a round for the engines", engineRound, logger, signal),
    rounds("a round for the jobs", jobRound, logger, signal, jobsBackoffMsMax),
  ]);
}
