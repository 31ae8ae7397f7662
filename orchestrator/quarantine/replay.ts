// Sends what is repaired through the API, each under its own event_id; used by the command and the console.
import { createEventQueue } from "../../client/runtime.ts";
import type { Engines } from "../engines/engines.ts";
import { type RepairRow, settleRepair, waitingRepairs } from "./repairs.ts";

export interface ReplayCounts {
  replayed: number;
  refused: number;
  /** Without a sure outcome: the next replay sends them again, under the same id. */
  unknown: number;
}

/** Events that are held and under way at once. */
const atOnce = 10_000;

/** Sends all, or at most `limit`; what was sent before is not sent again. `key`: an API key, where the API asks for one. */
export async function sendRepairs(
  engines: Pick<Engines, "connection" | "store">,
  name: string,
  {
    key,
    limit = Number.POSITIVE_INFINITY,
    tell = () => {},
  }: { key: string | undefined; limit?: number; tell?: (line: string) => void },
): Promise<ReplayCounts> {
  const counts: ReplayCounts = { replayed: 0, refused: 0, unknown: 0 };
  const sent = () => counts.replayed + counts.refused + counts.unknown;
  // Where one has no sure outcome, it waits still, and would be sent in every round.
  while (sent() < limit && counts.unknown === 0) {
    const round = Math.min(limit - sent(), atOnce);
    const repairs = await engines.store.transaction((client) => waitingRepairs(client, name, round));
    if (repairs.length === 0) break;
    await sendRound(engines, name, repairs, key, (state) => {
      counts[state] += 1;
      tell(`${sent().toLocaleString("en")} sent`);
    });
  }
  if (sent() > 0) await engines.store.addHistory("replay", name, counts);
  return counts;
}

async function sendRound(
  { connection, store }: Pick<Engines, "connection" | "store">,
  name: string,
  repairs: RepairRow[],
  key: string | undefined,
  note: (state: keyof ReplayCounts) => void,
): Promise<void> {
  const queue = createEventQueue({
    url: connection.addresses.api,
    pipeline: name,
    key,
    queueEventsMax: repairs.length,
    giveUpAfterMs: 60_000,
  });
  const settled = repairs.map(async (each) => {
    const outcome = await queue.send(each.type, each.event);
    const state =
      outcome.status === "accepted" ? "replayed" : outcome.status === "rejected" ? "refused" : undefined;
    note(state ?? "unknown");
    if (state)
      await store.transaction((client) =>
        settleRepair(client, name, each, state, outcome.status === "rejected" ? outcome.message : null),
      );
  });
  await queue.close();
  await Promise.all(settled);
}
