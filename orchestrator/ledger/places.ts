// How much each partition of a pipeline's topics holds, and how far the jobs that read it have committed.
import { kafkaTopic, type PipelineFolder } from "../../flink-sql/folders.ts";
import { logJob, quarantineTopic } from "../../flink-sql/log.ts";
import { jobsOf } from "../../flink-sql/script.ts";
import type { Engines } from "../engines/engines.ts";
import type { Bound } from "./judge.ts";
import { firstPlacesQuery } from "./sql.ts";

/** A partition: its first offset, its end when it was asked for, and the offset below which every reader is done. */
export interface Place extends Bound {
  high: number;
}

/** What is written down: topics, the table that keeps a row of every record, the consumer groups of each topic. */
export interface Source {
  table: "log" | "quarantine";
  groups: Record<string, string[]>;
}

/** The pipeline's events: the log keeps each, and every job that reads its topic has a part in it. */
export function eventSource(pipeline: PipelineFolder): Source {
  const jobs = jobsOf(pipeline);
  const groupsOf = (topic: string) => jobs.flatMap((job) => job.groups[topic] ?? []);
  return {
    table: "log",
    groups: Object.fromEntries(Object.keys(pipeline.topics).map((topic) => [topic, groupsOf(topic)])),
  };
}

/** What the API refused: the quarantine keeps each. */
export const refusalSource = ({ name }: PipelineFolder): Source => ({
  table: "quarantine",
  groups: { [quarantineTopic]: [`${name}/${logJob}.${quarantineTopic}`] },
});

export const inFlight = (places: Place[]): number =>
  places.reduce((sum, { high, upTo }) => sum + high - upTo, 0);

/** The places again, with what has been committed by now; their ends stay. */
export async function committedBy(
  { kafka }: Engines,
  pipeline: PipelineFolder,
  { groups }: Source,
  places: Place[],
): Promise<Place[]> {
  if (inFlight(places) === 0) return places;
  const readers = Object.entries(groups).flatMap(([topic, names]) =>
    names.map((group) => ({ topic, group })),
  );
  const committed = await Promise.all(
    readers.map(async ({ topic, group }) => {
      const partitions = places.filter((place) => place.topic === topic).map(({ partition }) => partition);
      return { topic, offsets: await kafka.committed(group, kafkaTopic(pipeline.name, topic), partitions) };
    }),
  );
  return places.map((place) => {
    const { topic, partition, low, high } = place;
    const reached = committed.flatMap((of) => (of.topic === topic ? [of.offsets.get(partition) ?? low] : []));
    return { ...place, upTo: Math.min(high, ...reached) };
  });
}

/**
 * All partitions of a source as they are now. A partition begins where its table does: what Kafka's retention has
 * removed since is still accounted for.
 */
export async function placesNow(
  engines: Engines,
  pipeline: PipelineFolder,
  source: Source,
): Promise<Place[]> {
  const topics = Object.keys(source.groups);
  const [written, ...offsets] = await Promise.all([
    engines.lake.query(firstPlacesQuery(pipeline, source.table)),
    ...topics.map((topic) => engines.kafka.offsets(kafkaTopic(pipeline.name, topic))),
  ]);
  const first = new Map(
    written.rows.map(([topic, partition, low]) => [`${topic}/${partition}`, Number(low)]),
  );
  const places = topics.flatMap((topic, index) =>
    offsets[index]!.map(({ partition, low: held, high }) => {
      const low = Math.min(held, first.get(`${topic}/${partition}`) ?? held);
      return { topic, partition, low, high, upTo: low };
    }),
  );
  return committedBy(engines, pipeline, source, places);
}
