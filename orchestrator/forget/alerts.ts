// A person's alerts: in Postgres, where they are deleted, and in Kafka, which holds its copy for a while.
import { alertTopic } from "../../flink-sql/alerts.ts";
import { kafkaTopic, type PipelineFolder } from "../../flink-sql/folders.ts";
import { waitFor } from "../../stack/wait.ts";
import { unreadAlerts } from "../alerts/deliver.ts";
import { type AlertedPerson, personAlerts, removePersonAlerts } from "../alerts/rows.ts";
import { alertShape } from "../deploy/reconcile.ts";
import type { Engines } from "../engines/engines.ts";

/**
 * Until the orchestrator has written down every alert that was raised: one that it reads later would bring the
 * person back. Throws, with the cure, after a minute.
 */
export const waitForAlerts = (engines: Engines, pipeline: PipelineFolder): Promise<void> =>
  waitFor(
    `the orchestrator has written down all alerts of ${pipeline.name} ('npx swordlake status' tells whether it runs)`,
    async () => (await unreadAlerts(engines, pipeline)) === 0,
  );

/** How many alerts name the person, and what Kafka holds of them: nothing where there are none. */
export async function alertsOfPerson({ store }: Engines, person: AlertedPerson) {
  const { alerts, last } = await store.transaction((client) => personAlerts(client, person));
  const until = last && new Date(last.getTime() + alertShape.retentionMs).toISOString();
  const topic = kafkaTopic(person.pipeline, alertTopic);
  return { alerts, copies: until ? [{ topic, records: alerts, until }] : [] };
}

/** Deletes them. Returns how many are left. */
export const removeAlerts = ({ store }: Engines, person: AlertedPerson): Promise<number> =>
  store.transaction(async (client) => {
    await removePersonAlerts(client, person);
    return (await personAlerts(client, person)).alerts;
  });
