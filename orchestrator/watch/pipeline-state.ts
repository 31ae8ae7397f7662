// One pipeline as it is, from what was seen of the engines. Pure.
import { kafkaTopic, type PipelineFolder } from "../../flink-sql/folders.ts";
import { logJob, quarantineTopic } from "../../flink-sql/log.ts";
import { writtenTables } from "../../flink-sql/statements.ts";
import type { PipelineState } from "../console/api.ts";
import { declaredJobs, tablesOf } from "../deploy/reconcile.ts";
import type { FlinkJob } from "../engines/flink.ts";
import type { RecordedJob } from "../engines/store.ts";
import { healthOf, type SeenJob } from "./health.ts";
import { type Committed, committedKey, type Ends, type SeenTable, type Vitals } from "./looks.ts";
import type { Progress } from "./progress.ts";

/** What is undefined couldn't be seen. */
export interface Sight {
  atMs: number;
  ends: Ends;
  live: FlinkJob[] | undefined;
  recorded: RecordedJob[] | undefined;
  committed: Committed | undefined;
  tables: Map<string, SeenTable> | undefined;
  vitals: Map<string, Vitals> | undefined;
}

const nothing = { stillMs: null, unlandedMs: null };
const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

/** Takes this look into `progress` too; `rates` gets those jobs that were seen to read as fast as they can. */
export function pipelineState(
  pipeline: PipelineFolder,
  sight: Sight,
  progress: Progress,
  rates: Map<string, number>,
): PipelineState {
  const { ends, live, recorded, committed } = sight;
  const own = Object.keys(pipeline.topics).map((topic) => kafkaTopic(pipeline.name, topic));
  const placesOf = (topic: string) => ends.get(topic) ?? [];
  const declared = declaredJobs(pipeline).map((job) => ({
    name: job.name,
    topics: Object.keys(job.groups).map((topic) => kafkaTopic(pipeline.name, topic)),
    tables: writtenTables(job.statements).map((table) => `${pipeline.name}.${table}`),
  }));
  const reachedBy = (job: string, topic: string, { partition, high }: { partition: number; high: number }) =>
    committed?.get(committedKey(job, topic, partition)) ?? high;
  const places = declared.flatMap(({ name, topics }) =>
    topics.flatMap((topic) =>
      placesOf(topic).map((place) => ({
        job: name,
        high: place.high,
        reached: reachedBy(name, topic, place),
      })),
    ),
  );
  const lagOf = (job: string) =>
    sum(places.filter((place) => place.job === job).map(({ high, reached }) => Math.max(0, high - reached)));
  const jobs = declared.map(({ name }) => ({
    name,
    state: live ? (live.find((job) => job.name === name)?.state ?? "NOT RUNNING") : "UNKNOWN",
    lag: committed ? lagOf(name) : null,
  }));
  const landed = (own: string[]) => {
    const seen = own.flatMap((table) => sight.tables?.get(table) ?? []);
    const times = seen.flatMap(({ landedMs }) => landedMs ?? []);
    return {
      landedMs: times.length > 0 ? Math.max(...times) : undefined,
      seenMs: seen.length > 0 ? Math.min(...seen.map(({ seenMs }) => seenMs)) : undefined,
    };
  };
  const progressed = progress.note(pipeline.name, {
    atMs: sight.atMs,
    records: sum(own.flatMap(placesOf).map(({ high }) => high)),
    jobs: committed
      ? declared.map((job) => ({
          name: job.name,
          done: sum(places.filter((place) => place.job === job.name).map(({ reached }) => reached)),
          lag: lagOf(job.name),
          ...landed(job.tables),
        }))
      : null,
  });
  const { rate } = progressed;
  for (const [job, { catchUpRate }] of progressed.jobs) if (catchUpRate !== null) rates.set(job, catchUpRate);
  const lag = committed ? Math.max(0, ...jobs.map((job) => job.lag ?? 0)) : null;
  const tables = tablesOf(pipeline).map((name) => {
    const { rows, snapshot, committedAt } = sight.tables?.get(`${pipeline.name}.${name}`) ?? {
      rows: null,
      snapshot: null,
      committedAt: null,
    };
    return { name, rows, snapshot, committedAt };
  });
  const newest = tables.toSorted((a, b) => (b.committedAt ?? "").localeCompare(a.committedAt ?? ""))[0];
  const topics = [...own, kafkaTopic(pipeline.name, quarantineTopic)].map((name) => ({
    name,
    records: ends.has(name) ? sum(placesOf(name).map(({ low, high }) => high - low)) : null,
  }));
  const seen = jobs.map((job): SeenJob => {
    const vitals = sight.vitals?.get(job.name);
    const { stillMs, unlandedMs } = progressed.jobs.get(job.name) ?? nothing;
    return {
      ...job,
      desired: recorded?.find(({ name }) => name === job.name)?.desired,
      stillMs,
      unlandedMs,
      checkpointMs: vitals ? sight.atMs - vitals.checkpointAt : null,
      hasCheckpoint: vitals?.hasCheckpoint ?? true,
      restarts: vitals?.restarts ?? 0,
      landsAll: job.name === `${pipeline.name}/${logJob}`,
    };
  });
  const verdict =
    live && recorded
      ? healthOf({ jobs: seen, rate, freshnessMs: pipeline.freshnessMs })
      : { health: "unknown" as const, why: `${live ? "Postgres" : "Flink"} doesn't answer.` };
  return {
    name: pipeline.name,
    title: pipeline.title,
    ...verdict,
    records: sum(topics.filter(({ name }) => own.includes(name)).map(({ records }) => records ?? 0)),
    rate,
    lag,
    freshnessMs: pipeline.freshnessMs,
    committedAt: newest?.committedAt ?? null,
    snapshot: newest?.snapshot ?? null,
    topics,
    jobs,
    tables,
  };
}
