// Sends the rows of files as events, in order, and books each once. Bounded: reads on only while fewer
// than `outstanding` rows wait for their outcome. Refuses to guess: what has no sure outcome is tried again.

import { createEventQueue, type FetchLike, type Outcome } from "../../client/runtime.ts";
import type { EventMaker, Made } from "../../flink-sql/row-events.ts";
import { createPace, type Pace } from "../../flink-sql/row-times.ts";
import { UnreachableError, UsageError } from "../errors.ts";
import type { Journal } from "../journal.ts";
import { createLatency, type LatencyMs } from "../latency.ts";
import { progressMs } from "../load.ts";
import { type Book, createBook, type RowCounts, type RowEntry } from "./book.ts";
import type { InputFile } from "./input-files.ts";
import { type Progress, rowId } from "./resume.ts";
import { readEvents } from "./rows.ts";

export interface ReplayOptions {
  url: string;
  pipeline: string;
  run: string;
  files: InputFile[];
  maker: EventMaker;
  journal: Journal;
  /** What an earlier run of this replay has settled. */
  before: Pick<Progress, "last" | "counts">;
  pace: Pace;
  delimiter: string;
  rowBytesMax: number;
  batch: number;
  connections: number;
  outstanding: number;
  timeoutMs: number;
  /** A row this old without a sure outcome is unknown; where no row gets one, the replay stops. */
  giveUpMs: number;
  key?: string | undefined;
  onNote: (note: string) => void;
}

export interface ReplayState {
  counts: Readonly<RowCounts>;
  /** Rows of this run that were read, settled or not. */
  rowsRead: number;
  /** Bytes of all files that are read. */
  bytesRead: number;
  requests: number;
  statuses: Record<string, number>;
  latencyMs(): LatencyMs;
}

export interface Replay {
  state: ReplayState;
  /** Resolves once the journal has every settled row; with the reason of an early end. */
  done: Promise<{ failure?: unknown }>;
  /** Reads no more, and waits for outcomes under way for drainMs at most. */
  stop(drainMs?: number): void;
}

/** Answers that every other request would get too. */
const hopeless: Record<number, string> = {
  401: "give a valid API key with --key-file or the variable API_KEY",
  403: "the API key may not write to this pipeline: make one that may",
  404: "the API doesn't serve this pipeline: check --pipeline and --url, and apply the pipeline",
};

function entryOf(outcome: Outcome, type: string): RowEntry {
  const { status, eventId: id } = outcome;
  if (status === "accepted")
    return { id, type, outcome: "acked", partition: outcome.partition, offset: outcome.offset };
  return { id, type, outcome: status, reason: `${outcome.code}: ${outcome.message}`.slice(0, 200) };
}

