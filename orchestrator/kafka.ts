// Kafka's admin side: topics and offsets. Events are produced elsewhere, by the API.
import KafkaJavascript, {
  type LibrdKafkaError,
  type TopicPartitionOffset,
} from "@confluentinc/kafka-javascript";
import pRetry from "p-retry";

const { IsolationLevel, Kafka, logLevel } = KafkaJavascript.KafkaJS;

export interface KafkaAdmin {
  topics(): Promise<string[]>;
  createTopic(topic: string, partitions: number, retentionMs: number): Promise<void>;
  /** First and next offset of each partition, in partition order. */
  offsets(topic: string): Promise<{ partition: number; low: number; high: number }[]>;
  /** Offset up to which a consumer group has committed, by partition; absent where it has none. */
  committed(group: string, topic: string, partitions: number[]): Promise<Map<number, number>>;
  close(): Promise<void>;
}

/** Connects; rejects where no broker answers within a few seconds. */
export async function connectKafka(bootstrap: string): Promise<KafkaAdmin> {
  const admin = new Kafka({ kafkaJS: { brokers: bootstrap.split(","), logLevel: logLevel.NOTHING } }).admin();
  await admin.connect();
  return {
    topics: () => admin.listTopics({ timeout: 10_000 }),
    async createTopic(topic, partitions, retentionMs) {
      const configEntries = [{ name: "retention.ms", value: String(retentionMs) }];
      await admin.createTopics({
        topics: [{ topic, numPartitions: partitions, configEntries }],
        timeout: 15_000,
      });
    },
    offsets: (topic) =>
      pRetry(
        async () => {
          const found = await admin.fetchTopicOffsets(topic, {
            timeout: 10_000,
            isolationLevel: IsolationLevel.READ_UNCOMMITTED,
          });
          const offsets = found
            .map((p) => ({ partition: p.partition, low: Number(p.low), high: Number(p.high) }))
            .sort((a, b) => a.partition - b.partition);
          // Right after a topic was made, some ends are still unknown and come as -1.
          if (offsets.length === 0 || offsets.some(({ low, high }) => low < 0 || high < 0))
            throw new Error(`Kafka doesn't know the ends of topic ${topic} yet`);
          return offsets;
        },
        { retries: 20, minTimeout: 100, factor: 1.2 },
      ),
    committed: (group, topic, partitions) => committedOffsets(bootstrap, group, topic, partitions),
    close: () => admin.disconnect(),
  };
}

/**
 * Through a consumer that joins no group. The admin's own call ends the process where the group's
 * coordinator moves, which a fresh or restarted broker does.
 */
async function committedOffsets(
  bootstrap: string,
  group: string,
  topic: string,
  partitions: number[],
): Promise<Map<number, number>> {
  const consumer = new KafkaJavascript.KafkaConsumer(
    { "bootstrap.servers": bootstrap, "group.id": group },
    {},
  );
  consumer.on("event.error", () => {}); // a lost connection comes back by itself; the call below has its own limit
  await new Promise<void>((resolve, reject) => {
    consumer.connect({ timeout: 10_000 }, (error) => (error ? reject(new Error(error.message)) : resolve()));
  });
  try {
    const places = partitions.map((partition) => ({ topic, partition }));
    const ask = () =>
      new Promise<TopicPartitionOffset[]>((resolve, reject) => {
        consumer.committed(places, 10_000, (error: LibrdKafkaError | null, offsets) =>
          error
            ? reject(new Error(`Kafka doesn't tell the offsets of group ${group}: ${error.message}`))
            : resolve(offsets as TopicPartitionOffset[]),
        );
      });
    // "Not coordinator" for a moment after the broker started: it has to look the group up first.
    const found = await pRetry(ask, { retries: 20, minTimeout: 200, factor: 1.2 });
    return new Map(
      found.filter(({ offset }) => offset >= 0).map(({ partition, offset }) => [partition, offset]),
    );
  } finally {
    await new Promise<void>((resolve) => {
      consumer.disconnect(() => resolve());
    });
  }
}
