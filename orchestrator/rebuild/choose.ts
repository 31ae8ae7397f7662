// Turns changes of jobs into rebuilds, where a person asked for them by --rebuild; and says why they can't be.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { type Action, declaredJobs } from "../deploy/reconcile.ts";
import { lostState } from "../deploy/refusals.ts";
import type { Engines } from "../engines/engines.ts";
import type { RecordedJob } from "../engines/store.ts";
import { namedJobs, rebuildProblems, rebuiltTables } from "./checks.ts";
import { present } from "./present.ts";

/** The actions with the asked rebuilds in place of upgrades, and all problems of what was asked for. */
export async function chooseRebuilds(
  engines: Engines,
  pipelines: PipelineFolder[],
  actions: Action[],
  recorded: RecordedJob[],
  asked: string[],
): Promise<{ actions: Action[]; problems: string[] }> {
  const { found, problems } = namedJobs(
    asked,
    pipelines.flatMap((pipeline) => declaredJobs(pipeline)),
  );
  const chosen = await Promise.all(
    actions.map(async (action): Promise<Action> => {
      if (action.kind !== "upgrade-job" || !found.includes(action.job.name)) return action;
      const { job, id, verdict } = action;
      const before = recorded.find(({ name }) => name === job.name);
      if (lostState(job, verdict, before).length === 0) return action;
      const folder = pipelines.find(({ name }) => name === job.pipeline)!;
      problems.push(...rebuildProblems(folder, job, verdict, await present(engines, folder, job)));
      return { kind: "rebuild-job", job, id, folder, verdict, tables: rebuiltTables(folder, job, before) };
    }),
  );
  const rebuilt = chosen.flatMap((action) => (action.kind === "rebuild-job" ? [action.job.name] : []));
  const needless = found.filter((name) => !rebuilt.includes(name));
  return {
    actions: chosen,
    problems: [
      ...problems,
      ...needless.map(
        (name) =>
          `--rebuild ${name}: it needs none. Its SQL is as applied, or its state can be kept: leave the option out.`,
      ),
    ],
  };
}
