// points: the restore points of a pipeline, and one of now.
import { declaredPipelines, pipelineNamed, withEngines } from "../engines/engines.ts";
import { listPoints, type RestorePoint } from "../rewind/points.ts";
import { takePoint } from "../rewind/take.ts";
import { printJson, printLine, progressLine, textTable } from "./output.ts";

/** A point without what is only needed to go back: definitions, plans, columns. */
const shown = ({ id, pipeline, at, kind, why, jobs, tables, rewindBegunAt }: RestorePoint) => ({
  point: id,
  pipeline,
  at: at.toISOString(),
  kind,
  why,
  jobs: jobs.map(({ record, savepoint, offsets }) => ({
    job: record.name,
    sqlHash: record.sqlHash,
    savepoint,
    offsets,
  })),
  tables: tables.map(({ name, snapshot }) => ({ table: name, snapshot })),
  rewindBegunAt: rewindBegunAt?.toISOString() ?? null,
});

export async function points(
  name: string,
  { take, why, json }: { take?: boolean; why?: string; json?: boolean },
): Promise<void> {
  if (why !== undefined && !take)
    throw new Error("--why says why a restore point is taken: give --take too.");
  const line = progressLine();
  const { taken, all, keeping } = await withEngines(async (engines) => {
    const { maintenance } = pipelineNamed(await declaredPipelines(engines.config), name);
    const taken = take ? await takePoint(engines, name, why ?? "", line.tell) : undefined;
    return { taken, all: await listPoints(engines.store, name), keeping: maintenance };
  }).finally(line.end);
  if (json) return void printJson(taken ? shown(taken) : { points: all.map(shown) });
  if (taken) printLine(`Restore point ${taken.id} is taken; the jobs go on.`);
  printPoints(name, all);
  printLine(
    `Kept: of each job ${keeping.restorePoints} taken by hand and ${keeping.restorePoints} left by stop, upgrade and rewind, ` +
      `none older than ${keeping.restorePointsMs / 3_600_000} h.`,
  );
}

function printPoints(name: string, all: RestorePoint[]): void {
  if (all.length === 0) {
    printLine(`No restore point of ${name}: 'points ${name} --take' takes one.`);
    return;
  }
  printLine(
    textTable(
      ["restore point", "at (UTC)", "by", "why", "jobs", "tables"],
      all.map(({ id, at, kind, why, jobs, tables }) => [
        id,
        at.toISOString().slice(0, 19).replace("T", " "),
        kind,
        why,
        jobs.map(({ record }) => record.name.slice(name.length + 1)).join(", "),
        tables.length,
      ]),
    ),
  );
  const begun = all.find(({ rewindBegunAt }) => rewindBegunAt !== null);
  if (begun)
    printLine(
      `A rewind to ${begun.id} was broken off: 'npx swordlake rewind ${name} --to ${begun.id}' finishes it.`,
    );
}
