// The events that wait for a request, in the order in which they were sent, and how they form batches.
// Pure: knows neither clock nor network.
import type { Outcome } from "./answer.ts";

/** One event from its `send` to its outcome. */
export interface Entry {
  /** Place in the order of `send`. */
  place: number;
  eventId: string;
  /** Its JSON; `bytes` counts the line's end too. */
  line: string;
  bytes: number;
  sentAtMs: number;
  /** How many events its next request may have: less after each 413. */
  groupMax: number;
  /** Why it has no outcome yet. */
  last: Outcome;
  isTried: boolean;
  settle: (outcome: Outcome) => void;
  done: Promise<Outcome>;
}

export interface Backlog {
  first(): Entry | undefined;
  /** Whether its events fill a batch. */
  isFull(): boolean;
  add(entry: Entry): void;
  dropFirst(): void;
  /** The next batch: never empty while there is an event, so that a large event goes alone. */
  take(): Entry[];
  /** Events that must be tried again, before all that came after them. */
  putBack(entries: Entry[]): void;
}

export function createBacklog(batchEventsMax: number, batchBytesMax: number): Backlog {
  let entries: Entry[] = [];
  let bytes = 0;
  const remove = (count: number) => {
    const removed = entries.splice(0, count);
    for (const entry of removed) bytes -= entry.bytes;
    return removed;
  };
  return {
    first: () => entries[0],
    isFull: () => entries.length >= batchEventsMax || bytes >= batchBytesMax,
    add(entry) {
      entries.push(entry);
      bytes += entry.bytes;
    },
    dropFirst() {
      remove(1);
    },
    take() {
      let taken = 0;
      let count = 0;
      let groupMax = batchEventsMax;
      for (const entry of entries) {
        groupMax = Math.min(groupMax, entry.groupMax);
        if (count > 0 && (count >= groupMax || taken + entry.bytes > batchBytesMax)) break;
        taken += entry.bytes;
        count += 1;
      }
      return remove(count);
    },
    putBack(again) {
      for (const entry of again) {
        entry.isTried = true;
        bytes += entry.bytes;
      }
      entries = [...again, ...entries].sort((a, b) => a.place - b.place);
    },
  };
}
