// A queue on an API in memory, under fake timers.
import { vi } from "vitest";
import { createEventQueue, type EventQueue, type EventQueueOptions } from "../../../client/runtime.ts";
import { createFakeApi, type Reply } from "./fake-api.ts";

export function start(replies: Reply[], options: Partial<EventQueueOptions> = {}) {
  const api = createFakeApi(...replies);
  let made = 0;
  const queue = createEventQueue({
    url: "http://api/",
    pipeline: "forge",
    fetch: api.fetch,
    newId: () => `id-${made++}`,
    random: () => 0.5,
    ...options,
  });
  /** Sends events numbered from 0. */
  const send = (count: number, from = 0) =>
    Array.from({ length: count }, (_, i) => queue.send("hammer", { n: from + i }));
  return { ...api, queue, send };
}
export const numbers = (seen: { events: Record<string, unknown>[] }[]) =>
  seen.map(({ events }) => events.map((event) => event.n));
export const elapse = (ms: number) => vi.advanceTimersByTimeAsync(ms);
export async function drain(queue: EventQueue) {
  const flushed = queue.flush();
  await vi.runAllTimersAsync();
  await flushed;
}
