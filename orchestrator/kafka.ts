// Kafka's admin side: topics and offsets. Events are produced elsewhere, by the API.
import KafkaJavascript from "@confluentinc/kafka-javascript";

const { IsolationLevel, Kafka, logLevel } = KafkaJavascript.KafkaJS;

export interface KafkaAdmin {
  topics(): Promise<string[]>;
  createTopic(topic: string, partitions: number, retentionMs: number): Promise<void>;
  /** First and next offset of each partition, in partition order. */
  offsets(topic: string): Promise<{ partition: number; low: number; high: number }[]>;
  /** Offset up to which a consumer group has committed, by partition; absent where it has none. */
  committed(group: string, topic: string): Promise<Map<number, number>>;
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
    async offsets(topic) {
      const found = await admin.fetchTopicOffsets(topic, {
        timeout: 10_000,
        isolationLevel: IsolationLevel.READ_UNCOMMITTED,
      });
      return found
        .map((p) => ({ partition: p.partition, low: Number(p.low), high: Number(p.high) }))
        .sort((a, b) => a.partition - b.partition);
    },
    async committed(group, topic) {
      const found = await admin.fetchOffsets({ groupId: group, topics: [topic], timeout: 10_000 });
      const partitions = found.flatMap((t) => (t.topic === topic ? t.partitions : []));
      return new Map(
        partitions.map((p) => [p.partition, Number(p.offset)] as const).filter(([, offset]) => offset >= 0),
      );
    },
    close: () => admin.disconnect(),
  };
}
