// Takes the ledger of every applied pipeline now and then, and raises an alert where one stays open; another when it
// has closed again.
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { tellStanding } from "../alerts/standing.ts";
import { appliedPipelines, type Engines } from "../engines/engines.ts";
import type { Store } from "../engines/store.ts";
import { rounds } from "../rounds.ts";
import { type Ledger, takeLedger } from "./ledger.ts";

/** Name of the alert; those of pipelines are identifiers, so none can have it. */
export const ledgerAlert = "swordlake.ledger";

/** Raises what a ledger asks for: open where it was closed before, closed where it was open. */
export async function tellLedger(store: Store, ledger: Ledger, now = new Date()): Promise<void> {
  const { pipeline, closed, problems } = ledger;
  const [first] = problems;
  const says = {
    problems: problems.length,
    ...(first ? { first: `${first.kind}: ${first.topic} ${first.partition} at ${first.offset}` } : {}),
  };
  await tellStanding(store, { pipeline, alert: ledgerAlert, isOpen: !closed, says }, now);
}

/** A ledger reads the whole log: of a large lake it is taken less often, so that others have Trino most of the time. */
const restShare = 9;

/** Looks every `everyMs` until aborted, or as often as a tenth of the time allows; 0 never looks. `latest` gets the ledger of each pipeline. */
export async function watchLedgers(
  engines: Engines,
  everyMs: number,
  latest: Map<string, Ledger>,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  if (everyMs === 0) return;
  // What starts has other things to do.
  await delay(everyMs, undefined, { signal }).catch(() => undefined);
  const look = async () => {
    const from = performance.now();
    for (const pipeline of await appliedPipelines(engines)) {
      if (signal.aborted) break;
      // What is under way is no fault; what should be there and is not is looked for once more.
      const { ledger } = await takeLedger(engines, pipeline, { waitMs: 0 });
      latest.set(pipeline.name, ledger);
      if (!ledger.closed)
        logger.error({ pipeline: pipeline.name, problems: ledger.problems }, "the ledger is open");
      await tellLedger(engines.store, ledger);
    }
    return Math.max(everyMs, (performance.now() - from) * restShare);
  };
  await rounds("taking the ledgers", look, logger, signal);
}
