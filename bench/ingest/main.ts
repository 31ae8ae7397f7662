// `make bench-ingest`: starts what it needs, measures, prints, writes results/ingest.json, ends what
// it started. Exit codes: 0 measured, 1 fault (or, with --check, a goal that isn't met), 130 stopped.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onStage, runProgram, type Stage, writeResults } from "../stage.ts";
import { type BenchConfig, readBenchConfig } from "./config.ts";
import { flaskEnvironment } from "./flask.ts";
import { isMet, ratiosOf } from "./ratios.ts";
import { report } from "./report.ts";
import { storedEvents } from "./requests.ts";
import { runRounds } from "./run.ts";
import { startServers, topicOf } from "./servers.ts";

const contenders = ["awaited", "not-awaited", "flask", "performance"] as const;

async function measure(config: BenchConfig, { stack, folder, broker, progress, abort }: Stage) {
  const environment = await flaskEnvironment(stack.cache, progress);
  const payloadFile = join(folder, "data/events.ndjson");
  writeFileSync(payloadFile, storedEvents().join("\n"));
  progress("collectors start");
  const servers = await startServers(broker.instance, broker.address, environment);
  return runRounds({ config, broker, servers, cache: stack.cache, payloadFile, progress, abort });
}

runProgram(async (abort) => {
  const config = readBenchConfig(process.argv.slice(2));
  const play = {
    title: "Measuring the ingest path",
    step: "ingest",
    topics: contenders.map(topicOf),
    work: (stage: Stage) => measure(config, stage),
  };
  const rounds = await onStage(play, abort);
  const ratios = ratiosOf(rounds);
  process.stdout.write(`${report(rounds, ratios)}\n`);
  writeResults("ingest", { ratios, rounds });
  if (config.check && !ratios.every(isMet)) process.exitCode = 1;
});
