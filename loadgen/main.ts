// The load program: reads the command line, runs one load, prints its summary, sets the exit code.
import { loadPipelines } from "../flink-sql/folders.ts";
import { startClosedLoop } from "./closed-loop.ts";
import { type Config, readConfig } from "./config.ts";
import { createInterrupt, faultOf } from "./ending.ts";
import { createGenerator } from "./generate.ts";
import { createJournal } from "./journal.ts";
import type { Load } from "./load.ts";
import { startOpenLoop } from "./open-loop.ts";
import { findPipeline } from "./pipelines.ts";
import { countSends } from "./plan.ts";
import { createProgress, summaryText } from "./progress.ts";
import { checkReachable } from "./reach.ts";
import { problemsOf, toSummary } from "./summary.ts";

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

  let load: Load | undefined;
  // The journal is still closed, whatever is waited for.
  const interrupt = createInterrupt((drainMs) => load?.stop(drainMs));
  process.on("SIGINT", interrupt.hear).on("SIGTERM", interrupt.hear);
  const given = { ...config, pipeline: pipeline.name, generate, journal, onProgress: progress.show };
  load = loop === "open" ? startOpenLoop(given) : startClosedLoop(given);
  const { tally, failure } = await load.done;
  journal.close();
  progress.end(tally);
  const interrupted = interrupt.exitCode();
  const summary = toSummary(
    { ...about, loop, journal: journal.path, interrupted: interrupted !== undefined },
    tally,
  );
  console.log(config.json ? JSON.stringify(summary) : summaryText(summary, tally.latencyBuckets()));
  for (const problem of problemsOf(summary, tally.firstSurprise())) console.error(problem);
  if (failure) throw failure;
  if (interrupted !== undefined) return interrupted;
  return summary.unexpected > 0 || summary.shed > 0 || (summary.unknown > 0 && !config.allowUnknown) ? 1 : 0;
}

try {
  process.exitCode = await runLoad(readConfig(process.argv.slice(2)));
} catch (error) {
  const { exitCode, message } = faultOf(error);
  if (message !== undefined) console.error(message);
  process.exitCode = exitCode;
}
