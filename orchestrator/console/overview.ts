// How all pipelines are now: looked at while somebody looks at the page, and once for all who do.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { Engines } from "../engines/engines.ts";
import type { Overview } from "./api.ts";
import type { Folders } from "./folders.ts";
import { committedOf, type Ends, endsOf, snapshotsOf } from "./looks.ts";
import { kept, shared } from "./once.ts";
import { pipelineState } from "./pipeline-state.ts";
import { createProgress } from "./progress.ts";

/** Looks at Kafka and Flink are cheap; Trino and consumer groups are asked less often. */
const lookMs = 1500;
const slowLookMs = 4000;
const firstWaitMs = 1000;

export interface OverviewSource {
  now(): Promise<Overview>;
}

export function createOverview(engines: Engines, folders: Folders): OverviewSource {
  const progress = createProgress();
  const problems = new Map<string, string>();
  /** An engine that is away costs its own numbers, not the page. */
  const attempt = async <T>(what: string, work: Promise<T>): Promise<T | undefined> => {
    try {
      const found = await work;
      problems.delete(what);
      return found;
    } catch (error) {
      problems.set(what, `${what}: ${(error as Error).message.split("\n")[0]}`);
      return undefined;
    }
  };
  let ends: Ends = new Map();
  // Trino may take seconds: what it said last is shown meanwhile.
  const slow = <T>(what: string, work: (pipelines: PipelineFolder[]) => Promise<T>) =>
    kept(async () => attempt(what, work((await folders.all()).pipelines)), slowLookMs, firstWaitMs);
  const snapshots = slow("Trino", (pipelines) => snapshotsOf(engines, pipelines));
  const reached = slow("Consumer groups", (pipelines) => committedOf(engines, pipelines, ends));

  const look = async (): Promise<Overview> => {
    const { pipelines, problem } = await folders.all();
    const [found, live, recorded, tables] = await Promise.all([
      attempt("Kafka", endsOf(engines, pipelines)),
      attempt("Flink", engines.flink.liveJobs()),
      attempt("Postgres", engines.store.jobs()),
      snapshots(),
    ]);
    ends = found ?? ends;
    const committed = found && (await reached());
    const sight = { atMs: Date.now(), ends, live, recorded, committed, tables };
    return {
      at: new Date(sight.atMs).toISOString(),
      problems: [...(problem ? [problem] : []), ...problems.values()],
      pipelines: pipelines.map((pipeline) => pipelineState(pipeline, sight, progress)),
    };
  };
  return { now: shared(look, lookMs) };
}
