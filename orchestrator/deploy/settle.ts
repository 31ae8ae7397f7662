// Takes an upgrade on from wherever it is, until one of the two versions is whole: for the one who began it, and for
// whoever comes after an orchestrator that died in its middle.
import { waitFor } from "../../stack/wait.ts";
import type { Engines } from "../engines/engines.ts";
import { hasOwner } from "../rebuild/leases.ts";
import { dropStage } from "../rebuild/stage.ts";
import { exchangeAlone, toldOf, undoExchange } from "../rebuild/swap.ts";
import { gateMsMax, hasLanded, progressOf, reading } from "./gate.ts";
import { recordOf, runAgain, runsOf } from "./runs.ts";
import { newRunId, resumePath, runIdFor, submit } from "./submit.ts";
import { endUpgrade, type OpenUpgrade, openUpgrades, saveUpgrade, type Upgrade } from "./upgrades.ts";

export interface Outcome {
  /** Whether the new version has passed. */
  isWhole: boolean;
  /** What became of it, as a sentence. */
  says: string;
}

/** The old version again, with the state it stopped with; only where the new one has landed nothing. */
async function rollBack(engines: Engines, upgrade: Upgrade, reason: string): Promise<Outcome> {
  const { flink, store } = engines;
  const { job, old, next, runs } = upgrade;
  await saveUpgrade(store, { ...upgrade, phase: "rolling back", reason });
  // First: what it has committed by then is all that it will have.
  for (const id of await runsOf(engines, job)) if (runs.includes(id)) await flink.cancel(id);
  const recorded = await recordOf(engines, job);
  const isBack = recorded?.desired === "running" && recorded.sqlHash === old.sqlHash;
  if (!isBack && (await hasLanded(engines, next, runs))) {
    const id = await runAgain(engines, recorded ?? next);
    await dropStage(engines, upgrade, true);
    await endUpgrade(store, upgrade, "failing", { flinkJobId: id, sqlHash: next.sqlHash, reason });
    return {
      isWhole: false,
      says:
        `The new version of job ${job} fails, and has landed rows already: the old version would land them ` +
        `again, so it isn't brought back. Correct the SQL and apply it. Flink says: ${reason}`,
    };
  }
  if (!isBack) await undoExchange(engines, upgrade);
  const id = await runAgain(engines, isBack ? recorded : old);
  await dropStage(engines, upgrade);
  await endUpgrade(store, upgrade, "rollback", { flinkJobId: id, sqlHash: old.sqlHash, reason });
  return {
    isWhole: false,
    says:
      `The new version of job ${job} did not get going, so the old one runs again with its state as it was. ` +
      `Correct the SQL and apply it again. Flink says: ${reason}`,
  };
}

type Running = { id: string } | { fault: string };

/** The run of the new version; asked for where there is none, from where the last got to. */
async function runOfNext(engines: Engines, upgrade: Upgrade): Promise<Running> {
  const { flink, connection, store } = engines;
  const { job, old, next, runs } = upgrade;
  const recorded = await recordOf(engines, job);
  const wasAsked = recorded?.desired === "running" && recorded.sqlHash === next.sqlHash;
  const last = wasAsked ? recorded.flinkJobId : null;
  const [id] = (await runsOf(engines, job)).filter((run) => run === last || runs.includes(run));
  if (id !== undefined) {
    // Another command may have stopped it and begun another run meanwhile: for a restore point.
    if (!runs.includes(id)) await saveUpgrade(store, { ...upgrade, runs: [...runs, id] });
    return { id };
  }
  // A JobManager that died knows nothing of it; this one saw it end.
  if (last && (await flink.knows(last)))
    return { fault: `run ${last} is ${await flink.state(last)}: ${await flink.failure(last)}` };
  const path = wasAsked
    ? resumePath(recorded, connection.checkpoints)
    : (next.restorePath ?? old.restorePath);
  const asked = wasAsked ? await runIdFor(engines, recorded) : (runs.at(-1) ?? newRunId());
  // Its id first: what it lands forbids a rollback.
  await saveUpgrade(store, { ...upgrade, runs: [...new Set([...runs, asked])] });
  return submit(engines, next, path ?? undefined, asked).then(
    (id) => ({ id }),
    (error: Error) => ({ fault: error.message }),
  );
}

