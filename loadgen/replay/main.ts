// The replay program: reads the command line, sends the files' rows, prints the summary, sets the exit code.
import { existsSync } from "node:fs";
import { CommanderError } from "commander";
import { loadPipelines } from "../../flink-sql/folders.ts";
import { UnreachableError, UsageError } from "../errors.ts";
import { continueJournal, createJournal, type Journal } from "../journal.ts";
import { findPipeline } from "../pipelines.ts";
import { checkReachable } from "../reach.ts";
import { noRows, sumOf } from "./book.ts";
import { type ReplayConfig, readReplayConfig } from "./config.ts";
import { createEventMaker } from "./event-maker.ts";
import { type Replay, startReplay } from "./replay.ts";
import { replayLine, replayProblems, replayText, toReplaySummary } from "./report.ts";
import { type Progress, type ReplayHeader, readProgress } from "./resume.ts";

const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const;
const progressMs = 250;
const linesMs = 5000;

/** A new journal, or with --resume the one that is there. */
async function openJournal(config: ReplayConfig): Promise<{ journal: Journal; before: Progress }> {
  const { journal: path, run, pipeline, url, files } = config;
  if (config.resume && existsSync(path)) {
    const before = await readProgress(path, run, files);
    return { journal: continueJournal(path, before.wholeBytes), before };
  }
  if (existsSync(path))
    throw new UsageError(
      `--journal '${path}' exists already. Go on with it by --resume, or name another: rows that were sent ` +
        "have the same event_ids and add nothing.",
    );
  const header: ReplayHeader = {
    run,
    pipeline,
    url,
    startedAt: new Date().toISOString(),
    files: files.map(({ path, size, hash }) => ({ path, size, hash })),
  };
  return { journal: createJournal(path, header), before: { counts: noRows(), wholeBytes: 0 } };
}

/** Shows progress until the returned function is called. */
function showProgress(replay: Replay, config: ReplayConfig, resumed: number): () => void {
  const isTerminal = process.stderr.isTTY === true;
  const bytesOfAll = config.files.reduce((sum, { size }) => sum + size, 0);
  let from: { ms: number; bytes: number } | undefined;
  const show = () => {
    const { state } = replay;
    // Skipping what is settled says nothing about how long the rest takes.
    if (state.rowsRead > 0) from ??= { ms: performance.now(), bytes: state.bytesRead };
    const { ms, bytes } = from ?? { ms: performance.now(), bytes: state.bytesRead };
    const rows = sumOf(state.counts);
    const ran = { rows: rows - resumed, bytes: state.bytesRead - bytes, ms: performance.now() - ms };
    const line = replayLine(state.bytesRead, bytesOfAll, rows, ran);
    process.stderr.write(isTerminal ? `\r\x1b[K${line}` : `${line}\n`);
  };
  const timer = setInterval(show, isTerminal ? progressMs : linesMs);
  return () => {
    clearInterval(timer);
    if (!isTerminal) return;
    show();
    process.stderr.write("\n");
  };
}

async function runReplay(config: ReplayConfig): Promise<number> {
  const pipeline = findPipeline(config.pipeline, await loadPipelines(config.pipelinesRoots));
  const maker = createEventMaker({ ...config, pipeline, key: config.keyColumn });
  await checkReachable(config.url);
  const { journal, before } = await openJournal(config);
  const resumed = sumOf(before.counts);
  const startedMs = performance.now();
  const replay = startReplay({
    ...config,
    maker,
    journal,
    before,
    pace: { rate: config.rate, speedUp: config.speedUp },
    onNote: (note) => console.error(note),
  });
  let interruptedBy: keyof typeof signalExitCodes | undefined;
  let interruptedMs = Number.NEGATIVE_INFINITY;
  const interrupt = (signal: keyof typeof signalExitCodes) => {
    // One Ctrl-C can arrive more than once; the second time a person gives it, nothing is waited for.
    if (performance.now() - interruptedMs < 500) return;
    interruptedMs = performance.now();
    replay.stop(interruptedBy ? 0 : undefined);
    interruptedBy ??= signal;
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  const endProgress = showProgress(replay, config, resumed);
  const { failure } = await replay.done;
  endProgress();
  journal.close();
  const summary = toReplaySummary(
    {
      run: config.run,
      pipeline: pipeline.name,
      url: config.url,
      journal: journal.path,
      files: config.files.map(({ path }) => path),
      resumed,
      durationMs: Math.round(performance.now() - startedMs),
      interrupted: interruptedBy !== undefined,
    },
    replay.state,
  );
  console.log(config.json ? JSON.stringify(summary) : replayText(summary));
  for (const problem of replayProblems(summary)) console.error(problem);
  if (failure) throw failure;
  if (interruptedBy) return signalExitCodes[interruptedBy];
  return summary.acked === summary.rows ? 0 : 1;
}

let exitCode: number;
try {
  exitCode = await runReplay(readReplayConfig(process.argv.slice(2)));
} catch (error) {
  if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(error instanceof Error ? error.message : error);
    exitCode = error instanceof UsageError || error instanceof UnreachableError ? error.exitCode : 1;
  }
}
// A queue that gave up would go on trying for a while.
process.exit(exitCode);
