// `make chaos`: breaks a stack of its own under load, one fault after another, and holds every event against its journal.
// Exit codes: 0 every fault passed, 1 one did not, 2 wrong settings, 130 stopped.
import { settingsOf, writeResults } from "../../bench/stage.ts";
import { textTable } from "../../orchestrator/commands/output.ts";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import { showProgress } from "../../stack/show.ts";
import { type ChaosConfig, readChaosConfig } from "./config.ts";
import { runPhase } from "./phase.ts";
import { planFaults } from "./plan.ts";
import { openStage } from "./stage.ts";
import { type Line, tableHead, tableRow } from "./verdict.ts";

const sayLine = (line = "") => process.stdout.write(`${line}\n`);

async function chaos({ rate, faults, seed, keep }: ChaosConfig, abort: AbortSignal): Promise<boolean> {
  sayLine(`Seed ${seed}, ${rate} events/s: ${faults.join(", ")}`);
  const from = Date.now();
  const stage = await showProgress("Starting instance 'chaos'", async (tell) => {
    tell("up", "engines and pipeline");
    return openStage(abort);
  });
  const lines: Line[] = [];
  let passed = false;
  try {
    let before: Pick<Ledger, "landed" | "problems"> | undefined = { landed: 0, problems: [] };
    for (const planned of planFaults(faults, seed)) {
      const title = `Fault: ${planned.name}`;
      const { line, account } = await showProgress(title, (tell) =>
        runPhase(stage, planned, rate, before, (step) => tell(planned.name, step), abort),
      );
      lines.push(line);
      before = account;
      sayLine(
        `${line.passed ? "ok    " : "FAILED"} ${line.fault}${line.reasons.map((reason) => `\n  ${reason}`).join("")}`,
      );
    }
    passed = lines.every((line) => line.passed);
  } finally {
    await stage.end(keep ? "keep" : passed || abort.aborted ? "clean" : "down");
    if (lines.length > 0) sayLine(textTable(tableHead, lines.map(tableRow)));
    sayLine(`${Math.round((Date.now() - from) / 1000)} s`);
  }
  if (!passed || keep)
    sayLine(`Logs are in ${stage.config.home}/chaos/logs, journals in ${stage.home}/journals.`);
  writeResults("chaos", { seed, rate, passed, faults: lines });
  return passed;
}

const abort = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => abort.abort(new Error(`stopped by ${signal}: all that was started is ended`)));

let config: ChaosConfig | undefined;
try {
  config = readChaosConfig(settingsOf(process.env));
  process.exitCode = (await chaos(config, abort.signal)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`chaos: ${(error as Error).message}\n`);
  process.exitCode = abort.signal.aborted ? 130 : config ? 1 : 2;
}
