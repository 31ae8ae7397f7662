// rewind, rollback: back to a restore point, as a whole or not at all.
import { declaredPipelines, type Engines, pipelineNamed, withEngines } from "../engines/engines.ts";
import { pointOfRollback, type Rewound, rewind as rewindTo } from "../rewind/rewind.ts";
import { printJson, printLine, progressLine, textTable } from "./output.ts";

interface Options {
  dropBatches?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

async function goBack(
  name: string,
  { dropBatches, dryRun, json }: Options,
  pointOf: (engines: Engines) => Promise<number>,
): Promise<void> {
  const line = progressLine();
  const done = await withEngines(async (engines) => {
    const pipeline = pipelineNamed(await declaredPipelines(engines.config), name);
    return rewindTo(engines, pipeline, await pointOf(engines), {
      dropBatches: dropBatches === true,
      isDryRun: dryRun === true,
      tell: line.tell,
    });
  }).finally(line.end);
  if (json) return void printJson(done);
  printRewound(done);
}

export async function rewind(name: string, options: Options & { to: string }): Promise<void> {
  if (!/^[1-9]\d*$/.test(options.to))
    throw new Error(
      `--to: '${options.to}' is no restore point: give its number, as 'points ${name}' shows it.`,
    );
  await goBack(name, options, async () => Number(options.to));
}

export const rollback = (name: string, options: Options): Promise<void> =>
  goBack(name, options, async ({ store }) => (await pointOfRollback({ store }, name)).id);

function printRewound({ pipeline, point, at, before, tables, readAgain, dropped, done }: Rewound): void {
  printLine(
    textTable(
      ["table", "from snapshot", "to snapshot"],
      tables.map(({ table, from, to }) => [table, from ?? "none", to ?? "none: emptied"]),
    ),
  );
  const again = Object.entries(readAgain).map(
    ([topic, records]) => `${records.toLocaleString("en")} of ${topic}`,
  );
  const records = again.length > 0 ? again.join(", ") : "none";
  if (!done) {
    printLine(
      `Nothing was changed. Going back to restore point ${point} (${at}) can be done; records to be read again: ${records}.`,
    );
    return;
  }
  printLine(
    `${pipeline} is at restore point ${point} (${at}) and goes on. Records that are read again: ${records}.`,
  );
  if (before !== null) printLine(`'npx swordlake rewind ${pipeline} --to ${before}' undoes it.`);
  for (const batch of dropped) printLine(`Gone, to be run again where it is still wanted: ${batch}.`);
  printLine(`'npx swordlake plan ${pipeline}' shows whether the folder's SQL is another than what runs now.`);
}
