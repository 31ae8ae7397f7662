// Alerts and ledgers for Prometheus. Alerts are counted in Postgres when asked: a restart forgets none.
import { Gauge, Registry } from "prom-client";
import type { Store } from "../engines/store.ts";
import { countNames, type Ledger } from "../ledger/ledger.ts";
import { countAlerts } from "./rows.ts";

/** The text of GET /metrics, and its content type. Throws where Postgres doesn't answer. */
export async function loopMetrics(
  store: Store,
  ledgers: ReadonlyMap<string, Ledger>,
): Promise<{ text: string; contentType: string }> {
  const registry = new Registry();
  const alerts = new Gauge({
    name: "swordlake_alerts",
    help: "Alerts by pipeline, alert and state: waiting, delivered, refused, given up",
    labelNames: ["pipeline", "alert", "state"],
    registers: [registry],
  });
  for (const { alerts: count, ...labels } of await store.transaction(countAlerts)) alerts.set(labels, count);
  const closed = new Gauge({
    name: "swordlake_ledger_closed",
    help: "1 where the ledger of a pipeline closed when it was last taken, 0 where it did not",
    labelNames: ["pipeline"],
    registers: [registry],
  });
  const records = new Gauge({
    name: "swordlake_ledger_records",
    help: "Records of a pipeline by what became of them, when the ledger was last taken",
    labelNames: ["pipeline", "became"],
    registers: [registry],
  });
  for (const [pipeline, ledger] of ledgers) {
    closed.set({ pipeline }, ledger.closed ? 1 : 0);
    for (const became of countNames) records.set({ pipeline, became }, ledger[became]);
  }
  return { text: await registry.metrics(), contentType: registry.contentType };
}
