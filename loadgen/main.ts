// The load program: reads the command line, runs one load, prints its summary, sets the exit code.
import { CommanderError } from "commander";
import { loadPipelines } from "../flink-sql/folders.ts";
import { startClosedLoop } from "./closed-loop.ts";
import { type Config, readConfig } from "./config.ts";
import { UnreachableError, UsageError } from "./errors.ts";
import { createGenerator } from "./generate.ts";
import { createJournal } from "./journal.ts";
import type { Load } from "./load.ts";
import { startOpenLoop } from "./open-loop.ts";
import { findPipeline } from "./pipelines.ts";
import { countSends } from "./plan.ts";
import { createProgress, summaryText } from "./progress.ts";
import { checkReachable } from "./reach.ts";
import { problemsOf, toSummary } from "./summary.ts";

const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

async function runLoad(config: Config): Promise<number> {
  const { run, seed, url, events, duplicates, loop } = config;
  const pipeline = findPipeline(config.pipeline, await loadPipelines(config.pipelinesRoots));
  const generate = createGenerator({ ...config, pipeline });
  await checkReachable(url);
  const sends = countSends(events, duplicates);
  const startedAt = new Date().toISOString();
  const about = { run, seed, pipeline: pipeline.name, url };
  const journal = createJournal(config.journal, { ...about, startedAt, events, sends });
  const progress = createProgress(sends, process.stderr.isTTY === true, (text) => process.stderr.write(text));

  let interruptedBy: keyof typeof signalExitCodes | undefined;
  let load: Load | undefined;
  let interruptedMs = Number.NEGATIVE_INFINITY;
  const interrupt = (signal: keyof typeof signalExitCodes) => {
    // One Ctrl-C can arrive more than once, as the programs around this one pass it on.
    if (performance.now() - interruptedMs < 500) return;
    interruptedMs = performance.now();
    // The second time nothing is waited for any more; the journal is still closed.
    load?.stop(interruptedBy ? 0 : undefined);
    interruptedBy = signal;
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  const given = { ...config, pipeline: pipeline.name, generate, journal, onProgress: progress.show };
  load = loop === "open" ? startOpenLoop(given) : startClosedLoop(given);
  const { tally, failure } = await load.done;
  journal.close();
  progress.end(tally);
  const summary = toSummary({ ...about, loop, journal: journal.path, interrupted: !!interruptedBy }, tally);
  console.log(config.json ? JSON.stringify(summary) : summaryText(summary, tally.latencyBuckets()));
  for (const problem of problemsOf(summary, tally.firstSurprise())) console.error(problem);
  if (failure) throw failure;
  if (interruptedBy) return signalExitCodes[interruptedBy];
  return summary.unexpected > 0 || summary.shed > 0 || (summary.unknown > 0 && !config.allowUnknown) ? 1 : 0;
}

try {
  process.exitCode = await runLoad(readConfig(process.argv.slice(2)));
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof UsageError || error instanceof UnreachableError) {
    console.error(error.message);
    process.exitCode = error.exitCode;
  } else {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
