// Loads files: each row is sent once as an event, or as a row that can't be read, and the journal says how far
// all is settled. Constant memory: as many batches as there are connections, and the one that is being made.
import type { EventMaker } from "../../flink-sql/row-events.ts";
import { createPace, type Pace } from "../../flink-sql/row-times.ts";
import type { Journal } from "../journal.ts";
import type { InputFile } from "./input-files.ts";
import { type BatchSender, createBatchSender, type SenderOptions, type Settled } from "./load-batch.ts";
import { createItems, type Item } from "./load-items.ts";
import type { LoadProgress } from "./load-journal.ts";
import { type EventRow, readEvents } from "./rows.ts";

export interface LoadOptions extends SenderOptions {
  files: InputFile[];
  maker: EventMaker;
  journal: Pick<Journal<LoadProgress>, "write" | "flush">;
  before: LoadProgress;
  isResumed: boolean;
  pace: Pace;
  /** Move event times so that the first one is now. */
  shiftToNow: boolean;
  delimiter: string;
  rowBytesMax: number;
  batch: number;
  connections: number;
  onNote: (note: string) => void;
}

export interface LoadState {
  /** Rows of all runs: read, accepted, refused, and those that may be in Kafka twice. */
  progress: LoadProgress;
  /** Rows that this run has read. */
  rowsRead: number;
  bytesRead: number;
  sender: Pick<BatchSender, "requests" | "statuses">;
}

export interface Load {
  state: LoadState;
  /** Resolves once the journal has every settled row; with the reason of an early end. */
  done: Promise<{ failure?: unknown }>;
  /** Reads no more and waits for what is under way. */
  stop(): void;
}

const batchCharsMax = 2 * 1024 * 1024;
/** A row that is due within this time goes with those before it. */
const earlyMs = 20;

interface Batch {
  file: number;
  items: Item[];
  chars: number;
  settled?: Settled;
}

export function startLoad(options: LoadOptions): Load {
  const { files, maker, journal, before, batch: batchRows, connections } = options;
  const sender = createBatchSender(options);
  const state: LoadState = { progress: { ...before }, rowsRead: 0, bytesRead: 0, sender };
  const startedMs = performance.now();
  const dueOf = createPace(options.pace);
  const isPaced = options.pace.rate > 0 || options.pace.speedUp > 0;
  /** Batches that aren't in the journal yet, in the order of their rows. */
  const waiting: Batch[] = [];
  const underWay = new Set<Promise<void>>();
  // What was under way when the load was cut may be in Kafka; at most so many rows.
  let perhapsSent = options.isResumed && !before.ended ? connections * batchRows : 0;
  let failure: unknown;
  let isStopping = false;
  let wake = () => {};
  let current: Batch = { file: 0, items: [], chars: 0 };

  function fail(error: unknown): void {
    failure ??= error;
    isStopping = true;
    wake();
  }

  /** Writes what is settled, in the order of the rows. */
  function book(): void {
    for (let first = waiting[0]; first?.settled; first = waiting[0]) {
      waiting.shift();
      const { acked, rejected, sentAgain } = first.settled;
      const again = sentAgain + Math.min(perhapsSent, first.items.length);
      perhapsSent -= Math.min(perhapsSent, first.items.length);
      Object.assign(state.progress, {
        file: first.file,
        line: first.items.at(-1)!.line,
        acked: state.progress.acked + acked,
        rejected: state.progress.rejected + rejected,
        sentAgain: state.progress.sentAgain + again,
      });
      journal.write({ ...state.progress });
    }
    journal.flush();
  }

  async function sendCurrent(): Promise<void> {
    const batch = current;
    current = { file: batch.file, items: [], chars: 0 };
    if (batch.items.length === 0) return;
    while (underWay.size >= connections) await Promise.race(underWay);
    if (failure) return;
    waiting.push(batch);
    const sending: Promise<void> = sender
      .send(batch.items)
      .then((settled) => {
        batch.settled = settled;
        book();
      })
      .catch(fail)
      .finally(() => underWay.delete(sending));
    underWay.add(sending);
  }

  async function waitUntilDue(made: EventRow["made"]): Promise<void> {
    const eventTime = "fault" in made ? undefined : made.eventTime;
    const dueMs = startedMs + dueOf(eventTime === undefined ? undefined : Date.parse(eventTime));
    if (dueMs - performance.now() <= earlyMs) return;
    await sendCurrent();
    while (!isStopping && dueMs - performance.now() > 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(dueMs - performance.now(), 60_000));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
  }

  async function readFile(place: number, bytesBefore: number): Promise<void> {
    const file = files[place]!;
    let type: string | undefined;
    const shiftMs = () => state.progress.shiftMs ?? 0;
    const toItem = createItems(options.pipeline, file.path, shiftMs);
    const groups = readEvents(file, maker, {
      ...options,
      afterLine: place === before.file ? before.line : 0,
      onBytes(bytes) {
        state.bytesRead = bytesBefore + bytes;
      },
      onHeader(header) {
        type = header.type;
        if (header.unused.length > 0)
          options.onNote(`${file.path}: columns not sent: ${header.unused.join(", ")}.`);
      },
    });
    for await (const rows of groups)
      for (const row of rows) {
        if (isPaced) await waitUntilDue(row.made);
        if (isStopping) return;
        if (options.shiftToNow && !("fault" in row.made) && row.made.eventTime !== undefined)
          state.progress.shiftMs ??= Date.now() - Date.parse(row.made.eventTime);
        const item = toItem(row, type);
        state.rowsRead += 1;
        current.items.push(item);
        current.chars += item.text.length;
        if (current.items.length >= batchRows || current.chars >= batchCharsMax) await sendCurrent();
      }
    await sendCurrent();
  }

  async function readAll(): Promise<void> {
    let bytesBefore = 0;
    for (const [place, { size }] of files.entries()) {
      if (place >= before.file && !before.ended) {
        current = { file: place, items: [], chars: 0 };
        await readFile(place, bytesBefore);
        if (isStopping) return;
      }
      bytesBefore += size;
      state.bytesRead = bytesBefore;
    }
  }

  async function run(): Promise<{ failure?: unknown }> {
    await readAll().catch(fail);
    await Promise.all(underWay);
    if (!isStopping && !before.ended) journal.write({ ...state.progress, ended: true });
    journal.flush();
    return failure === undefined ? {} : { failure };
  }
  return {
    state,
    done: run(),
    stop() {
      isStopping = true;
      wake();
    },
  };
}
