// replay: tables filled anew from the lake's log, for people and for programs.
import { declaredPipelines, pipelineNamed, withEngines } from "../engines/engines.ts";
import { type Replayed, runReplay } from "../replay/run.ts";
import { printJson, printLine, progressLine, textTable } from "./output.ts";

export async function replayTables(
  name: string,
  { table, dryRun, json }: { table: string[]; dryRun?: boolean; json?: boolean },
): Promise<void> {
  const line = progressLine();
  const done = await withEngines(async (engines) => {
    const pipeline = pipelineNamed(await declaredPipelines(engines.config), name);
    return runReplay(engines, pipeline, { tables: table, isDryRun: dryRun ?? false }, line.tell);
  }).finally(line.end);
  if (json) printJson(done);
  else printReplayed(done);
}

function printReplayed({ tables, swapped, seconds, pipeline }: Replayed): void {
  const number = (value: number) => value.toLocaleString("en");
  const verbs = swapped ? ["inserted", "updated", "deleted"] : ["to insert", "to update", "to delete"];
  printLine(
    textTable(
      ["table", "rows live", "rows anew", ...verbs],
      tables.map((t) => [t.table, ...[t.rowsLive, t.rowsAnew, t.inserted, t.updated, t.deleted].map(number)]),
    ),
  );
  printLine(
    swapped
      ? `The tables of ${pipeline} are what their SQL makes of the log; ${seconds} s.`
      : `Compared in ${seconds} s; nothing was changed. Without --dry-run the live tables are made equal.`,
  );
}
