// Gives each changed job its verdict: compiles the new version and compares it with the plan that the old one runs from.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { kafkaTopic } from "../../flink-sql/folders.ts";
import { type SourcedStatement, tableStatements } from "../../flink-sql/script.ts";
import { withoutSink } from "../../flink-sql/statements.ts";
import { declaredTable } from "../../flink-sql/tables.ts";
import type { Action, DeclaredJob, Observed } from "../deploy/reconcile.ts";
import type { Engines } from "../engines/engines.ts";
import type { RecordedJob } from "../engines/store.ts";
import { compilePlan } from "./compile.ts";
import { surroundingsOf } from "./surroundings.ts";
import { judgePlans, type Verdict } from "./verdict.ts";

/** Topics that a job once read and gave up, of those that it would now read as new. */
async function topicsGivenUp({ kafka }: Engines, job: DeclaredJob, sources: string[]): Promise<string[]> {
  const found = await Promise.all(
    Object.entries(job.groups).flatMap(([name, groups]) => {
      const own = sources.filter((source) => source === `${name}_records` || source === `${name}_raw`);
      return own.flatMap((source) =>
        groups.map(async (group) => {
          const topic = kafkaTopic(job.pipeline, name);
          if (!(await kafka.topics()).includes(topic)) return [];
          const partitions = (await kafka.offsets(topic)).map(({ partition }) => partition);
          const committed = await kafka.committed(group, topic, partitions);
          return committed.size > 0 ? [source] : [];
        }),
      );
    }),
  );
  return found.flat();
}

/** The verdict on a job's new plan; undefined where the old version ran from plain statements. */
export async function judgeJob(
  engines: Engines,
  job: DeclaredJob,
  recorded: RecordedJob | undefined,
  tables: SourcedStatement[] = [],
): Promise<Verdict | undefined> {
  if (!recorded?.plan) return undefined;
  const plan = await compilePlan(engines.connection, job, tables);
  const verdict = judgePlans(
    { plan: recorded.plan, ...surroundingsOf(recorded.definition) },
    { plan, ...surroundingsOf(job) },
  );
  const again = await topicsGivenUp(engines, job, verdict.newSources);
  if (again.length === 0) return verdict;
  const steps = verdict.steps.map((step) =>
    step.kind === "source" && again.includes(step.name)
      ? {
          ...step,
          verdict: "rebuilt" as const,
          why: "the job read it before and gave it up: from its start, rows would land twice",
        }
      : step,
  );
  return { ...verdict, overall: "rebuilds", steps };
}

/** The actions, each change of a job with its verdict. Touches nothing: tables that are missing are imagined. */
export async function judge(
  engines: Engines,
  pipelines: PipelineFolder[],
  actions: Action[],
  recorded: RecordedJob[],
  observed: Pick<Observed, "tables">,
): Promise<Action[]> {
  return Promise.all(
    actions.map(async (action): Promise<Action> => {
      if (action.kind !== "upgrade-job") return action;
      const { job } = action;
      const before = recorded.find((known) => known.name === job.name);
      const folder = pipelines.find(({ name }) => name === job.pipeline);
      const all = (folder ? tableStatements(folder) : []).map(({ text, source }) => ({
        name: declaredTable(text)?.name ?? "",
        statement: { text: withoutSink(text), source },
      }));
      const missing = all.filter(({ name }) => !observed.tables.includes(`${job.pipeline}.${name}`));
      const imagined = (some: typeof all) => some.map(({ statement }) => statement);
      const verdict = await judgeJob(engines, job, before, imagined(missing)).catch(() =>
        // A table is to be changed before the job is: as declared, it fits.
        judgeJob(engines, job, before, imagined(all)),
      );
      return verdict ? { ...action, verdict } : action;
    }),
  );
}
