// What became of records handed to Kafka, and the bookkeeping of those still without an answer.
// Knows no driver; each request has one shared counter, not one promise per record.

export interface KafkaRecord {
  topic: string;
  key: string | null;
  value: string;
}

export type FailureCode =
  | "kafka_unavailable"
  | "kafka_timeout_unknown"
  | "queue_full"
  | "topic_missing"
  | "event_too_large";

export type Outcome =
  | { ok: true; partition: number; offset: number }
  | { ok: false; code: FailureCode; message: string };

export type Failure = Extract<Outcome, { ok: false }>;

export interface Producer {
  /** One outcome per record, in the records' order. Never rejects, always answers in time. */
  send(records: KafkaRecord[]): Promise<Outcome[]>;
  /** Records that have no outcome yet. */
  readonly waiting: number;
  /** A round trip to a broker: undefined when it works, else why not. */
  ready(): Promise<string | undefined>;
  /** Waits for what is under way, then lets go of the broker. */
  close(): Promise<void>;
}

/** Each failure says whether the record may be stored, and what to do. */
export const failures = {
  unavailable: (reason: string): Failure => ({
    ok: false,
    code: "kafka_unavailable",
    message: `Kafka can't be reached (${reason}); nothing was stored. Retry with the same event_id.`,
  }),
  unknown: (reason: string): Failure => ({
    ok: false,
    code: "kafka_timeout_unknown",
    message: `Kafka didn't confirm (${reason}): outcome unknown. Retry with the same event_id; a retry never doubles a row.`,
  }),
  queueFull: (queueEventsMax: number): Failure => ({
    ok: false,
    code: "queue_full",
    message: `${queueEventsMax} events already wait for Kafka; nothing was stored. Retry later with the same event_id.`,
  }),
  topicMissing: (topic: string): Failure => ({
    ok: false,
    code: "topic_missing",
    message: `Kafka has no topic '${topic}'; nothing was stored. Run 'npx swordlake apply', then retry with the same event_id.`,
  }),
  tooLarge: (): Failure => ({
    ok: false,
    code: "event_too_large",
    message: "The event is larger than a Kafka record may be (1,000,000 bytes): send a smaller one.",
  }),
};

/** The records of one request. */
export interface Batch {
  outcomes: Outcome[];
  open: number;
  deadlineAtMs: number;
  done: (outcomes: Outcome[]) => void;
}

/** Stands for a record on its way through the driver. A number: objects held there burden every collection. */
export type Ticket = number;

/**
 * All requests that wait for reports, oldest first. `defer` runs what answers them, for many reports
 * come at once: first all are noted, then all are answered.
 */
export function createDeliveries(defer: (run: () => void) => void = setImmediate) {
  const batches = new Set<Batch>();
  const ticketBatch: (Batch | undefined)[] = [];
  const ticketIndex: number[] = [];
  const freeTickets: Ticket[] = [];
  let complete: Batch[] = [];
  let waiting = 0;

  function answer(): void {
    const all = complete;
    complete = [];
    for (const { done, outcomes } of all) done(outcomes);
  }

  function note(batch: Batch, index: number, outcome: Outcome): void {
    // A report may come after the deadline has already answered for it.
    if (batch.outcomes[index] !== undefined) return;
    batch.outcomes[index] = outcome;
    waiting -= 1;
    batch.open -= 1;
    if (batch.open > 0) return;
    batches.delete(batch);
    if (complete.push(batch) === 1) defer(answer);
  }

  return {
    get waiting() {
      return waiting;
    },
    open(size: number, deadlineAtMs: number, done: Batch["done"]): Batch {
      const batch = { outcomes: new Array<Outcome>(size), open: size, deadlineAtMs, done };
      waiting += size;
      batches.add(batch);
      return batch;
    },
    /** For one record of a batch; the driver gives it back once, with the record's report. */
    ticket(batch: Batch, index: number): Ticket {
      const ticket = freeTickets.pop() ?? ticketBatch.length;
      ticketBatch[ticket] = batch;
      ticketIndex[ticket] = index;
      return ticket;
    },
    /** Takes a ticket back. */
    settle(ticket: Ticket, outcome: Outcome): void {
      const batch = ticketBatch[ticket];
      if (!batch) return;
      ticketBatch[ticket] = undefined;
      freeTickets.push(ticket);
      note(batch, ticketIndex[ticket]!, outcome);
    },
    /** Answers every request whose deadline has passed, or every request at all. */
    expire(nowMs: number, outcome: Outcome): void {
      for (const batch of batches) {
        if (batch.deadlineAtMs > nowMs) return;
        for (let index = 0; batch.open > 0; index += 1) note(batch, index, outcome);
      }
    },
  };
}
