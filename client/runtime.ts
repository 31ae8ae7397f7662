// Sends events to an API's batch route and tells what became of each. An event keeps its event_id over
// all tries, so a retry never doubles a row. Needs nothing but fetch: Node 20 and later, and browsers.
import { type Answer, judge, type Outcome, retryAfterMs } from "./answer.ts";
import { createBacklog, type Entry } from "./backlog.ts";
import { completeOptions, type EventQueueOptions } from "./options.ts";

export type { Issue, Outcome } from "./answer.ts";
export type { Backoff, EventQueueOptions, FetchLike } from "./options.ts";

/**
 * Events are sent in the order of their `send`; what must be tried again goes before what came later.
 * Two things can change the order in Kafka: a retry of events that were unknown while others of their
 * request were accepted, and, with `requestsMax` above 1, a request that overtakes another.
 */
export interface EventQueue {
  /**
   * Takes one event; bigints are sent as digits in a string. `fields` may carry `event_id` and
   * `event_time`; an event_id is made where it has none. Rejects with QueueFullError or
   * QueueClosedError, and then nothing was taken.
   */
  send(type: string, fields: object): Promise<Outcome>;
  /** Sends at once what waits; ends when all that was sent before has its outcome. */
  flush(): Promise<void>;
  /** Takes no more, then does as `flush`. Without `giveUpAfterMs` it waits for as long as the API is away. */
  close(): Promise<void>;
  /** Events that have no outcome yet. */
  readonly waiting: number;
}

/** `queueEventsMax` events have no outcome yet: send less, or wait for some of theirs. */
export class QueueFullError extends Error {
  override readonly name = "QueueFullError";
  readonly queueEventsMax: number;
  constructor(queueEventsMax: number) {
    super(`${queueEventsMax} events wait for their outcome; this one was not taken: send it again later.`);
    this.queueEventsMax = queueEventsMax;
  }
}

export class QueueClosedError extends Error {
  override readonly name = "QueueClosedError";
  constructor() {
    super("The queue is closed; this event was not taken: make a new queue.");
  }
}

/** Timers hold 31 bits; whoever waits longer is woken on the way and waits on. */
const sleepMaxMs = 3_600_000;
const encoder = new TextEncoder();

/** JSON of one event. What `fields` says of event_type doesn't count. */
const lineOf = (type: string, eventId: string, fields: object) =>
  JSON.stringify({ ...fields, event_type: type, event_id: eventId }, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );

/** An error's message and those of its causes: Node's "fetch failed" says nothing alone. */
function messagesOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error as { cause?: unknown };
  return cause === undefined ? error.message : `${error.message}: ${messagesOf(cause)}`;
}

