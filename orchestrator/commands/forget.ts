// forget, retain: rows that must go, and what is proven of it.
import { declaredPipelines, pipelineNamed, withEngines } from "../engines/engines.ts";
import type { HistoryProof } from "../forget/files.ts";
import { type Forgotten, forget as forgetPerson } from "../forget/forget.ts";
import { retain as applyRetention, type Retained } from "../forget/retain.ts";
import { printJson, printLine, progressLine, textTable } from "./output.ts";

export async function forget(
  name: string,
  options: { user: string; dryRun?: boolean; json?: boolean },
): Promise<void> {
  const line = progressLine();
  const result = await withEngines(async (engines) => {
    const pipeline = pipelineNamed(await declaredPipelines(engines.config), name);
    return forgetPerson(engines, pipeline, options.user, {
      dryRun: options.dryRun === true,
      tell: line.tell,
    });
  }).finally(line.end);
  if (options.json) printJson(result);
  else printForgotten(result, options.dryRun === true);
  if (!result.proven && !options.dryRun) process.exitCode = 1;
}

const deed = (table: string) => (table === "log" || table === "quarantine" ? "content removed" : "deleted");

function printHistory(history: HistoryProof[]): void {
  if (history.length === 0) return;
  printLine(
    textTable(
      ["table", "snapshots removed", "older left", "stray files removed", "files", "stray left"],
      history.map((of) => [
        of.table,
        of.snapshotsRemoved,
        of.olderSnapshots,
        of.filesRemoved,
        of.files,
        of.strayFiles,
      ]),
    ),
  );
}

function printForgotten(result: Forgotten, dryRun: boolean): void {
  const { rows, rowsLeft, alerts, alertsLeft, history, kafka, alsoIn, pipeline } = result;
  if (result.nothingLeft) printLine(`Nothing is left: this person was forgotten at ${result.forgottenAt}.`);
  else if (dryRun) {
    printLine(
      textTable(
        ["table", "rows", "would be"],
        Object.entries(rows).map(([t, n]) => [t, n, deed(t)]),
      ),
    );
    if (alerts > 0) printLine(`Alerts: ${alerts} would be deleted.`);
    printLine("Nothing was changed.");
  } else {
    const cells = Object.entries(rows).map(([t, n]) => [t, n, deed(t), rowsLeft?.[t] ?? null]);
    printLine(textTable(["table", "rows", "", "left"], cells));
    printHistory(history);
    if (alerts > 0) printLine(`Alerts: ${alerts} deleted, ${alertsLeft} left.`);
    printLine(`The ledger is ${result.ledgerClosed ? "closed" : "OPEN"}.`);
    printLine(
      result.proven
        ? "Proven: no row, no older snapshot and no stray file of this person is left in the lake, and no alert."
        : "NOT PROVEN: see what is left above; run this again.",
    );
  }
  for (const { topic, records, until } of kafka)
    printLine(
      `Kafka: topic ${topic} itself holds ${records} records of this person until its retention has passed, ` +
        `${until}, and until the segment they are in is closed. Who reads the topic from its start before then ` +
        `would bring them back: run this again after it.`,
    );
  for (const { column, rows: n } of alsoIn)
    printLine(
      `${pipeline}.${column} equals the id in ${n} rows, and was left as it is: if it names persons, add the column ` +
        "to the pipeline's person and run this again.",
    );
}

export async function retain(name: string, options: { dryRun?: boolean; json?: boolean }): Promise<void> {
  const line = progressLine();
  const result = await withEngines(async (engines) => {
    const pipeline = pipelineNamed(await declaredPipelines(engines.config), name);
    return applyRetention(engines, pipeline, { dryRun: options.dryRun === true, tell: line.tell });
  }).finally(line.end);
  if (options.json) printJson(result);
  else printRetained(result, options.dryRun === true);
  if (result.history.some(({ olderSnapshots, strayFiles }) => olderSnapshots + strayFiles > 0))
    process.exitCode = 1;
}

function printRetained({ tables, history }: Retained, dryRun: boolean): void {
  for (const { table, cutoff, rows } of tables)
    printLine(`${table}: ${rows} rows from before ${cutoff} ${dryRun ? "would be removed" : "removed"}`);
  printHistory(history);
}
