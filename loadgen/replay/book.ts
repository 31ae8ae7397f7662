// The books of a replay: rows are settled in any order and written to the journal in the order of the
// file, so that its last line says how far everything is settled. Holds only rows that wait.
import type { Journal, JournalEntry, UnreadEntry } from "../journal.ts";

export type RowEntry = JournalEntry | UnreadEntry;
export type RowCounts = Record<RowEntry["outcome"], number>;

export const noRows = (): RowCounts => ({ acked: 0, rejected: 0, unknown: 0, unread: 0 });
export const sumOf = (counts: RowCounts): number => Object.values(counts).reduce((sum, n) => sum + n, 0);

export interface Book {
  counts: Readonly<RowCounts>;
  /** Rows opened, and not yet in the journal. */
  waiting(): number;
  /** Opens the next row; what it returns settles it. */
  open(): (entry: RowEntry) => void;
}

/** `onWritten` hears each time that rows went to the journal. */
export function createBook(journal: Journal, before: RowCounts, onWritten: () => void): Book {
  const counts = { ...before };
  let slots: { entry?: RowEntry }[] = [];
  let head = 0;
  const write = () => {
    for (let entry = slots[head]?.entry; entry; entry = slots[head]?.entry) {
      journal.write(entry);
      counts[entry.outcome] += 1;
      head += 1;
    }
    if (head > 1024) {
      slots = slots.slice(head);
      head = 0;
    }
    onWritten();
  };
  return {
    counts,
    waiting: () => slots.length - head,
    open() {
      const slot: { entry?: RowEntry } = {};
      slots.push(slot);
      return (entry) => {
        slot.entry = entry;
        if (slots[head] === slot) write();
      };
    },
  };
}
