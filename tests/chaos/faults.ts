// The faults themselves: what is killed, stopped or applied. Each says what may be whole after it, and what a person
// then does.
import { renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openUpgrades } from "../../orchestrator/deploy/upgrades.ts";
import { waitFor } from "../../stack/wait.ts";
import { pipelineName } from "./folder.ts";
import type { FaultName, PlannedFault } from "./plan.ts";
import type { Program } from "./programs.ts";
import { changedJob, type Stage, versionOf } from "./stage.ts";

export interface Struck {
  /** When it happened, in ms. */
  atMs: number;
  /** Versions of the changed job of which one must be whole afterwards. */
  versions: string[];
  /** What a person does once one is. */
  mend?: () => Promise<void>;
  /** Where it struck. */
  note?: string;
}

type Fault = (stage: Stage, planned: PlannedFault, abort: AbortSignal) => Promise<Struck>;

const postgresAwayMs = 60_000;
/** An apply that adds tables and a job takes several steps: it may die in any. */
const stepsOfApply = 4;

const applyAll = (stage: Stage) => async (): Promise<void> => {
  await stage.programs.swordlake("apply", pipelineName);
};

const killed =
  (name: string): Fault =>
  async (stage) => ({ versions: [await versionOf(stage)], atMs: await stage.kill(name) });

/** Ends a command and the standing orchestrator at once, and starts the latter again. Returns when, in ms. */
async function killCommand(stage: Stage, command: Program): Promise<number> {
  command.signal("SIGKILL");
  const atMs = await stage.kill("orchestrator");
  await command.done;
  await stage.programs.swordlake("up", "--no-apply");
  return atMs;
}

/** Applies, and kills the command once its upgrade is in a phase. */
async function killInPhase(
  stage: Stage,
  phase: string,
  { intoMs }: PlannedFault,
  abort: AbortSignal,
): Promise<Pick<Struck, "atMs" | "note">> {
  const command = stage.programs.start("swordlake", "apply", pipelineName);
  const phaseNow = async () => (await openUpgrades(stage.store(), changedJob))[0]?.phase;
  await waitFor(
    `the upgrade is ${phase}`,
    async () => {
      if (command.hasEnded()) throw new Error(`apply ended before it was ${phase}: ${command.said()}`);
      return (await phaseNow()) === phase;
    },
    { intervalMs: 20, timeoutMs: 180_000 },
  );
  await delay(intoMs, undefined, { signal: abort });
  const struckIn = (await phaseNow()) ?? "done";
  return {
    atMs: await killCommand(stage, command),
    note: `${intoMs} ms into '${phase}', when it was '${struckIn}'`,
  };
}

const killedInUpgrade =
  (phase: "stopping" | "gating"): Fault =>
  async (stage, planned, abort) => {
    const before = await versionOf(stage);
    stage.folder.change();
    const versions = [before, await versionOf(stage)];
    return { ...(await killInPhase(stage, phase, planned, abort)), versions, mend: applyAll(stage) };
  };

export const faults: Record<FaultName, Fault> = {
  taskmanager: killed("taskmanager"),
  jobmanager: killed("jobmanager"),
  gateway: killed("gateway"),
  trino: killed("trino"),
  "upgrade-stopping": killedInUpgrade("stopping"),
  "upgrade-gating": killedInUpgrade("gating"),

  async orchestrator(stage) {
    const versions = [await versionOf(stage)];
    const atMs = await stage.kill("orchestrator");
    await stage.programs.swordlake("up", "--no-apply");
    return { atMs, versions };
  },

  async apply(stage, { intoMs }, abort) {
    const versions = [await versionOf(stage)];
    stage.folder.addJob();
    const command = stage.programs.start("swordlake", "apply", pipelineName);
    await waitFor(
      "apply has begun",
      async () => {
        if (command.hasEnded()) throw new Error(`apply ended at its start: ${command.said()}`);
        return command.said().includes("+ tables");
      },
      { intervalMs: 20, timeoutMs: 180_000 },
    );
    await delay(intoMs * stepsOfApply, undefined, { signal: abort });
    const step = command.said().trim().split("\n").at(-1);
    return {
      atMs: await killCommand(stage, command),
      versions,
      mend: applyAll(stage),
      note: `${intoMs * stepsOfApply} ms after it began, at '${step}'`,
    };
  },

  async rollback(stage, planned, abort) {
    const versions = [await versionOf(stage)];
    stage.folder.spoil();
    try {
      return { ...(await killInPhase(stage, "rolling back", planned, abort)), versions };
    } finally {
      stage.folder.restore();
    }
  },

  async postgres(stage, _planned, abort) {
    const versions = [await versionOf(stage)];
    const file = join(stage.instance().folder, "run/postgres.json");
    const pid = await stage.pidOf("postgres");
    // What the orchestrator doesn't know it doesn't start again.
    renameSync(file, `${file}.away`);
    try {
      process.kill(pid, "SIGKILL");
      const atMs = Date.now();
      await delay(postgresAwayMs, undefined, { signal: abort });
      return { atMs, versions, note: `away for ${postgresAwayMs / 1000} s` };
    } finally {
      renameSync(`${file}.away`, file);
    }
  },

  async upgrade(stage) {
    stage.folder.change();
    const versions = [await versionOf(stage)];
    const atMs = Date.now();
    await stage.programs.swordlake("apply", pipelineName);
    return { atMs, versions };
  },

  async "failing-upgrade"(stage) {
    const versions = [await versionOf(stage)];
    stage.folder.spoil();
    const atMs = Date.now();
    const { exitCode, stderr } = await stage.programs.start("swordlake", "apply", pipelineName).done;
    stage.folder.restore();
    if (exitCode !== 1 || !/the old one runs again/.test(stderr))
      throw new Error(`apply should have rolled back, and exits with ${exitCode}: ${stderr}`);
    return { atMs, versions };
  },
};
