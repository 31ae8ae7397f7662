// Sends what is repaired through the API, each under its own event_id; used by the command and the console.
import { createEventQueue } from "../../client/runtime.ts";
import type { Engines } from "../engines/engines.ts";
import { settleRepair, waitingRepairs } from "./repairs.ts";

export interface ReplayCounts {
  replayed: number;
  refused: number;
  /** Without a sure outcome: the next replay sends them again, under the same id. */
  unknown: number;
}

/** Sends at most `limit`; what was sent before is not sent again. `key`: an API key, where the API asks for one. */
export async function sendRepairs(
  { connection, store }: Pick<Engines, "connection" | "store">,
  name: string,
  { limit, key, tell = () => {} }: { limit: number; key: string | undefined; tell?: (line: string) => void },
): Promise<ReplayCounts> {
  const repairs = await store.transaction((client) => waitingRepairs(client, name, limit));
  const queue = createEventQueue({
    url: connection.addresses.api,
    pipeline: name,
    key,
    queueEventsMax: Math.max(1, repairs.length),
    giveUpAfterMs: 60_000,
  });
  const counts: ReplayCounts = { replayed: 0, refused: 0, unknown: 0 };
  const settled = repairs.map(async (each) => {
    const outcome = await queue.send(each.type, each.event);
    const state =
      outcome.status === "accepted" ? "replayed" : outcome.status === "rejected" ? "refused" : undefined;
    counts[state ?? "unknown"] += 1;
    if (state)
      await store.transaction((client) =>
        settleRepair(client, name, each, state, outcome.status === "rejected" ? outcome.message : null),
      );
    tell(`${counts.replayed + counts.refused + counts.unknown} of ${repairs.length} sent`);
  });
  await queue.close();
  await Promise.all(settled);
  if (repairs.length > 0) await store.addHistory("replay", name, counts);
  return counts;
}
