// ledger: the account of a pipeline, for people and for programs.
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { declaredPipelines, pipelineNamed, withEngines } from "../engines/engines.ts";
import { checkJournal, type JournalCheck } from "../ledger/journal.ts";
import { type Counts, type Ledger, takeLedger } from "../ledger/ledger.ts";
import { abortOnSignal } from "./interrupt.ts";
import { printJson, printLine, progressLine, textTable } from "./output.ts";

export async function ledger(
  name: string,
  options: { json?: boolean; journal?: string; wait: string; watch?: string | true },
): Promise<void> {
  if (options.watch !== undefined) return watch(name, options.watch, options.json ?? false);
  const waitMs = Number(options.wait) * 1000;
  if (!(waitMs >= 0)) throw new Error(`--wait ${options.wait}: give a number of seconds, 0 or more.`);
  const { journal } = options;
  if (journal && !existsSync(journal)) throw new Error(`--journal ${journal}: there is no such file.`);
  const line = progressLine();
  const { account, check } = await withEngines(async (engines) => {
    const pipeline = pipelineNamed(await declaredPipelines(engines.config), name);
    const taken = await takeLedger(engines, pipeline, { waitMs, progress: line.tell });
    const check = journal
      ? await checkJournal(engines, pipeline, taken.bounds, journal, line.tell)
      : undefined;
    return { account: taken.ledger, check };
  });
  line.end();
  if (options.json) printJson(check ? { ...account, journal: check } : account);
  else printAccount(account, check);
  if (!account.closed || check?.agrees === false) process.exitCode = 1;
}

const watchSeconds = 2;

/** One line per look. Exits with 1 where the last look was at an open ledger. */
async function watch(name: string, every: string | true, isJson: boolean): Promise<void> {
  const seconds = every === true ? watchSeconds : Number(every);
  if (!(seconds >= 0.5)) throw new Error(`--watch ${every}: give a number of seconds, 0.5 or more.`);
  const signal = abortOnSignal();
  let isClosed = true;
  await withEngines(async (engines) => {
    const pipeline = pipelineNamed(await declaredPipelines(engines.config), name);
    while (!signal.aborted) {
      const { ledger } = await takeLedger(engines, pipeline, { waitMs: 0, settleMs: 0 });
      isClosed = ledger.closed;
      if (isJson) process.stdout.write(`${JSON.stringify(ledger)}\n`);
      else printLine(watchLine(ledger));
      await delay(seconds * 1000, undefined, { signal }).catch(() => undefined);
    }
  });
  process.exitCode = isClosed ? 0 : 1;
}

function watchLine(ledger: Ledger): string {
  const number = (value: number) => value.toLocaleString("en");
  const parts = (["landed", "filtered", "duplicates", "quarantined", "forgotten", "expired"] as const)
    .filter((part, index) => index < 4 || ledger[part] > 0)
    .map((part) => `${part} ${number(ledger[part])}`);
  const first = ledger.problems[0];
  const state = ledger.closed
    ? "closed"
    : `OPEN${first ? `: ${first.kind} at ${first.topic} ${first.partition} ${first.offset}` : ""}`;
  return (
    `${new Date().toISOString().slice(11, 19)}  accepted ${number(ledger.accepted)} = ${parts.join(" + ")} + ` +
    `in flight ${number(ledger.inFlight)}  ${state}`
  );
}

function printAccount(account: Ledger, check: JournalCheck | undefined): void {
  // Few pipelines have forgotten anybody: two columns of zeros would only widen the sum.
  const rare = (["forgotten", "expired"] as const).filter((name) => account[name] > 0);
  const cells = (counts: Counts) => [
    counts.accepted,
    counts.landed,
    counts.filtered,
    counts.duplicates,
    counts.quarantined,
    ...rare.map((name) => counts[name]),
    counts.inFlight,
  ];
  const rows = [
    ...account.partitions.map((p) => [`${p.topic} ${p.partition}`, ...cells(p)]),
    ["all", ...cells(account)],
  ];
  const head = ["partition", "accepted", "= landed", "+ filtered", "+ duplicates", "+ quarantined"];
  printLine(textTable([...head, ...rare.map((name) => `+ ${name}`), "+ in flight"], rows));
  if (account.superseded > 0)
    printLine(
      `landed: ${account.superseded} of them are superseded: their table keeps the latest row of a key, that of a later record`,
    );
  for (const [rule, records] of Object.entries(account.filteredBy))
    printLine(`filtered: ${records} because ${rule}`);
  const { refused, kept, inFlight } = account.refusals;
  if (refused > 0)
    printLine(
      `refused at the edge, so not accepted: ${refused}, of which the quarantine has ${kept}, in flight ${inFlight}`,
    );
  for (const problem of account.problems)
    printLine(
      `${problem.kind}: ${problem.topic} partition ${problem.partition} offset ${problem.offset}: ${problem.detail}`,
    );
  printLine(account.closed ? "The ledger is closed: nothing lost, nothing doubled." : "The ledger is OPEN.");
  if (!check) return;
  const told = `${check.acked} acked, ${check.rejected} rejected, ${check.unknown} unknown (${check.unknownStored} of them stored)`;
  printLine(
    `journal ${check.journal}: ${told}: ${check.agrees ? "agrees with the lake, event by event" : "DISAGREES"}`,
  );
  for (const sentence of check.disagreements) printLine(`  ${sentence}`);
}
