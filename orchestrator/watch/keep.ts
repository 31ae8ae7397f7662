// The standing watch: judges every applied pipeline each few seconds, writes the verdict down, and raises an alert
// where one stalls or fails; another when that is over.
import type { Logger } from "pino";
import { tellStanding } from "../alerts/standing.ts";
import type { Overview, PipelineState } from "../console/api.ts";
import type { Engines } from "../engines/engines.ts";
import type { Store } from "../engines/store.ts";
import { rounds } from "../rounds.ts";
import type { Looker } from "./look.ts";
import { type HealthRow, saveCatchUpRates, saveHealth } from "./rows.ts";

/** Name of the alert. */
export const healthAlert = "swordlake.health";

const lookMs = 3000;
/** A restart that succeeds is no alarm: a failing pipeline is told of when it has been so long. A stall has waited. */
const failingMs = 30_000;

/** Raises or resolves what a verdict asks for; one that isn't known changes nothing. */
export async function tellHealth(
  store: Store,
  { pipeline, health, why, since }: HealthRow,
  now = new Date(),
): Promise<void> {
  if (health === "unknown") return;
  if (health === "failing" && now.getTime() - since.getTime() < failingMs) return;
  const isOpen = health === "stalled" || health === "failing";
  await tellStanding(store, { pipeline, alert: healthAlert, isOpen, says: { health, why } }, now);
}

/** Looks until aborted. `latest` gets what was seen of each applied pipeline. */
export async function keepWatch(
  { store }: Engines,
  looker: Looker,
  latest: Map<string, PipelineState>,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const tell = async ({ pipelines }: Overview) => {
    const applied = new Set((await store.jobs()).map((job) => job.pipeline));
    const watched = pipelines.filter(({ name }) => applied.has(name));
    for (const state of watched) {
      const before = latest.get(state.name)?.health ?? "healthy";
      if (state.health !== before)
        logger.info({ pipeline: state.name, health: state.health, before, why: state.why }, "health changed");
      latest.set(state.name, state);
    }
    for (const name of latest.keys()) if (!watched.some((state) => state.name === name)) latest.delete(name);
    const rows = await saveHealth(
      store,
      watched.map(({ name, health, why }) => ({ pipeline: name, health, why })),
    );
    for (const row of rows) await tellHealth(store, row);
    const rates = looker.takeRates();
    if (rates.size > 0) await saveCatchUpRates(store, rates);
  };
  const round = async () => {
    const seen = await looker.stand();
    // One orchestrator tells; another one that stands by looks on.
    await store.withLease(() => tell(seen), false, "watch");
    return lookMs;
  };
  await rounds("watching the pipelines", round, logger, signal);
}
