// Changes that apply must not make: those that lose state, and tables that two jobs would have filled. Pure.
import { filteredName } from "../../flink-sql/filters.ts";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { logJob } from "../../flink-sql/log.ts";
import { derivedSource, type Job } from "../../flink-sql/script.ts";
import { writtenTables } from "../../flink-sql/statements.ts";
import { declaredTables, keepsLatest } from "../../flink-sql/tables.ts";
import type { RecordedJob } from "../engines/store.ts";
import { describeStep, type Verdict } from "../state/verdict.ts";
import { type Action, type DeclaredJob, isEqual, keepsState, withoutSpace } from "./reconcile.ts";

const newNames =
  "give the changed job and the tables it writes new names, and remove the old file: the new job then fills its " +
  "tables from the start of the topic";

/** Tables that a version of a job writes; each job writes down for itself what it drops. */
const written = ({ statements }: Pick<Job, "statements">) =>
  writtenTables(statements).filter((table) => table !== filteredName);

/**
 * Tables that a job would begin to write and that another one has filled: it would land their rows again from the start
 * of the topic, or miss those between two places. Tables that keep the latest row of a key bear it.
 */
function takenOver(
  job: DeclaredJob,
  actions: Action[],
  recorded: RecordedJob[],
  folder?: PipelineFolder,
): string[] {
  const own = recorded.find(({ name }) => name === job.name);
  const isMissing = (table: string) =>
    actions.some(
      (action) =>
        action.kind === "create-tables" &&
        action.pipeline.name === job.pipeline &&
        action.missing.includes(table),
    );
  const latest = folder ? declaredTables(folder).filter(keepsLatest) : [];
  const begun = written(job).filter(
    (table) =>
      !(own && written(own.definition).includes(table)) &&
      !isMissing(table) &&
      !latest.some(({ name }) => name === table),
  );
  return begun.flatMap((table) => {
    const other = recorded.find(
      ({ name, pipeline, definition }) =>
        name !== job.name && pipeline === job.pipeline && written(definition).includes(table),
    );
    return other
      ? [
          `Job ${job.name} would begin to write ${table}, which job ${other.name} has filled: rows would land again or ` +
            `be missing. Leave the INSERT in ${other.name}, or write into a table of a new name.`,
        ]
      : [];
  });
}

/** Why a changed job can't take its state along; empty where it can. */
export function lostState(
  job: DeclaredJob,
  verdict: Verdict | undefined,
  before: RecordedJob | undefined,
): string[] {
  if (verdict) {
    const lost = verdict.steps.filter((step) => step.verdict === "rebuilt");
    if (lost.length === 0) return [];
    const steps = lost.map((step) => `\n  ${describeStep(step)}`).join("");
    return [
      `Job ${job.name} changed, and state of it would be lost or read under another meaning:${steps}\n` +
        `  Undo the change; or have its tables rebuilt from Kafka while the old version goes on: ` +
        `'npx swordlake apply ${job.pipeline} --rebuild ${job.name}'; or ${newNames}.`,
    ];
  }
  if (job.name.endsWith(`/${logJob}`)) return [];
  const versions = [job.statements, before?.definition.statements ?? []];
  if (!versions.some((statements) => keepsState(statements.at(-1)?.text ?? ""))) return [];
  // A column more in the sources, which its SQL doesn't name, changes no step of it: a type that changed was refused.
  const [now, was] = versions.map((statements) =>
    statements
      .flatMap(({ text, source }) => (source === derivedSource ? [] : [withoutSpace(text)]))
      .join(";\n"),
  );
  if (before && now === was && isEqual(job.settings, before.definition.settings)) return [];
  return [
    `Job ${job.name} keeps state of its own (GROUP BY, JOIN …), its SQL changed, and it runs from no compiled ` +
      `plan: Flink could read the old state under another meaning. Please ${newNames}.`,
  ];
}

/** Changes that can't be made without losing state or reading it under another meaning; empty where there are none. */
export function refusals(
  actions: Action[],
  recorded: RecordedJob[],
  pipelines: PipelineFolder[] = [],
): string[] {
  return actions.flatMap((action) => {
    if (action.kind !== "upgrade-job" && action.kind !== "rebuild-job" && action.kind !== "submit-job")
      return [];
    const { job } = action;
    const folder = pipelines.find(({ name }) => name === job.pipeline);
    const before = recorded.find(({ name }) => name === job.name);
    const lost = action.kind === "upgrade-job" ? lostState(job, action.verdict, before) : [];
    return [...lost, ...takenOver(job, actions, recorded, folder)];
  });
}