export function startReplay(options: ReplayOptions): Replay {
  const { url, files, maker, run, giveUpMs, before } = options;
  const latency = createLatency();
  const startedMs = performance.now();
  let failure: unknown;
  let isStopping = false;
  let isOver = false;
  let lastSureMs = startedMs;
  let wake = () => {};
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const book: Book = createBook(options.journal, before.counts, () => wake());
  const state: ReplayState = {
    counts: book.counts,
    rowsRead: 0,
    bytesRead: 0,
    requests: 0,
    statuses: {},
    latencyMs: latency.percentiles,
  };
  const stopReading = () => {
    isStopping = true;
    wake();
  };
  const fail = (error: unknown) => {
    failure ??= error;
    stopReading();
    end();
  };

  const watchedFetch: FetchLike = async (address, init) => {
    const sentMs = performance.now();
    state.requests += 1;
    const response = await fetch(address, init);
    const { status, headers } = response;
    const body = await response.text();
    latency.record(performance.now() - sentMs);
    state.statuses[status] = (state.statuses[status] ?? 0) + 1;
    if (hopeless[status]) fail(new UsageError(`The API at ${url} answered ${status}: ${hopeless[status]}.`));
    return { status, headers, text: async () => body };
  };
  const queue = createEventQueue({
    url,
    pipeline: options.pipeline,
    key: options.key,
    batchEventsMax: options.batch,
    batchBytesMax: 4 * 1024 * 1024,
    flushAfterMs: 20,
    requestsMax: options.connections,
    queueEventsMax: options.outstanding + 1,
    timeoutMs: options.timeoutMs,
    giveUpAfterMs: giveUpMs,
    fetch: watchedFetch,
  });

  function send(type: string, event: object, settle: (entry: RowEntry) => void): void {
    const onOutcome = (outcome: Outcome) => {
      if (isOver || failure) return;
      if (outcome.status !== "unknown") lastSureMs = performance.now();
      // Rows that others overtook are unknown; where no row gets a sure outcome, the API is away.
      else if (performance.now() - lastSureMs > giveUpMs / 2)
        return fail(new UnreachableError(url, outcome.message));
      else if (outcome.code === "not_sent") return send(type, event, settle);
      settle(entryOf(outcome, type));
    };
    // A journal that can't be written ends the replay too.
    queue.send(type, event).then(onOutcome).catch(fail);
  }

  /** Waits until a condition holds, or the replay is stopped. */
  async function until(holds: () => boolean): Promise<void> {
    while (!isStopping && !holds())
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
  async function waitFor(dueMs: number): Promise<void> {
    while (!isStopping) {
      const waitMs = startedMs + dueMs - performance.now();
      if (waitMs <= 0) return;
      const timer = setTimeout(() => wake(), Math.min(waitMs, 60_000));
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      clearTimeout(timer);
    }
  }

  const dueOf = createPace(options.pace);
  async function takeRow(file: InputFile, line: number, made: Made): Promise<void> {
    if (!("fault" in made) && (options.pace.rate > 0 || options.pace.speedUp > 0))
      await waitFor(dueOf(made.eventTime === undefined ? undefined : Date.parse(made.eventTime)));
    if (book.waiting() >= options.outstanding) await until(() => book.waiting() < options.outstanding);
    if (isStopping) return;
    const id = rowId(run, file, line);
    const settle = book.open();
    state.rowsRead += 1;
    if ("fault" in made)
      settle({ id, outcome: "unread", file: file.path, line, reason: made.fault.message.slice(0, 200) });
    else {
      const { type, fields, eventTime: event_time } = made;
      send(type, { ...fields, ...(event_time === undefined ? {} : { event_time }), event_id: id }, settle);
    }
  }

  async function readAll(): Promise<void> {
    let bytesBefore = 0;
    const reached = before.last;
    const first = reached ? files.findIndex(({ hash }) => hash === reached.hash) : 0;
    for (const [i, file] of files.entries()) {
      const rows = readEvents(file, maker, {
        ...options,
        afterLine: i === first && reached ? reached.line : 0,
        onBytes: (bytes) => {
          state.bytesRead = bytesBefore + bytes;
        },
        onHeader: ({ unused }) => {
          if (unused.length > 0) options.onNote(`${file.path}: columns not sent: ${unused.join(", ")}.`);
        },
      });
      if (i >= first)
        for await (const group of rows) {
          for (const row of group) {
            if (isStopping) return;
            await takeRow(file, row.line, row.made);
          }
        }
      bytesBefore += file.size;
      state.bytesRead = bytesBefore;
    }
  }

  const flushing = setInterval(() => {
    try {
      options.journal.flush();
    } catch (error) {
      fail(error);
    }
  }, progressMs);
  const sent = readAll()
    .then(() => queue.flush())
    .then(end, fail);
  return {
    state,
    done: Promise.race([ended, sent]).then(() => {
      clearInterval(flushing);
      isOver = true;
      return failure ? { failure } : {};
    }),
    stop(drainMs = 5000) {
      stopReading();
      setTimeout(end, drainMs).unref();
    },
  };
}
