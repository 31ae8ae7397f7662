// Whether this Kafka takes records of an idempotent producer, asked without writing one: a broker that
// answers metadata may still be unable to. Needs no topic, and no right beyond the producer's own.
import kafka from "@confluentinc/kafka-javascript";
import { driverSettings, type KafkaSettings } from "./kafka-settings.ts";

const { RdKafka } = kafka;

const checkTimeoutMs = 4000;

/**
 * Undefined where a broker gave a producer id, else why not. A record would be the fuller proof, but
 * there is no topic for one: an own one doesn't exist before `apply`, and a pipeline's keeps every
 * record. The id comes from the controller through the same path, and no idempotent record is taken
 * without it. The driver tells of it only in its statistics, so they are on in this short-lived client.
 */
export function checkProducing(settings: KafkaSettings): Promise<string | undefined> {
  const client = new RdKafka.Producer({
    ...driverSettings(settings),
    "client.id": "swordlake-game-api-check",
    "statistics.interval.ms": 50,
  });
  return new Promise((resolve) => {
    let reason = "no producer id in time";
    const end = (why: string | undefined) => {
      clearTimeout(timer);
      client.removeAllListeners("event.stats");
      client.disconnect(500, () => {});
      resolve(why);
    };
    const timer = setTimeout(() => end(reason), checkTimeoutMs);
    client.on("event.error", (error) => {
      reason = error.message;
    });
    client.on("event.stats", ({ message }: { message: string }) => {
      const { eos } = JSON.parse(message) as { eos?: { idemp_state?: string } };
      if (eos?.idemp_state === "Assigned") end(undefined);
    });
    client.connect({ allTopics: false, timeout: checkTimeoutMs } as object, (error) => {
      if (error) return end(error.message);
      client.setPollInBackground(true);
    });
  });
}
