// Writes records straight into Kafka, past the API: poison, and what other producers might send.
import KafkaJavascript from "@confluentinc/kafka-javascript";

const { Kafka, logLevel } = KafkaJavascript.KafkaJS;

/** Sends values one after the other, with one key or each with its own; returns where each is, in order. */
export async function writeRaw(
  bootstrap: string,
  topic: string,
  values: (string | Buffer | null)[],
  keys: string[] = [],
): Promise<{ partition: number; offset: number }[]> {
  const producer = new Kafka({ kafkaJS: { brokers: [bootstrap], logLevel: logLevel.NOTHING } }).producer({
    kafkaJS: { acks: -1 },
  });
  await producer.connect();
  try {
    const places = [];
    for (const [index, value] of values.entries()) {
      const [sent] = await producer.send({ topic, messages: [{ key: keys[index] ?? "raw", value }] });
      places.push({ partition: sent!.partition, offset: Number(sent!.baseOffset) });
    }
    return places;
  } finally {
    await producer.disconnect();
  }
}
