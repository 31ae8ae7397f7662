// Readiness that is real: a topic can be made, a query answers.
import KafkaJavascript from "@confluentinc/kafka-javascript";
import { BasicAuth, Trino } from "trino-client";

const { Kafka, logLevel } = KafkaJavascript.KafkaJS;

/** Makes and removes a topic. Throws while the broker can't. */
export async function probeKafka(bootstrap: string): Promise<void> {
  const admin = new Kafka({
    "bootstrap.servers": bootstrap,
    kafkaJS: { brokers: [bootstrap], logLevel: logLevel.NOTHING },
  }).admin();
  await admin.connect();
  try {
    const topic = `swordlake.ready-${Date.now()}-${process.pid}`;
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], timeout: 5000 });
    await admin.deleteTopics({ topics: [topic], timeout: 5000 });
  } finally {
    await admin.disconnect();
  }
}

/** Runs a query. Throws while Trino starts. */
export async function probeTrino(address: string): Promise<void> {
  const trino = Trino.create({ server: address, auth: new BasicAuth("swordlake") });
  for await (const result of await trino.query("SELECT 1"))
    if (result.error) throw new Error(result.error.message);
}
