// One pipeline as the overview shows it, from what was seen of the engines. Pure.
import { kafkaTopic, type PipelineFolder } from "../../flink-sql/folders.ts";
import { quarantineTopic } from "../../flink-sql/log.ts";
import { declaredJobs, tablesOf } from "../deploy/reconcile.ts";
import type { FlinkJob } from "../engines/flink.ts";
import type { RecordedJob } from "../engines/store.ts";
import type { PipelineState, TableState } from "./api.ts";
import { healthOf } from "./health.ts";
import { type Committed, committedKey, type Ends } from "./looks.ts";
import type { Progress } from "./progress.ts";

/** What is undefined couldn't be seen. */
export interface Sight {
  atMs: number;
  ends: Ends;
  live: FlinkJob[] | undefined;
  recorded: RecordedJob[] | undefined;
  committed: Committed | undefined;
  tables: Map<string, TableState> | undefined;
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

/** Takes this look into `progress` too. */
export function pipelineState(pipeline: PipelineFolder, sight: Sight, progress: Progress): PipelineState {
  const { ends, live, recorded, committed } = sight;
  const own = Object.keys(pipeline.topics).map((topic) => kafkaTopic(pipeline.name, topic));
  const placesOf = (topic: string) => ends.get(topic) ?? [];
  const declared = declaredJobs(pipeline).map((job) => ({
    name: job.name,
    topics: Object.keys(job.groups).map((topic) => kafkaTopic(pipeline.name, topic)),
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
  const lag = committed ? Math.max(0, ...jobs.map((job) => job.lag ?? 0)) : null;
  const { rate, stillMs } = progress.note(pipeline.name, {
    atMs: sight.atMs,
    records: sum(own.flatMap(placesOf).map(({ high }) => high)),
    done: sum(places.map(({ reached }) => reached)),
    lag,
  });
  const tables = tablesOf(pipeline).map(
    (name) =>
      sight.tables?.get(`${pipeline.name}.${name}`) ?? {
        name,
        rows: null,
        snapshot: null,
        committedAt: null,
      },
  );
  const newest = tables.toSorted((a, b) => (b.committedAt ?? "").localeCompare(a.committedAt ?? ""))[0];
  const topics = [...own, kafkaTopic(pipeline.name, quarantineTopic)].map((name) => ({
    name,
    records: ends.has(name) ? sum(placesOf(name).map(({ low, high }) => high - low)) : null,
  }));
  const seen = jobs.map((job) => ({
    ...job,
    desired: recorded?.find(({ name }) => name === job.name)?.desired,
  }));
  const verdict =
    live && recorded
      ? healthOf({ jobs: seen, lag, stillMs, rate, freshnessMs: pipeline.freshnessMs })
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
