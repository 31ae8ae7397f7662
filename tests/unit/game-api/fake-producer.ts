// A producer that is an array: keeps every record, or fails as it is told.
import {
  type Failure,
  failures,
  type KafkaRecord,
  type Outcome,
  type Producer,
} from "../../../game-api/delivery.ts";

export interface FakeProducer extends Producer {
  records: KafkaRecord[];
  /** Records of quarantine topics. */
  quarantine: KafkaRecord[];
  /** What happens to a record instead of being kept; undefined keeps it. */
  failWith: (record: KafkaRecord) => Failure | undefined;
  downReason: string | undefined;
  closed: boolean;
  /** The kept events, read back. */
  events(): Record<string, unknown>[];
}

export function createFakeProducer(): FakeProducer {
  const fake: FakeProducer = {
    records: [],
    quarantine: [],
    failWith: () => undefined,
    downReason: undefined,
    closed: false,
    waiting: 0,
    events: () => fake.records.map(({ value }) => JSON.parse(value)),
    async send(records) {
      return records.map((record): Outcome => {
        if (fake.downReason !== undefined) return failures.unavailable(fake.downReason);
        const failure = fake.failWith(record);
        if (failure) return failure;
        const kept = record.topic.endsWith(".quarantine") ? fake.quarantine : fake.records;
        return { ok: true, partition: 0, offset: kept.push(record) - 1 };
      });
    },
    ready: async () => fake.downReason,
    close: async () => {
      fake.closed = true;
    },
  };
  return fake;
}
