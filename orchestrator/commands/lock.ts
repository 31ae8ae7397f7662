// lock: writes a pipeline's contract down, or checks that what is written down is current.
import { existsSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { whereIn } from "../../flink-sql/folders.ts";
import { contractLock, lockFile, lockText, readLock } from "../../flink-sql/lock.ts";
import { contractChanges, refusedChanges } from "../../flink-sql/lock-changes.ts";
import { readStackConfig } from "../../stack/config.ts";
import { declaredPipelines, pipelineNamed } from "../engines/engines.ts";
import { printLine } from "./output.ts";

/** Writes nothing where any pipeline's change breaks: all of them are told at once. */
export async function lock(
  name: string | undefined,
  options: { check?: boolean; acceptBreaking?: boolean },
): Promise<void> {
  const all = await declaredPipelines(readStackConfig());
  const chosen = name ? [pipelineNamed(all, name)] : all;
  const problems: string[] = [];
  const due = chosen.flatMap((pipeline) => {
    const before = readLock(pipeline);
    const changes = before ? contractChanges(before, contractLock(pipeline)) : [];
    const refused = refusedChanges(changes, before?.accepted ?? []);
    if (!options.acceptBreaking)
      for (const { what, refused: why } of refused)
        problems.push(`${whereIn(`${pipeline.path}/pipeline.ts`, what)}: ${what}: ${why}.`);
    const accepted = [...(before?.accepted ?? []), ...refused.map(({ what }) => what)];
    const isNew = !existsSync(lockFile(pipeline));
    const after = contractLock(pipeline, accepted);
    const isDue = isNew || JSON.stringify(before) !== JSON.stringify(after);
    return isDue ? [{ pipeline, after, changes, isNew }] : [];
  });
  if (problems.length > 0)
    throw new Error(
      `${problems.join("\n")}\nWhere no client and no row is at stake, --accept-breaking writes it down as agreed to.`,
    );
  if (options.check) {
    if (due.length > 0)
      throw new Error(
        due
          .map(
            ({ pipeline }) =>
              `${lockFile(pipeline)} isn't current: run 'npx swordlake lock ${pipeline.name}' and commit it.`,
          )
          .join("\n"),
      );
    printLine(`Current: ${chosen.map((pipeline) => pipeline.name).join(", ")}.`);
    return;
  }
  for (const { pipeline, after, changes, isNew } of due) {
    writeFileSync(lockFile(pipeline), lockText(after));
    printLine(`${isNew ? "Written" : "Refreshed"}: ${relative(process.cwd(), lockFile(pipeline))}`);
    for (const { what } of changes) printLine(`  ${what}`);
  }
  if (due.length === 0) printLine("Nothing to do: the locks are current.");
}
