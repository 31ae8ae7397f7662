// maintain: keeps tables fit; figures of before and after.
import { appliedPipelines, declaredPipelines, pipelineNamed, withEngines } from "../engines/engines.ts";
import type { Figures } from "../maintain/figures.ts";
import { type Maintained, maintain as maintainPipeline } from "../maintain/maintain.ts";
import { printJson, printLine, progressLine, textTable } from "./output.ts";

/** Exit code 1 where any pipeline can't be maintained now; the others are. */
export async function maintain(
  name: string | undefined,
  options: { table?: string[]; dryRun?: boolean; orphans?: boolean; json?: boolean },
): Promise<void> {
  if (options.table && !name)
    throw new Error("--table: name the pipeline too, as in 'maintain PIPELINE --table log'.");
  const line = progressLine();
  const done: Maintained[] = [];
  const problems: string[] = [];
  await withEngines(async (engines) => {
    const chosen = name
      ? [pipelineNamed(await declaredPipelines(engines.config), name)]
      : await appliedPipelines(engines);
    for (const pipeline of chosen) {
      const tables = await maintainPipeline(engines, pipeline, {
        ...(options.table ? { tables: options.table } : {}),
        dryRun: options.dryRun === true,
        ...(options.orphans ? { orphans: true } : {}),
        tell: line.tell,
      }).catch((error: Error) => {
        problems.push(error.message);
        return [];
      });
      if (tables) done.push(...tables);
      else
        problems.push(
          `${pipeline.name} is being maintained, or rows of it are being removed: wait until that has ended.`,
        );
    }
  }).finally(line.end);
  if (options.json) printJson({ tables: done, problems });
  else printMaintained(done, options.dryRun === true);
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

const kilobytes = (bytes: number) => Math.round(bytes / 1000);

function printMaintained(done: Maintained[], dryRun: boolean): void {
  if (done.length === 0) return;
  const both = (of: Maintained, figure: (figures: Figures) => number) =>
    dryRun ? figure(of.before) : `${figure(of.before)} → ${figure(of.after)}`;
  const rows = done.map((of) => [
    `${of.pipeline}.${of.table}`,
    both(of, ({ files }) => files),
    both(of, ({ deleteFiles }) => deleteFiles),
    both(of, ({ bytes }) => kilobytes(bytes)),
    both(of, ({ manifests }) => manifests),
    both(of, ({ snapshots }) => snapshots),
    of.snapshotsExpired,
    of.orphansRemoved ?? null,
  ]);
  const expired = dryRun ? "would expire" : "expired";
  printLine(
    textTable(["table", "files", "deletes", "kB", "manifests", "snapshots", expired, "stray files"], rows),
  );
  for (const { pipeline, table, heldBy } of done)
    if (heldBy) printLine(`${pipeline}.${table}: older snapshots stay: ${heldBy}.`);
  if (dryRun) printLine("Nothing was changed.");
}
