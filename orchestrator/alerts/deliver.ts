// Alerts on their way: read from Kafka, written down in Postgres, told to the webhook once each.
// Two loops, so that a webhook that is slow or away holds up nothing else.
import type { Logger } from "pino";
import { alertNames, alertTopic } from "../../flink-sql/alerts.ts";
import { kafkaTopic, type PipelineFolder } from "../../flink-sql/folders.ts";
import { declaredPipelines, type Engines } from "../engines/engines.ts";
import type { TopicReader, TopicRecord } from "../engines/kafka.ts";
import { positionsOf } from "../positions.ts";
import { rounds } from "../rounds.ts";
import { saveAlerts, tellNext } from "./rows.ts";
import { afterAttempt, type RaisedAlert, readAlert } from "./states.ts";
import type { Webhook } from "./webhook.ts";

/** Its committed offsets are in Kafka under this name. */
const group = "swordlake/alerts";

const lookMs = 5000;
const idleMs = 300;

/** How many records of a pipeline's alerts are in Kafka and not yet written down. */
export async function unreadAlerts(engines: Engines, pipeline: PipelineFolder): Promise<number> {
  // Of a pipeline that has given up its alerts nobody reads the topic.
  if (alertNames(pipeline).length === 0) return 0;
  const positions = await positionsOf(engines, pipeline.name, { [alertTopic]: [group] });
  return positions.reduce((sum, { offset, low, high }) => sum + high - Math.max(low, offset), 0);
}

/** Pipelines with alerts whose topic is there, by topic. */
async function alertTopics({ config, kafka }: Engines): Promise<Map<string, PipelineFolder>> {
  const [pipelines, topics] = await Promise.all([declaredPipelines(config), kafka.topics()]);
  return new Map(
    pipelines
      .filter(({ alerts }) => Object.keys(alerts).length > 0)
      .map((pipeline) => [kafkaTopic(pipeline.name, alertTopic), pipeline] as const)
      .filter(([topic]) => topics.includes(topic)),
  );
}

function readAll(records: TopicRecord[], by: Map<string, PipelineFolder>, logger: Logger): RaisedAlert[] {
  return records.flatMap(({ topic, key, value }) => {
    // A job took it back; what was raised stays raised.
    if (value === null) return [];
    try {
      return [readAlert(by.get(topic)!, { key, value })];
    } catch (error) {
      logger.error({ topic, key, reason: (error as Error).message }, "a record is no alert");
      return [];
    }
  });
}

async function readAlerts(engines: Engines, logger: Logger, signal: AbortSignal): Promise<void> {
  let reader: TopicReader | undefined;
  let by = new Map<string, PipelineFolder>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  const close = async () => {
    const open = reader;
    reader = undefined;
    lookedAt = Number.NEGATIVE_INFINITY;
    await open?.close();
  };
  const work = async () => {
    if (performance.now() - lookedAt >= lookMs) {
      const found = await alertTopics(engines);
      lookedAt = performance.now();
      const isSame = found.size === by.size && [...found.keys()].every((topic) => by.has(topic));
      if (!isSame || !reader) {
        await reader?.close();
        reader = found.size > 0 ? await engines.kafka.reader(group, [...found.keys()]) : undefined;
      }
      by = found;
    }
    if (!reader) return lookMs;
    const records = await reader.next();
    const alerts = readAll(records, by, logger);
    if (alerts.length > 0) await saveAlerts(engines.store, alerts);
    // After they are written down: a crash before this reads them again, which changes nothing.
    reader.commit();
    return 0;
  };
  const guarded = () =>
    work().catch(async (error: unknown) => {
      // What was read and not written down is read again.
      await close();
      throw error;
    });
  try {
    await rounds("reading alerts", guarded, logger, signal);
  } finally {
    await close();
  }
}

/** Tells what is due, two at a time: one slow answer doesn't hold up all. */
async function tellAlerts(
  { store }: Engines,
  webhook: Webhook,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const work = async () => {
    const found = await tellNext(store, async (alert, attempts) => {
      const attempt = await webhook.send(alert);
      const ageMs = Date.now() - alert.raisedAt.getTime();
      const after = afterAttempt(attempt, { attempts, ageMs }, Math.random());
      const { pipeline, alert: name, id } = alert;
      logger.info({ pipeline, alert: name, id, attempts, ...after }, "alert sent");
      return after;
    });
    return found ? 0 : idleMs;
  };
  await Promise.all([1, 2].map(() => rounds("telling alerts", work, logger, signal)));
}

/** Reads and tells until aborted. Without a webhook alerts are written down and wait for one. */
export async function keepAlerts(
  engines: Engines,
  webhook: Webhook | undefined,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([
    readAlerts(engines, logger, signal),
    ...(webhook ? [tellAlerts(engines, webhook, logger, signal)] : []),
  ]);
}
