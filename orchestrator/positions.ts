// Where readers are in their topics, as Kafka knows it. Looks, and never acts.
import { kafkaTopic } from "../flink-sql/folders.ts";
import type { Engines } from "./engines/engines.ts";

/** Where a consumer group is in a partition: the next record that it takes. */
export interface Position {
  group: string;
  topic: string;
  partition: number;
  offset: number;
  low: number;
  high: number;
}

/**
 * Of consumer groups by topic of a pipeline, in every partition; one of which a group has read nothing is read from its
 * start. Topics that aren't made have none.
 */
export async function positionsOf(
  { kafka }: Engines,
  pipeline: string,
  groups: Record<string, string[]>,
): Promise<Position[]> {
  const known = await kafka.topics();
  const found = Object.entries(groups)
    .map(([name, readers]) => ({ topic: kafkaTopic(pipeline, name), readers }))
    .filter(({ topic }) => known.includes(topic))
    .map(async ({ topic, readers }) => {
      const ends = await kafka.offsets(topic);
      const partitions = ends.map(({ partition }) => partition);
      const each = readers.map(async (group) => {
        const reached = await kafka.committed(group, topic, partitions);
        return ends.map(({ partition, low, high }) => {
          const offset = reached.get(partition) ?? low;
          return { group, topic, partition, offset, low, high };
        });
      });
      return (await Promise.all(each)).flat();
    });
  return (await Promise.all(found)).flat();
}
