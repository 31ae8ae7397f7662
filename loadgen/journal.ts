// What the client saw of every event it sent, as NDJSON: line 1 is a JournalHeader, each other line a
// JournalEntry, one per send, in the order in which they were settled. Append-only, constant memory;
// refuses to touch a journal that exists.
import {
  appendFileSync,
  closeSync,
  createReadStream,
  fsyncSync,
  mkdirSync,
  openSync,
  truncateSync,
} from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import type { Outcome, Verdict } from "./answers.ts";
import { UsageError } from "./errors.ts";

export interface JournalHeader {
  run: string;
  seed: number;
  pipeline: string;
  url: string;
  startedAt: string;
  /** Events planned, and sends: events and copies. */
  events: number;
  sends: number;
}

export interface JournalEntry extends Verdict {
  id: string;
  type: string;
  /** The second send of this event_id. */
  copy?: true;
  /** Broken on purpose: the edge must refuse it. */
  broken?: true;
  /** Why it was rejected, or is unknown, where the answer said so. */
  reason?: string;
}

/** A row of a replayed file that no event could be made of; it was never sent. */
export interface UnreadEntry {
  id: string;
  outcome: "unread";
  file: string;
  line: number;
  reason: string;
}

export interface Journal<Entry = JournalEntry | UnreadEntry> {
  path: string;
  write(entry: Entry): void;
  flush(): void;
  /** Flushes, then waits until the disk has it. */
  close(): void;
}

const bufferChars = 64 * 1024;

/** Starts a new journal; refuses one that exists, as its evidence belongs to another run. */
export function createJournal<Entry = JournalEntry | UnreadEntry>(
  path: string,
  header: object,
): Journal<Entry> {
  let file: number;
  try {
    mkdirSync(dirname(path), { recursive: true });
    file = openSync(path, "ax");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const cure =
      code === "EEXIST" ? "exists already. Name another, or remove it" : `can't be written: ${message}`;
    throw new UsageError(`--journal '${path}' ${cure}.`, { cause });
  }
  return writeTo(path, file, `${JSON.stringify(header)}\n`);
}

/** Goes on with a journal that was cut short; a last line that is torn is taken off. */
export function continueJournal<Entry = JournalEntry | UnreadEntry>(
  path: string,
  wholeBytes: number,
): Journal<Entry> {
  truncateSync(path, wholeBytes);
  return writeTo(path, openSync(path, "a"), "");
}

function writeTo<Entry>(path: string, file: number, start: string): Journal<Entry> {
  let buffer = start;
  const flush = () => {
    if (buffer === "") return;
    const full = buffer;
    buffer = "";
    appendFileSync(file, full);
  };
  return {
    path,
    write(entry) {
      buffer += `${JSON.stringify(entry)}\n`;
      if (buffer.length >= bufferChars) flush();
    },
    flush,
    close() {
      flush();
      fsyncSync(file);
      closeSync(file);
    },
  };
}

/** Lines of a journal with their numbers. A last line cut short by a kill is left out. */
async function* readLines(path: string): AsyncGenerator<{ number: number; value: unknown }, void> {
  let torn: string | undefined;
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (torn) throw new Error(torn);
    number += 1;
    try {
      yield { number, value: JSON.parse(line) };
    } catch {
      torn = `${path}:${number}: not a line of JSON. The journal was changed after it was written.`;
    }
  }
}

export async function readJournalHeader(path: string): Promise<JournalHeader> {
  for await (const { value } of readLines(path)) {
    if (typeof (value as JournalHeader).run === "string") return value as JournalHeader;
    break;
  }
  throw new Error(`${path}:1: no journal header. Is it a journal of loadgen?`);
}

/** Every line of a journal but its header, without holding more than one. */
export async function* readEntries(path: string): AsyncGenerator<JournalEntry | UnreadEntry, void> {
  for await (const { number, value } of readLines(path))
    if (number > 1) yield value as JournalEntry | UnreadEntry;
}

/** Every send in a journal. */
export async function* readJournal(path: string): AsyncGenerator<JournalEntry, void> {
  for await (const entry of readEntries(path)) if (entry.outcome !== "unread") yield entry;
}

export type OutcomeCounts = Record<Outcome, number>;

export interface JournalSummary {
  header: JournalHeader;
  /** Lines by outcome: copies count. */
  sends: OutcomeCounts;
  /** Events by what is known of all their sends: acked once is acked; unknown once, else, unknown. */
  events: OutcomeCounts;
}

const noCounts = (): OutcomeCounts => ({ acked: 0, rejected: 0, unknown: 0 });
const strongest = (a: Outcome, b: Outcome): Outcome =>
  a === "acked" || b === "acked" ? "acked" : a === "unknown" || b === "unknown" ? "unknown" : "rejected";

/** Reads twice, as a copy may be answered before its original; only copies are held in memory. */
export async function summarizeJournal(path: string): Promise<JournalSummary> {
  const summary = { header: await readJournalHeader(path), sends: noCounts(), events: noCounts() };
  const copies = new Map<string, Outcome>();
  for await (const { id, copy, outcome } of readJournal(path)) {
    summary.sends[outcome] += 1;
    if (copy) copies.set(id, outcome);
  }
  for await (const { id, copy, outcome } of readJournal(path)) {
    if (copy) continue;
    const other = copies.get(id);
    copies.delete(id);
    summary.events[other ? strongest(outcome, other) : outcome] += 1;
  }
  for (const outcome of copies.values()) summary.events[outcome] += 1;
  return summary;
}