/** Makes a queue of events for one pipeline. Throws RangeError for options that make no sense. */
export function createEventQueue(given: EventQueueOptions): EventQueue {
  const options = completeOptions(given);
  const { batchEventsMax, flushAfterMs, giveUpAfterMs } = options;
  const backlog = createBacklog(batchEventsMax, options.batchBytesMax);
  const open = new Set<Entry>();
  let running = 0;
  let nextPlace = 0;
  /** Events before this place wait for no others. */
  let flushedTo = 0;
  let failures = 0;
  let resumeAtMs = 0;
  let closing: Promise<void> | undefined;
  let timer: { id: ReturnType<typeof setTimeout>; atMs: number } | undefined;

  function settle(entry: Entry, outcome: Outcome): void {
    open.delete(entry);
    entry.settle(outcome);
  }

  async function post(batch: Entry[]): Promise<Answer | { error: string }> {
    const abort = new AbortController();
    const deadline = setTimeout(() => abort.abort(), options.timeoutMs);
    try {
      const response = await options.fetch(options.address, {
        method: "POST",
        headers: {
          "content-type": "application/x-ndjson",
          ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
        },
        body: batch.map((entry) => entry.line).join("\n"),
        signal: abort.signal,
      });
      const retryAfter = response.headers.get("retry-after");
      return { status: response.status, retryAfter, body: await response.text() };
    } catch (error) {
      if (abort.signal.aborted) return { error: `No answer within ${options.timeoutMs} ms.` };
      return { error: `No answer: ${messagesOf(error)}` };
    } finally {
      clearTimeout(deadline);
    }
  }

  async function run(batch: Entry[]): Promise<void> {
    running += 1;
    const failuresBefore = failures;
    const answer = await post(batch);
    running -= 1;
    if ("status" in answer && answer.status === 413 && batch.length > 1) {
      for (const entry of batch) entry.groupMax = Math.ceil(batch.length / 2);
      backlog.putBack(batch);
      return pump();
    }
    const eventIds = batch.map((entry) => entry.eventId);
    const outcomes: Outcome[] =
      "status" in answer
        ? judge(eventIds, answer)
        : eventIds.map((eventId) => ({
            status: "unknown",
            eventId,
            code: "no_answer",
            message: answer.error,
          }));
    const again: Entry[] = [];
    for (const [index, entry] of batch.entries()) {
      const outcome = outcomes[index] ?? entry.last;
      if (outcome.status !== "unknown") settle(entry, outcome);
      else {
        entry.last = outcome;
        again.push(entry);
      }
    }
    if (again.length === 0) failures = 0;
    else {
      // Requests that fail side by side are one failure.
      failures = Math.max(failures, failuresBefore + 1);
      const { minMs, maxMs } = options.backoff;
      const pauseMs = options.random() * Math.min(maxMs, minMs * 2 ** (failures - 1));
      const askedMs = "status" in answer ? retryAfterMs(answer.retryAfter, Date.now()) : 0;
      resumeAtMs = Math.max(resumeAtMs, performance.now() + askedMs + pauseMs);
      backlog.putBack(again);
    }
    pump();
  }

  /** When the first event's request is due by itself. */
  function dueAtMs(first: Entry): number {
    const isNow = backlog.isFull() || first.isTried || first.place < flushedTo;
    return Math.max(resumeAtMs, isNow ? 0 : first.sentAtMs + flushAfterMs);
  }

  /** Does all that can be done now, and sets the timer for what is to be done next. */
  function pump(): void {
    const nowMs = performance.now();
    let wakeAtMs = Number.POSITIVE_INFINITY;
    for (let first = backlog.first(); first; first = backlog.first()) {
      if (nowMs >= first.sentAtMs + giveUpAfterMs) {
        backlog.dropFirst();
        settle(first, first.last);
        continue;
      }
      wakeAtMs = first.sentAtMs + giveUpAfterMs;
      // After a failure one request at a time finds out whether the API is back.
      if (running >= (failures > 0 ? 1 : options.requestsMax)) break;
      const atMs = dueAtMs(first);
      if (atMs > nowMs) {
        wakeAtMs = Math.min(wakeAtMs, atMs);
        break;
      }
      wakeAtMs = Number.POSITIVE_INFINITY;
      void run(backlog.take());
    }
    if (timer?.atMs === wakeAtMs) return;
    clearTimeout(timer?.id);
    timer = undefined;
    if (wakeAtMs === Number.POSITIVE_INFINITY) return;
    const wake = () => {
      timer = undefined;
      pump();
    };
    timer = { atMs: wakeAtMs, id: setTimeout(wake, Math.min(Math.ceil(wakeAtMs - nowMs), sleepMaxMs)) };
  }

  async function flush(): Promise<void> {
    flushedTo = nextPlace;
    pump();
    await Promise.all([...open].map((entry) => entry.done));
  }

  return {
    async send(type, fields) {
      if (closing) throw new QueueClosedError();
      if (open.size >= options.queueEventsMax) throw new QueueFullError(options.queueEventsMax);
      const { event_id: own } = fields as { event_id?: unknown };
      const eventId = own === undefined || own === null ? options.newId() : String(own);
      const line = lineOf(type, eventId, fields);
      let settleIt: Entry["settle"] = () => {};
      const done = new Promise<Outcome>((resolve) => {
        settleIt = resolve;
      });
      const entry: Entry = {
        place: nextPlace++,
        eventId,
        line,
        bytes: encoder.encode(line).length + 1,
        sentAtMs: performance.now(),
        groupMax: batchEventsMax,
        last: { status: "unknown", eventId, code: "not_sent", message: "It waited too long to be sent." },
        isTried: false,
        settle: settleIt,
        done,
      };
      open.add(entry);
      backlog.add(entry);
      pump();
      return done;
    },
    flush,
    close() {
      closing ??= flush();
      return closing;
    },
    get waiting() {
      return open.size;
    },
  };
}
