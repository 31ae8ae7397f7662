// Alerts, ledgers and health for Prometheus. Alerts are counted in Postgres when asked: a restart forgets none.
import { Gauge, Registry } from "prom-client";
import type { Health, PipelineState } from "../console/api.ts";
import type { Store } from "../engines/store.ts";
import { countNames, type Ledger } from "../ledger/ledger.ts";
import { countAlerts } from "./rows.ts";

/** The text of GET /metrics, and its content type. Throws where Postgres doesn't answer. */
export async function loopMetrics(
  store: Store,
  ledgers: ReadonlyMap<string, Ledger>,
  health: ReadonlyMap<string, PipelineState>,
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
  setHealth(registry, health);
  return { text: await registry.metrics(), contentType: registry.contentType };
}

const states: Health[] = ["healthy", "lagging", "stalled", "failing", "stopped", "unknown"];

function setHealth(registry: Registry, health: ReadonlyMap<string, PipelineState>): void {
  const gauge = (name: string, help: string, more: string[] = []) =>
    new Gauge({ name, help, labelNames: ["pipeline", ...more], registers: [registry] });
  const state = gauge("swordlake_health", "1 for the state that a pipeline is in, 0 for the others", [
    "state",
  ]);
  const lag = gauge("swordlake_lag_records", "Records that wait for the slowest job of a pipeline");
  const rate = gauge("swordlake_records_per_second", "Records a second that come into a pipeline's topics");
  for (const [pipeline, seen] of health) {
    for (const one of states) state.set({ pipeline, state: one }, seen.health === one ? 1 : 0);
    if (seen.lag !== null) lag.set({ pipeline }, seen.lag);
    if (seen.rate !== null) rate.set({ pipeline }, seen.rate);
  }
}
