// How all pipelines are now: one look for the standing watch and for everybody who looks at the page.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { Overview } from "../console/api.ts";
import type { Engines } from "../engines/engines.ts";
import { kept, shared } from "../once.ts";
import {
  type Committed,
  committedOf,
  type Ends,
  endsOf,
  type SeenTable,
  snapshotsOf,
  vitalsOf,
} from "./looks.ts";
import { pipelineState } from "./pipeline-state.ts";
import { createProgress } from "./progress.ts";

/** Looks at Kafka and Flink are cheap; Trino and consumer groups are asked less often. */
const lookMs = 1500;
const slowLookMs = 4000;
const firstWaitMs = 1000;
/** So long after the last reader nobody looks at the page any more. */
const readerMs = 15_000;

export interface Looker {
  /** For a reader: with all numbers. */
  now(): Promise<Overview>;
  /** For the watch: Trino is asked only of pipelines that owe a snapshot. */
  stand(): Promise<Overview>;
  /** Records a second of jobs that were seen to read as fast as they can since this was asked last. */
  takeRates(): Map<string, number>;
}

/** The pipelines there are; `problem` says why the folders can't be read as they are now. */
export interface Known {
  all(): Promise<{ pipelines: PipelineFolder[]; problem: string }>;
}

export function createLooker(engines: Engines, folders: Known): Looker {
  const progress = createProgress();
  let rates = new Map<string, number>();
  const problems = new Map<string, string>();
  /** An engine that is away costs its own numbers, not the rest. */
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
  let readAt = Number.NEGATIVE_INFINITY;
  // Trino may take seconds: what it said last is shown meanwhile.
  const slow = <T>(what: string, work: (pipelines: PipelineFolder[]) => Promise<T>) =>
    kept(async () => attempt(what, work((await folders.all()).pipelines)), slowLookMs, firstWaitMs);
  const tables = new Map<string, SeenTable>();
  const snapshots = slow("Trino", async (pipelines) => {
    const isRead = performance.now() - readAt < readerMs;
    const asked = isRead ? pipelines : pipelines.filter(({ name }) => progress.isDue(name));
    for (const [name, table] of await snapshotsOf(engines, asked)) tables.set(name, table);
    return tables;
  });
  let before: Committed = new Map();
  const reached = slow("Consumer groups", async (pipelines) => {
    before = await committedOf(engines, pipelines, ends, before);
    return before;
  });

  const look = shared(async (): Promise<Overview> => {
    const { pipelines, problem } = await folders.all();
    const jobs = attempt("Flink", engines.flink.liveJobs());
    const [found, live, recorded, snapshot, vitals] = await Promise.all([
      attempt("Kafka", endsOf(engines, pipelines)),
      jobs,
      attempt("Postgres", engines.store.jobs()),
      snapshots(),
      jobs.then((live) => live && attempt("Checkpoints", vitalsOf(engines, live))),
    ]);
    ends = found ?? ends;
    const committed = found && (await reached());
    const sight = { atMs: Date.now(), ends, live, recorded, committed, tables: snapshot, vitals };
    return {
      at: new Date(sight.atMs).toISOString(),
      problems: [...(problem ? [problem] : []), ...problems.values()],
      pipelines: pipelines.map((pipeline) => pipelineState(pipeline, sight, progress, rates)),
    };
  }, lookMs);
  return {
    now() {
      readAt = performance.now();
      return look();
    },
    stand: look,
    takeRates() {
      const taken = rates;
      rates = new Map();
      return taken;
    },
  };
}
