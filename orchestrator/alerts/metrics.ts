// Alerts for Prometheus, counted in Postgres when asked: a restart forgets none.
import { Gauge, Registry } from "prom-client";
import type { Store } from "../engines/store.ts";
import { countAlerts } from "./rows.ts";

/** The text of GET /metrics, and its content type. Throws where Postgres doesn't answer. */
export async function alertMetrics(store: Store): Promise<{ text: string; contentType: string }> {
  const registry = new Registry();
  const alerts = new Gauge({
    name: "swordlake_alerts",
    help: "Alerts by pipeline, alert and state: waiting, delivered, refused, given up",
    labelNames: ["pipeline", "alert", "state"],
    registers: [registry],
  });
  for (const { alerts: count, ...labels } of await store.transaction(countAlerts)) alerts.set(labels, count);
  return { text: await registry.metrics(), contentType: registry.contentType };
}