/** Looks once at a new version. Undefined where it has to be looked at again. */
async function gate(engines: Engines, upgrade: OpenUpgrade): Promise<Outcome | undefined> {
  const { job, old, next, readBefore, state, rebuild, ageMs } = upgrade;
  const run = await runOfNext(engines, upgrade);
  const progress = "id" in run ? { ...run, ...(await progressOf(engines, run.id)) } : run;
  if ("fault" in progress) {
    // With the runs that were asked for meanwhile.
    const [now] = await openUpgrades(engines.store, job);
    return rollBack(engines, now ?? upgrade, progress.fault);
  }
  if (progress.checkpoints > 0) {
    const { read, isBehind } = await reading(engines, next);
    if (read > readBefore || !isBehind) {
      const detail = { flinkJobId: progress.id, from: old.sqlHash, to: next.sqlHash, state };
      await dropStage(engines, upgrade, true);
      const made = rebuild ? toldOf(rebuild) : {};
      await endUpgrade(engines.store, upgrade, rebuild ? "rebuild" : "upgrade", { ...detail, ...made });
      return { isWhole: true, says: `The new version of job ${job} runs.` };
    }
  }
  if (ageMs <= gateMsMax) return undefined;
  const [now] = await openUpgrades(engines.store, job);
  return rollBack(engines, now ?? upgrade, `no checkpoint with new offsets within ${gateMsMax / 1000} s`);
}

/**
 * One step of an upgrade under way; needs the lease. Undefined where it has to be looked at again. Throws where an engine
 * is away: then it stays as it is written down.
 */
export async function settle(engines: Engines, upgrade: OpenUpgrade): Promise<Outcome | undefined> {
  const { job, phase, old, reason } = upgrade;
  if (phase === "gating") return gate(engines, upgrade);
  if (phase === "rolling back") return rollBack(engines, upgrade, reason ?? "no reason was written down");
  if (phase === "swapping") return exchangeAlone(engines, upgrade);
  const recorded = await recordOf(engines, job);
  // Stopped, or ended by a savepoint that nobody wrote down.
  if (recorded && old.desired === "running") await runAgain(engines, recorded);
  await dropStage(engines, upgrade);
  const action = upgrade.rebuild ? "rebuild-not-done" : "upgrade-not-begun";
  await endUpgrade(engines.store, upgrade, action, { sqlHash: old.sqlHash });
  return { isWhole: false, says: `The new version of job ${job} was not begun: the old one goes on.` };
}

/** Takes a job's upgrade to its end; undefined where none is under way. Needs the lease. */
export async function settleJob(engines: Engines, job: string): Promise<Outcome | undefined> {
  let outcome: Outcome | undefined;
  await waitFor(
    `the upgrade of job ${job} ends`,
    async () => {
      const [open] = await openUpgrades(engines.store, job);
      if (open) outcome = await settle(engines, open);
      return !open || outcome !== undefined;
    },
    { intervalMs: 300, timeoutMs: 2 * gateMsMax },
  );
  return outcome;
}

/** Ends what dead owners of rebuilds left, of a pipeline or of all: a plan made before would be of a job in between. */
export async function settleLeft(engines: Engines, pipeline: string | undefined): Promise<void> {
  for (const { job, phase, next, rebuild } of await openUpgrades(engines.store)) {
    if (!rebuild || (pipeline !== undefined && next.pipeline !== pipeline)) continue;
    if (phase === "filling" && (await hasOwner(engines.store, job))) continue;
    await settleJob(engines, job);
  }
}
