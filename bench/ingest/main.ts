// `make bench-ingest`: starts what it needs, measures, prints, writes results/ingest.json, ends what
// it started. Exit codes: 0 measured, 1 fault (or, with --check, a goal that isn't met), 130 stopped.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readStackConfig } from "../../stack/config.ts";
import { stopNative } from "../../stack/native.ts";
import { showProgress } from "../../stack/show.ts";
import { startBroker } from "./broker.ts";
import { readBenchConfig } from "./config.ts";
import { flaskEnvironment } from "./flask.ts";
import { isMet, ratiosOf } from "./ratios.ts";
import { report } from "./report.ts";
import { storedEvents } from "./requests.ts";
import { runRounds } from "./run.ts";
import { startServers, topicOf } from "./servers.ts";

const contenders = ["awaited", "not-awaited", "flask", "performance"] as const;

async function measure(config: ReturnType<typeof readBenchConfig>, abort: AbortSignal) {
  const stack = readStackConfig();
  const folder = join(stack.home, "bench");
  // What an interrupted bench left behind would share the cores.
  await stopNative({ folder }, () => {});
  try {
    return await showProgress("Measuring the ingest path", async (tell) => {
      const progress = (line: string) => tell("ingest", line);
      const environment = await flaskEnvironment(stack.cache, progress);
      const broker = await startBroker(stack, contenders.map(topicOf), progress, abort);
      const payloadFile = join(folder, "data/events.ndjson");
      writeFileSync(payloadFile, storedEvents().join("\n"));
      progress("collectors start");
      const servers = await startServers(broker.instance, broker.address, environment);
      try {
        return await runRounds({ config, broker, servers, cache: stack.cache, payloadFile, progress, abort });
      } finally {
        await broker.disconnect();
      }
    });
  } finally {
    await stopNative({ folder }, () => {});
  }
}

async function main(): Promise<void> {
  const config = readBenchConfig(process.argv.slice(2));
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => abort.abort(new Error(`stopped by ${signal}`)));
  const rounds = await measure(config, abort.signal);
  const ratios = ratiosOf(rounds);
  process.stdout.write(`${report(rounds, ratios)}\n`);
  mkdirSync(dirname(config.resultsFile), { recursive: true });
  writeFileSync(config.resultsFile, `${JSON.stringify({ ratios, rounds }, null, 2)}\n`);
  process.stdout.write(`Written to ${config.resultsFile}\n`);
  if (config.check && !ratios.every(isMet)) process.exitCode = 1;
}

main().catch((error: Error) => {
  process.stderr.write(`bench: ${error.message}\n`);
  process.exit(error.message.startsWith("stopped by") ? 130 : 1);
});
