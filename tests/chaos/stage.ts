// The instance that chaos breaks: started and ended by the commands that a person would type, and looked at from beside.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filteredName } from "../../flink-sql/filters.ts";
import { loadPipelines } from "../../flink-sql/folders.ts";
import { writtenTables } from "../../flink-sql/statements.ts";
import { type DeclaredJob, declaredJobs } from "../../orchestrator/deploy/reconcile.ts";
import { openUpgrades } from "../../orchestrator/deploy/upgrades.ts";
import { resolveConnection } from "../../orchestrator/engines/connection.ts";
import { createFlink, type FlinkJob } from "../../orchestrator/engines/flink.ts";
import { openStore, type Store } from "../../orchestrator/engines/store.ts";
import { readStackConfig, type StackConfig } from "../../stack/config.ts";
import { type Instance, readInstance } from "../../stack/instance.ts";
import { runningPid } from "../../stack/processes.ts";
import { cleanStack, engineStates, stopStack } from "../../stack/stack.ts";
import { waitFor } from "../../stack/wait.ts";
import { type Commit, watchCommits } from "./commits.ts";
import { type Folder, makeFolder, pipelineName } from "./folder.ts";
import { createPrograms, type Programs } from "./programs.ts";

export interface Stage {
  /** Temporary: pipelines and journals. */
  home: string;
  folder: Folder;
  programs: Programs;
  config: StackConfig;
  /** Commits so far, in their order. */
  commits: Commit[];
  instance(): Instance;
  store(): Store;
  pidOf(name: string): Promise<number>;
  /** Ends a process of the instance by kill -9. Returns when, in ms. */
  kill(name: string): Promise<number>;
  jobs(): Promise<DeclaredJob[]>;
  runs(): Promise<FlinkJob[]>;
  /** Names of engines that don't serve now. */
  unhealthy(): Promise<string[]>;
  /** Ends all of it. Data and logs stay where `keep` says so. */
  end(what: "clean" | "down" | "keep"): Promise<void>;
}

/** Tables whose commits tell that a job lands rows; each job writes to `filtered`. */
export const tablesOf = ({ statements }: DeclaredJob): string[] =>
  writtenTables(statements).filter((table) => table !== filteredName);

/** Nothing runs yet; what an earlier run left is removed. */
export async function openStage(abort: AbortSignal): Promise<Stage> {
  const home = mkdtempSync(join(tmpdir(), "swordlake-chaos-"));
  mkdirSync(join(home, "journals"));
  const folder = makeFolder(home);
  const env = { STACK: "native", SWORDLAKE_INSTANCE: "chaos", SWORDLAKE_PIPELINES: folder.root };
  const config = readStackConfig({ ...process.env, ...env });
  const programs = createPrograms(env);
  abort.addEventListener("abort", () => void programs.end(), { once: true });
  const commits: Commit[] = [];
  const watching = new AbortController();
  let watched: Promise<void> | undefined;
  let store: Store | undefined;
  await cleanStack(config, () => {});

  const instance = () => {
    const found = readInstance(config);
    if (!found) throw new Error("The instance 'chaos' was never started.");
    return found;
  };
  const stage: Stage = {
    home,
    folder,
    programs,
    config,
    commits,
    instance,
    store: () => store!,
    async pidOf(name) {
      const pid = await runningPid(instance(), name);
      if (pid === undefined) throw new Error(`${name} doesn't run, so it can't be killed.`);
      return pid;
    },
    async kill(name) {
      process.kill(await stage.pidOf(name), "SIGKILL");
      return Date.now();
    },
    async jobs() {
      const [pipeline] = await loadPipelines([folder.root]);
      return declaredJobs(pipeline!);
    },
    runs: () => createFlink(resolveConnection(config).addresses.flink).liveJobs(),
    async unhealthy() {
      const states = await engineStates(config, instance());
      return states.flatMap(({ name, healthy }) => (healthy ? [] : [name]));
    },
    async end(what) {
      watching.abort();
      await programs.end();
      await Promise.allSettled([watched, store?.close()]);
      if (what === "keep") return;
      if (what === "clean") {
        await cleanStack(config, () => {});
        rmSync(home, { recursive: true, force: true });
      } else await stopStack(config, () => {});
    },
  };

  try {
    await programs.swordlake("up", "--only", pipelineName);
    abort.throwIfAborted();
    store = await openStore(resolveConnection(config).postgres, "chaos");
    watched = watchCommits(instance(), pipelineName, commits, watching.signal);
    return stage;
  } catch (error) {
    await stage.end(abort.aborted ? "clean" : "down");
    throw error;
  }
}

/** The job that chaos gives other versions. */
export const changedJob = `${pipelineName}/landing`;

/** The version of the changed job that the folder has. */
export async function versionOf(stage: Stage): Promise<string> {
  const found = (await stage.jobs()).find(({ name }) => name === changedJob);
  if (!found) throw new Error(`The folder has no job ${changedJob}.`);
  return found.hash;
}

/** What lacks until each of these jobs, and every other that should run, does so once, in a version that is allowed. */
async function whatLacks(stage: Stage, jobs: string[], versions: string[]): Promise<string[]> {
  const unhealthy = await stage.unhealthy();
  if (unhealthy.length > 0) return unhealthy.map((name) => `${name} doesn't serve`);
  const upgrades = await openUpgrades(stage.store());
  const [recorded, live] = await Promise.all([stage.store().jobs(), stage.runs()]);
  const stopped = jobs.filter(
    (name) => !recorded.some((job) => job.name === name && job.desired === "running"),
  );
  const wrong = recorded.flatMap(({ name, flinkJobId, desired }) => {
    const own = live.filter((run) => run.name === name);
    const ids = own.map(({ id, state }) => `${id} ${state}`).join(", ") || "no run";
    const isOnce = own.length === 1 && own[0]!.id === flinkJobId && own[0]!.state === "RUNNING";
    return desired !== "running" || isOnce ? [] : [`${name}: ${ids}, recorded ${flinkJobId}`];
  });
  const version = recorded.find(({ name }) => name === changedJob)?.sqlHash;
  return [
    ...upgrades.map(({ job, phase }) => `the upgrade of ${job} is ${phase}`),
    ...stopped.map((name) => `${name} isn't meant to run`),
    ...wrong,
    ...(versions.includes(`${version}`)
      ? []
      : [`${changedJob} is of version ${version}, not ${versions.join(" or ")}`]),
  ];
}

/** Waits until nothing lacks. Throws what does, where that takes too long. */
export async function waitWhole(
  stage: Stage,
  jobs: string[],
  versions: string[],
  abort: AbortSignal,
): Promise<void> {
  let lacking: string[] = [];
  await waitFor(
    "every engine serves and every job runs once",
    async () => {
      abort.throwIfAborted();
      lacking = await whatLacks(stage, jobs, versions).catch((error: Error) => [error.message]);
      return lacking.length === 0;
    },
    { intervalMs: 500, timeoutMs: 300_000 },
  ).catch((cause: Error) => {
    throw abort.aborted ? cause : new Error(`${cause.message}: ${lacking.join("; ")}`, { cause });
  });
}
