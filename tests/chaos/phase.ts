// One fault from its load to its verdict: events come in, something dies, all must be whole again, and every event
// must be where its journal says.
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import { waitFor } from "../../stack/wait.ts";
import { firstAfter, longestPause } from "./commits.ts";
import { faults } from "./faults.ts";
import { pipelineName } from "./folder.ts";
import type { PlannedFault } from "./plan.ts";
import type { Program } from "./programs.ts";
import { type Stage, tablesOf, versionOf, waitWhole } from "./stage.ts";
import { type Account, judge, type Line, type Seen } from "./verdict.ts";

/** Beyond what any phase takes: the load is ended when its fault is over. */
const loadSecondsMax = 1200;
const eventsPerRequest = 20;

const startLoad = (stage: Stage, rate: number, journal: string): Program =>
  stage.programs.start(
    "loadgen",
    ...["--url", `http://127.0.0.1:${stage.instance().ports.api}`, "--pipeline", pipelineName],
    ...["--endpoints", "visit,payment", "--rate", `${rate}`, "--events", `${rate * loadSecondsMax}`],
    ...[
      "--batch",
      `${eventsPerRequest}`,
      "--duplicates",
      "0.01",
      "--allow-unknown",
      "--json",
      "--journal",
      journal,
    ],
  );

/** Waits until every declared job has committed after a time. Returns when the last of them did, in ms. */
async function nextCommits(stage: Stage, ms: number, abort: AbortSignal): Promise<number> {
  let last = 0;
  await waitFor(
    "each job commits a new snapshot",
    async () => {
      abort.throwIfAborted();
      const firsts = (await stage.jobs()).map((job) => firstAfter(stage.commits, tablesOf(job), ms));
      last = Math.max(...firsts.map((at) => at ?? Number.POSITIVE_INFINITY));
      return Number.isFinite(last);
    },
    { timeoutMs: 300_000 },
  );
  return last;
}

async function takeAccount<Taken extends Ledger>(stage: Stage, ...more: string[]): Promise<Taken> {
  const args = ["ledger", pipelineName, "--json", "--wait", "240", ...more];
  const { stdout, stderr } = await stage.programs.start("swordlake", ...args).done;
  try {
    return JSON.parse(stdout);
  } catch (cause) {
    throw new Error(`the ledger says: ${stderr}`, { cause });
  }
}

/** Does one fault; `before`: the account before it, where one could be taken. Throws only where it was aborted: what goes wrong is in the line. */
export async function runPhase(
  stage: Stage,
  planned: PlannedFault,
  rate: number,
  before: Pick<Ledger, "landed" | "problems"> | undefined,
  tell: (line: string) => void,
  abort: AbortSignal,
): Promise<{ line: Line; account: Account | undefined }> {
  const journal = join(stage.home, "journals", `${planned.name}-${Date.now()}.ndjson`);
  const seen: Seen = {
    fault: planned.name,
    firstSnapshotMs: undefined,
    pauseMs: undefined,
    account: undefined,
    before: before ?? { landed: 0, problems: [] },
    jobs: [],
    troubles: [],
  };
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      abort.throwIfAborted();
      seen.troubles.push((error as Error).message.trim());
    }
  };
  await attempt(async () => {
    if (!before) seen.before = await takeAccount(stage);
  });
  const load = startLoad(stage, rate, journal);
  await attempt(async () => {
    tell("the load begins");
    const loadedMs = Date.now();
    await waitFor(
      "the load has begun",
      async () => {
        if (load.hasEnded()) throw new Error(`the load ended at its start: ${load.said()}`);
        return firstAfter(stage.commits, ["log"], loadedMs) !== undefined;
      },
      { timeoutMs: 120_000 },
    );
    await nextCommits(stage, loadedMs, abort);
    await delay(planned.waitMs, undefined, { signal: abort });
    tell("the fault");
    const running = (await stage.jobs()).map(({ name }) => name);
    const { atMs, versions, mend, note } = await faults[planned.name](stage, planned, abort);
    if (note) seen.note = note;
    tell(`${note ?? "done"}; waiting until all is whole again`);
    await waitWhole(stage, running, versions, abort);
    if (mend) {
      tell("apply, as a person does after it");
      await mend();
      const declared = (await stage.jobs()).map(({ name }) => name);
      await waitWhole(stage, declared, [await versionOf(stage)], abort);
    }
    seen.firstSnapshotMs = (await nextCommits(stage, atMs, abort)) - atMs;
    const wholeMs = await nextCommits(stage, Date.now(), abort);
    const pauses = (await stage.jobs()).map((job) =>
      longestPause(stage.commits, tablesOf(job), atMs, wholeMs),
    );
    seen.pauseMs = Math.max(...pauses);
  });
  tell("the load ends");
  load.signal("SIGINT");
  const loaded = await load.done;
  abort.throwIfAborted();
  // 130: ended by our own signal.
  if (loaded.exitCode !== 130)
    seen.troubles.push(`the load ended with ${loaded.exitCode}: ${loaded.stderr.trim()}`);
  tell("taking the account");
  await attempt(async () => {
    seen.account = await takeAccount<Account>(stage, "--journal", journal);
  });
  await attempt(async () => {
    const live = await stage.runs();
    const jobs = await stage.jobs();
    seen.jobs = jobs.map(({ name }) => ({ name, runs: live.filter((run) => run.name === name).length }));
    const strangers = live.filter(({ name }) => !jobs.some((job) => job.name === name));
    seen.troubles.push(...strangers.map(({ name, id }) => `${id} runs as ${name}, which nobody declares`));
    const { actions } = JSON.parse(await stage.programs.swordlake("apply", pipelineName, "--json"));
    seen.troubles.push(...actions.map((action: string) => `apply still had to do: ${action}`));
  });
  return { line: judge(seen), account: seen.account };
}
