// Alerts that the orchestrator raises itself: open while something is wrong, and another when that is over.
import type { Store } from "../engines/store.ts";
import { lastAlert, saveAlerts } from "./rows.ts";
import { alertId } from "./states.ts";

export interface Standing {
  pipeline: string;
  /** Names of pipelines' own alerts are identifiers: one with a dot is none of theirs. */
  alert: string;
  isOpen: boolean;
  /** What it says beside state and time. */
  says: Record<string, unknown>;
}

/** Raises an alert where what was closed is open now, or what was open is closed. */
export async function tellStanding(
  store: Store,
  { pipeline, alert, isOpen, says }: Standing,
  now = new Date(),
): Promise<void> {
  const last = await store.transaction((client) => lastAlert(client, pipeline, alert));
  const wasOpen = last?.key.state === "open";
  if (wasOpen === isOpen) return;
  const since = wasOpen ? last.key.since : now.toISOString();
  const key = { state: isOpen ? "open" : "closed", since };
  const value = { ...key, ...says };
  await saveAlerts(store, [{ pipeline, alert, id: alertId(pipeline, alert, key), key, value }]);
}
