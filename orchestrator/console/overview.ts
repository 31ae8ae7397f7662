// How all pipelines are now: looked at while somebody looks at the page, and once for all who do.
import { kafkaTopic, type PipelineFolder } from "../../flink-sql/folders.ts";
import { quarantineTopic } from "../../flink-sql/log.ts";
import { declaredTables, keepsLatest } from "../../flink-sql/tables.ts";
import { declaredJobs, tablesOf } from "../deploy/reconcile.ts";
import type { Engines } from "../engines/engines.ts";
import type { Overview, PipelineState, TableState } from "./api.ts";
import type { Folders } from "./folders.ts";
import { healthOf } from "./health.ts";
import { shared } from "./once.ts";
import { createProgress } from "./progress.ts";

/** Looks at Kafka and Flink are cheap; Trino and consumer groups are asked less often. */
const lookMs = 1500;
const slowLookMs = 5000;

type Offsets = Map<string, { partition: number; low: number; high: number }[]>;

/** Newest snapshot of every table there is, by `<pipeline>.<table>`; one query for all. */
async function snapshotsOf({ lake }: Engines, pipelines: PipelineFolder[]): Promise<Map<string, TableState>> {
  const { rows: there } = await lake.query(
    "SELECT table_schema || '.' || table_name FROM lake.information_schema.tables",
  );
  const known = new Set(there.map(([name]) => String(name)));
  const tables = pipelines.flatMap((pipeline) => {
    const keyed = declaredTables(pipeline).filter(keepsLatest);
    return tablesOf(pipeline)
      .filter((table) => known.has(`${pipeline.name}.${table}`))
      .map((table) => ({
        name: `${pipeline.name}.${table}`,
        query:
          `SELECT '${pipeline.name}.${table}', max_by(snapshot_id, committed_at), ` +
          "to_iso8601(max(committed_at) AT TIME ZONE 'UTC'), " +
          "max_by(element_at(summary, 'total-records'), committed_at) " +
          `FROM lake."${pipeline.name}"."${table}$snapshots"`,
        isKeyed: keyed.some(({ name }) => name === table),
      }));
  });
  if (tables.length === 0) return new Map();
  const { rows } = await lake.query(tables.map(({ query }) => query).join("\nUNION ALL "));
  return new Map(
    rows.map(([name, snapshot, committedAt, records]) => [
      String(name),
      {
        name: String(name).split(".")[1]!,
        rows: tables.find((table) => table.name === name)?.isKeyed ? null : String(records ?? 0),
        snapshot: snapshot === null ? null : String(snapshot),
        committedAt: committedAt === null ? null : String(committedAt),
      },
    ]),
  );
}

async function endsOf({ kafka }: Engines, pipelines: PipelineFolder[]): Promise<Offsets> {
  const there = await kafka.topics();
  const wanted = pipelines.flatMap(({ name, topics }) =>
    [...Object.keys(topics), quarantineTopic].map((topic) => kafkaTopic(name, topic)),
  );
  const found = wanted.filter((topic) => there.includes(topic));
  return new Map(await Promise.all(found.map(async (topic) => [topic, await kafka.offsets(topic)] as const)));
}

/** Offsets that each job has committed, by job, topic and partition; the least of its groups. */
async function committedOf(engines: Engines, pipelines: PipelineFolder[], ends: Offsets) {
  const asked = pipelines.flatMap((pipeline) =>
    declaredJobs(pipeline).flatMap((job) =>
      Object.entries(job.groups).flatMap(([topic, groups]) =>
        groups.map((group) => ({ job: job.name, group, topic: kafkaTopic(pipeline.name, topic) })),
      ),
    ),
  );
  const least = new Map<string, number>();
  await Promise.all(
    asked.map(async ({ job, group, topic }) => {
      const places = ends.get(topic) ?? [];
      if (places.length === 0) return;
      const committed = await engines.kafka.committed(
        group,
        topic,
        places.map(({ partition }) => partition),
      );
      for (const { partition, low } of places) {
        const place = `${job} ${topic} ${partition}`;
        least.set(
          place,
          Math.min(least.get(place) ?? Number.POSITIVE_INFINITY, committed.get(partition) ?? low),
        );
      }
    }),
  );
  return least;
}

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
  const snapshots = shared(async () => snapshotsOf(engines, (await folders.all()).pipelines), slowLookMs);
  let ends: Offsets = new Map();
  const committed = shared(
    async () => committedOf(engines, (await folders.all()).pipelines, ends),
    slowLookMs,
  );

  const look = async (): Promise<Overview> => {
    const { pipelines, problem } = await folders.all();
    const [found, live, recorded, tables] = await Promise.all([
      attempt("Kafka", endsOf(engines, pipelines)),
      attempt("Flink", engines.flink.liveJobs()),
      attempt("Postgres", engines.store.jobs()),
      attempt("Trino", snapshots()),
    ]);
    ends = found ?? ends;
    const reached = found && (await attempt("Consumer groups", committed()));
    const now = Date.now();
    const states = pipelines.map((pipeline): PipelineState => {
      const topics = Object.keys(pipeline.topics).map((topic) => kafkaTopic(pipeline.name, topic));
      const waiting = (
        job: string,
        topic: string,
        { partition, high }: { partition: number; high: number },
      ) => Math.max(0, high - (reached?.get(`${job} ${topic} ${partition}`) ?? high));
      const jobs = declaredJobs(pipeline).map((job) => ({
        name: job.name,
        state: live ? (live.find(({ name }) => name === job.name)?.state ?? "NOT RUNNING") : "UNKNOWN",
        lag: reached
          ? Object.keys(job.groups)
              .map((topic) => kafkaTopic(pipeline.name, topic))
              .flatMap((topic) => (ends.get(topic) ?? []).map((place) => waiting(job.name, topic, place)))
              .reduce((sum, lag) => sum + lag, 0)
          : null,
      }));
      const lag = reached ? Math.max(0, ...jobs.map((job) => job.lag ?? 0)) : null;
      const count = (topic: string) =>
        ends.has(topic) ? ends.get(topic)!.reduce((sum, { low, high }) => sum + high - low, 0) : null;
      const highs = topics.reduce(
        (sum, topic) => sum + (ends.get(topic) ?? []).reduce((s, p) => s + p.high, 0),
        0,
      );
      const done = [...(reached ?? [])]
        .filter(([place]) => place.startsWith(`${pipeline.name}/`))
        .reduce((sum, [, offset]) => sum + offset, 0);
      const { rate, stillMs } = progress.note(pipeline.name, { atMs: now, records: highs, done, lag });
      const own = tablesOf(pipeline).map(
        (name) =>
          tables?.get(`${pipeline.name}.${name}`) ?? { name, rows: null, snapshot: null, committedAt: null },
      );
      const newest = own.reduce(
        (best, one) => ((one.committedAt ?? "") > (best?.committedAt ?? "") ? one : best),
        own[0],
      );
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
        records: topics.reduce((sum, topic) => sum + (count(topic) ?? 0), 0),
        rate,
        lag,
        freshnessMs: pipeline.freshnessMs,
        committedAt: newest?.committedAt ?? null,
        snapshot: newest?.snapshot ?? null,
        topics: [...topics, kafkaTopic(pipeline.name, quarantineTopic)].map((name) => ({
          name,
          records: count(name),
        })),
        jobs,
        tables: own,
      };
    });
    return {
      at: new Date(now).toISOString(),
      problems: [...(problem ? [problem] : []), ...problems.values()],
      pipelines: states,
    };
  };
  return { now: shared(look, lookMs) };
}
