// Kafka's admin side: topics and offsets; and a reader of topics. Events are produced elsewhere, by the API.
import KafkaJavascript, {
  type LibrdKafkaError,
  type TopicPartitionOffset,
} from "@confluentinc/kafka-javascript";
import pRetry from "p-retry";
import { setTopicSetting, topicSettings } from "./kafka-settings.ts";

const { IsolationLevel, Kafka, logLevel } = KafkaJavascript.KafkaJS;

/** For what a broker needs a moment for. By time as well: one that is gone takes 10 s to say so at each try. */
const patience = { retries: 30, minTimeout: 100, factor: 1.2, maxTimeout: 2000, maxRetryTime: 30_000 };

export interface KafkaAdmin {
  topics(): Promise<string[]>;
  createTopic(topic: string, partitions: number, retentionMs: number): Promise<void>;
  /** Partitions and retention of topics. */
  shapes(topics: string[]): Promise<Map<string, { partitions: number; retentionMs: number }>>;
  setRetention(topic: string, retentionMs: number): Promise<void>;
  /** First and next offset of each partition, in partition order. */
  offsets(topic: string): Promise<{ partition: number; low: number; high: number }[]>;
  /** Offset up to which a consumer group has committed, by partition; absent where it has none. */
  committed(group: string, topic: string, partitions: number[]): Promise<Map<number, number>>;
  /** Sets what a group has committed; nobody of the group may be reading. */
  commit(group: string, places: { topic: string; partition: number; offset: number }[]): Promise<void>;
  /** Reads topics from where the group committed, else from their start. */
  reader(group: string, topics: string[]): Promise<TopicReader>;
  close(): Promise<void>;
}

export interface TopicRecord {
  topic: string;
  key: string;
  /** Null where the record says that its key is no more. */
  value: string | null;
}

export interface TopicReader {
  /** The next records of the topics, each partition in order; none where none come for half a second. */
  next(): Promise<TopicRecord[]>;
  /** Says that everything so far is done: the group's next reader goes on after it. */
  commit(): void;
  close(): Promise<void>;
}

/** Connects; rejects where no broker answers within a few seconds. */
export async function connectKafka(bootstrap: string): Promise<KafkaAdmin> {
  const admin = new Kafka({ kafkaJS: { brokers: bootstrap.split(","), logLevel: logLevel.NOTHING } }).admin();
  await admin.connect();
  const offsets = (topic: string) => topicOffsets(admin, topic);
  return {
    topics: () => admin.listTopics({ timeout: 10_000 }),
    async createTopic(topic, partitions, retentionMs) {
      const configEntries = [{ name: "retention.ms", value: String(retentionMs) }];
      await admin.createTopics({
        topics: [{ topic, numPartitions: partitions, configEntries }],
        timeout: 15_000,
      });
    },
    async shapes(topics) {
      if (topics.length === 0) return new Map();
      const retention = await topicSettings(bootstrap, topics, "retention.ms");
      const found = await Promise.all(
        // One by one: a topic that goes or comes at this moment must not cost the others.
        [...retention].map(async ([topic, retentionMs]) => {
          const [known] = await admin
            .fetchTopicMetadata({ topics: [topic], timeout: 10_000 })
            .catch(() => []);
          return known
            ? [[topic, { partitions: known.partitions.length, retentionMs: Number(retentionMs) }] as const]
            : [];
        }),
      );
      return new Map(found.flat());
    },
    setRetention: (topic, retentionMs) =>
      setTopicSetting(bootstrap, topic, "retention.ms", String(retentionMs)),
    offsets,
    committed: (group, topic, partitions) => committedOffsets(bootstrap, group, topic, partitions),
    commit: (group, places) => commitOffsets(bootstrap, group, places),
    async reader(group, topics) {
      const found = await Promise.all(topics.map(async (topic) => ({ topic, ends: await offsets(topic) })));
      const places = found.flatMap(({ topic, ends }) => ends.map(({ partition }) => ({ topic, partition })));
      return openReader(bootstrap, group, places);
    },
    close: () => admin.disconnect(),
  };
}

function topicOffsets(admin: Pick<KafkaJavascript.KafkaJS.Admin, "fetchTopicOffsets">, topic: string) {
  return pRetry(async () => {
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
  }, patience);
}

/** A consumer that joins no group, whose offsets are committed under the group's name. */
async function openConsumer(bootstrap: string, group: string): Promise<KafkaJavascript.KafkaConsumer> {
  const consumer = new KafkaJavascript.KafkaConsumer(
    { "bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": false },
    { "auto.offset.reset": "earliest" },
  );
  consumer.on("event.error", () => {}); // a lost connection comes back by itself; calls have limits of their own
  await new Promise<void>((resolve, reject) => {
    consumer.connect({ timeout: 10_000 }, (error) => (error ? reject(new Error(error.message)) : resolve()));
  });
  return consumer;
}

const closeConsumer = (consumer: KafkaJavascript.KafkaConsumer) =>
  new Promise<void>((resolve) => {
    consumer.disconnect(() => resolve());
  });

async function openReader(
  bootstrap: string,
  group: string,
  places: { topic: string; partition: number }[],
): Promise<TopicReader> {
  const consumer = await openConsumer(bootstrap, group);
  consumer.setDefaultConsumeTimeout(500);
  consumer.assign(places as Parameters<typeof consumer.assign>[0]);
  const done = new Map<string, { topic: string; partition: number; offset: number }>();
  return {
    next: () =>
      new Promise((resolve, reject) => {
        consumer.consume(500, (error: LibrdKafkaError | null, records) => {
          if (error) return reject(new Error(`Kafka doesn't give the records of ${group}: ${error.message}`));
          for (const { topic, partition, offset } of records)
            done.set(`${topic} ${partition}`, { topic, partition, offset: offset + 1 });
          const text = (bytes: unknown) => (bytes === null || bytes === undefined ? null : String(bytes));
          resolve(
            records.map(({ topic, key, value }) => ({ topic, key: text(key) ?? "", value: text(value) })),
          );
        });
      }),
    commit() {
      if (done.size > 0) consumer.commit([...done.values()]);
      done.clear();
    },
    close: () => closeConsumer(consumer),
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
  const consumer = await openConsumer(bootstrap, group);
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
    const found = await pRetry(ask, patience);
    return new Map(
      found.filter(({ offset }) => offset >= 0).map(({ partition, offset }) => [partition, offset]),
    );
  } finally {
    await closeConsumer(consumer);
  }
}

async function commitOffsets(
  bootstrap: string,
  group: string,
  places: { topic: string; partition: number; offset: number }[],
): Promise<void> {
  const consumer = await openConsumer(bootstrap, group);
  try {
    await pRetry(async () => void consumer.commitSync(places as TopicPartitionOffset[]), patience);
  } catch (cause) {
    throw new Error(`Kafka doesn't take the offsets of group ${group}: ${(cause as Error).message}`, {
      cause,
    });
  } finally {
    await closeConsumer(consumer);
  }
}
