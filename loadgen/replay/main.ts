// The replay program: reads the command line, sends the files' rows, prints the summary, sets the exit code.
import { existsSync } from "node:fs";
import { loadPipelines } from "../../flink-sql/folders.ts";
import { createEventMaker } from "../../flink-sql/row-events.ts";
import { createInterrupt, faultOf } from "../ending.ts";
import { UsageError } from "../errors.ts";
import { continueJournal, createJournal, type Journal } from "../journal.ts";
import { findPipeline } from "../pipelines.ts";
import { checkReachable } from "../reach.ts";
import { noRows, sumOf } from "./book.ts";
import { type ReplayConfig, readReplayConfig } from "./config.ts";
import { type Replay, startReplay } from "./replay.ts";
import { replayLine, replayProblems, replayText, toReplaySummary } from "./report.ts";
import { type Progress, type ReplayHeader, readProgress } from "./resume.ts";

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
  const interrupt = createInterrupt(replay.stop);
  process.on("SIGINT", interrupt.hear).on("SIGTERM", interrupt.hear);
  const endProgress = showProgress(replay, config, resumed);
  const { failure } = await replay.done;
  endProgress();
  journal.close();
  const interrupted = interrupt.exitCode();
  const summary = toReplaySummary(
    {
      run: config.run,
      pipeline: pipeline.name,
      url: config.url,
      journal: journal.path,
      files: config.files.map(({ path }) => path),
      resumed,
      durationMs: Math.round(performance.now() - startedMs),
      interrupted: interrupted !== undefined,
    },
    replay.state,
  );
  console.log(config.json ? JSON.stringify(summary) : replayText(summary));
  for (const problem of replayProblems(summary)) console.error(problem);
  if (failure) throw failure;
  if (interrupted !== undefined) return interrupted;
  return summary.acked === summary.rows ? 0 : 1;
}

let exitCode: number;
try {
  exitCode = await runReplay(readReplayConfig(process.argv.slice(2)));
} catch (error) {
  const fault = faultOf(error);
  exitCode = fault.exitCode;
  if (fault.message !== undefined) console.error(fault.message);
}
// A queue that gave up would go on trying for a while.
process.exit(exitCode);
