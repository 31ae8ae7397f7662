import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createEventQueue,
  type EventQueue,
  type EventQueueOptions,
  QueueClosedError,
  QueueFullError,
} from "../../../client/runtime.ts";
import { accepting, createFakeApi, type Reply } from "./fake-api.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function start(replies: Reply[], options: Partial<EventQueueOptions> = {}) {
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
const numbers = (seen: { events: Record<string, unknown>[] }[]) =>
  seen.map(({ events }) => events.map((event) => event.n));
const elapse = (ms: number) => vi.advanceTimersByTimeAsync(ms);
async function drain(queue: EventQueue) {
  const flushed = queue.flush();
  await vi.runAllTimersAsync();
  await flushed;
}

describe("one request", () => {
  it("has the events of flushAfterMs, as lines, with type, id and key", async () => {
    const { queue, seen } = start([], { key: "secret" });
    const first = queue.send("hammer", { n: 1 });
    await elapse(49);
    const second = queue.send("rest", { event_id: "mine", at: undefined });
    expect(seen).toEqual([]);
    await elapse(1);
    expect(seen).toMatchObject([
      {
        url: "http://api/forge",
        headers: { "content-type": "application/x-ndjson", authorization: "Bearer secret" },
        events: [
          { n: 1, event_type: "hammer", event_id: "id-0" },
          { event_type: "rest", event_id: "mine" },
        ],
      },
    ]);
    expect(await Promise.all([first, second])).toEqual([
      { status: "accepted", eventId: "id-0", partition: 0, offset: 0 },
      { status: "accepted", eventId: "mine", partition: 0, offset: 1 },
    ]);
  });

  it("starts at once when batchEventsMax wait, and no more than requestsMax are under way", async () => {
    const { seen, send, queue } = start(["silent", "silent"], { batchEventsMax: 2 });
    send(7);
    expect(numbers(seen)).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(queue.waiting).toBe(7);
  });

  it("is no larger than batchBytesMax, but an event that is goes alone", async () => {
    const { seen, queue } = start([], { batchBytesMax: 160 });
    const texts = ["é".repeat(40), "a", "b".repeat(900), "c", "d"];
    for (const text of texts) void queue.send("hammer", { text });
    await drain(queue);
    expect(seen.map(({ events }) => events.map((event) => event.text))).toEqual([
      [texts[0]],
      ["a"],
      [texts[2]],
      ["c", "d"],
    ]);
  });

  it("carries bigints as digits, exact beyond 2^53", async () => {
    const { queue, seen } = start([]);
    void queue.send("hammer", { ore_id: 9223372036854775807n });
    await drain(queue);
    expect(seen[0]?.events[0]?.ore_id).toBe("9223372036854775807");
  });
});

describe("a retry", () => {
  it.each<[string, Reply, number]>([
    ["no connection", "refused", 0],
    ["no answer in time", "silent", 10_000],
    ["408", { status: 408 }, 0],
    ["429", { status: 429 }, 0],
    ["500", { status: 500 }, 0],
    ["503 as a whole", { status: 503, body: { code: "kafka_unavailable" } }, 0],
    ["202 without results", { status: 202 }, 0],
    [
      "results of other events",
      { status: 202, body: { results: [{ status: "accepted", event_id: "x" }] } },
      0,
    ],
    ["unknown", (events) => events.map(() => "unknown"), 0],
  ])("follows %s, with the same event_id", async (_, reply, answerMs) => {
    const { queue, ids } = start([reply]);
    const outcome = queue.send("hammer", { n: 0 });
    await elapse(50 + answerMs + 99);
    expect(ids()).toEqual([["id-0"]]);
    await elapse(1);
    expect(ids()).toEqual([["id-0"], ["id-0"]]);
    expect(await outcome).toMatchObject({ status: "accepted", eventId: "id-0" });
    expect(queue.waiting).toBe(0);
  });

  it("is only for what is unknown, and goes before what came later", async () => {
    const { queue, seen, send } = start([() => ["accepted", "unknown", "rejected"]], {
      batchEventsMax: 3,
      requestsMax: 1,
    });
    const outcomes = send(5);
    await drain(queue);
    expect(numbers(seen)).toEqual([
      [0, 1, 2],
      [1, 3, 4],
    ]);
    expect((await Promise.all(outcomes)).map(({ status }) => status)).toEqual([
      "accepted",
      "accepted",
      "rejected",
      "accepted",
      "accepted",
    ]);
  });

  it("never follows a rejection: it says code, message and issues", async () => {
    const { queue, seen } = start([() => ["rejected"]]);
    const outcome = queue.send("hammer", { n: 0 });
    await elapse(100_000);
    expect(await outcome).toEqual({
      status: "rejected",
      eventId: "id-0",
      code: "event_invalid",
      message: "n: Too small",
      issues: [{ path: "n", message: "Too small" }],
    });
    expect(seen).toHaveLength(1);
  });

  it.each([400, 401, 403, 404, 415])("never follows %d as a whole", async (status) => {
    const { queue, seen, send } = start([{ status, body: { code: "no", message: "Not so" } }]);
    const outcomes = send(2);
    await drain(queue);
    for (const outcome of await Promise.all(outcomes))
      expect(outcome).toMatchObject({ status: "rejected", code: "no", message: "Not so", issues: [] });
    expect(seen).toHaveLength(1);
  });

  it.each<[string, () => string, number]>([
    ["seconds", () => "7", 7000],
    ["a date", () => new Date(Date.now() + 60_000).toUTCString(), 60_000],
  ])("waits for Retry-After in %s, and some more so that clients don't come all at once", async (_, header, ms) => {
    const { queue, seen } = start([{ status: 503, headers: { "retry-after": header() } }]);
    void queue.send("hammer", {});
    await elapse(ms - 1500);
    expect(seen).toHaveLength(1);
    await drain(queue);
    const waited = seen[1]!.atMs - seen[0]!.atMs;
    expect(waited).toBeGreaterThan(ms - 1000);
    expect(waited).toBeLessThanOrEqual(ms + 101);
  });

  it("waits a random time below a bound that doubles up to its maximum", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 8 }),
        async (draws) => {
          const left = [...draws];
          const { queue, seen } = start(
            draws.map(() => ({ status: 503 })),
            {
              backoff: { minMs: 100, maxMs: 1000 },
              random: () => left.shift()!,
            },
          );
          void queue.send("hammer", {});
          const flushed = queue.flush();
          await elapse(10_000);
          await flushed;
          const waits = seen.slice(1).map(({ atMs }, i) => atMs - seen[i]!.atMs);
          expect(waits).toHaveLength(draws.length);
          for (const [i, wait] of waits.entries()) {
            const meant = draws[i]! * Math.min(1000, 100 * 2 ** i);
            expect(wait).toBeGreaterThan(meant - 0.001);
            expect(wait).toBeLessThanOrEqual(meant + 2);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it("probes with one request while the API is away", async () => {
    const { seen, send, queue } = start(["refused", "refused", "silent"], { batchEventsMax: 1 });
    send(4);
    await elapse(100);
    expect(numbers(seen)).toEqual([[0], [1], [0]]);
    await drain(queue);
    expect(numbers(seen).slice(3).flat()).toEqual([0, 1, 2, 3]);
  });
});

describe("413", () => {
  it("halves a batch until it is taken, in order", async () => {
    const { queue, seen, send } = start([{ status: 413 }, { status: 413 }], { requestsMax: 1 });
    const outcomes = send(5);
    await drain(queue);
    expect(numbers(seen)).toEqual([[0, 1, 2, 3, 4], [0, 1, 2], [0, 1], [2, 3], [4]]);
    for (const outcome of await Promise.all(outcomes)) expect(outcome.status).toBe("accepted");
  });

  it("rejects an event that is alone", async () => {
    const { queue } = start([{ status: 413, body: { code: "body_too_large", message: "Send less" } }]);
    const outcome = queue.send("hammer", {});
    await drain(queue);
    expect(await outcome).toMatchObject({ status: "rejected", code: "body_too_large" });
  });
});

describe("the queue", () => {
  it("is bounded: send rejects when it is full, and takes again when there is room", async () => {
    const { queue, send } = start(["refused"], { queueEventsMax: 3 });
    const outcomes = send(3);
    await expect(queue.send("hammer", {})).rejects.toThrow(QueueFullError);
    expect(queue.waiting).toBe(3);
    await elapse(1000);
    for (const outcome of await Promise.all(outcomes)) expect(outcome.status).toBe("accepted");
    void queue.send("hammer", {});
    expect(queue.waiting).toBe(1);
  });

  it("gives up after giveUpAfterMs with the last reason", async () => {
    const { queue, seen, send } = start(
      Array.from({ length: 100 }, () => "refused" as const),
      { giveUpAfterMs: 1000, backoff: { minMs: 100, maxMs: 100 } },
    );
    const [first] = send(1);
    await elapse(990);
    const [late] = send(1, 1);
    await elapse(10);
    expect(await first).toEqual({
      status: "unknown",
      eventId: "id-0",
      code: "no_answer",
      message: "No answer: fetch failed",
    });
    expect(queue.waiting).toBe(1);
    await elapse(1000);
    expect((await late)?.status).toBe("unknown");
    const tries = seen.length;
    await elapse(60_000);
    expect(seen).toHaveLength(tries);
  });

  it("flushes at once, and ends when all that was sent has its outcome", async () => {
    const { queue, seen, send } = start(["refused"], { flushAfterMs: 60_000 });
    send(3);
    let isFlushed = false;
    const flushed = queue.flush().then(() => {
      isFlushed = true;
    });
    expect(seen).toHaveLength(1);
    await elapse(99);
    expect(isFlushed).toBe(false);
    await elapse(1);
    await flushed;
    expect(queue.waiting).toBe(0);
  });

  it("flushes nothing when nothing waits", async () => {
    const { queue, seen } = start([]);
    await drain(queue);
    expect(seen).toEqual([]);
  });

  it("closes: what was sent gets its outcome, what comes after is refused", async () => {
    const { queue, send } = start([]);
    const outcomes = send(2);
    const closed = queue.close();
    await expect(queue.send("hammer", {})).rejects.toThrow(QueueClosedError);
    await closed;
    await queue.close();
    expect((await Promise.all(outcomes)).map(({ status }) => status)).toEqual(["accepted", "accepted"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    [{ batchEventsMax: 0 }, /batchEventsMax is 0/],
    [{ requestsMax: 1.5 }, /requestsMax is 1.5/],
    [{ backoff: { minMs: 500, maxMs: 100 } }, /backoff.maxMs is 100: .*500 or more/],
  ])("refuses %j", (options, message) => {
    expect(() => createEventQueue({ url: "http://api", pipeline: "forge", ...options })).toThrow(message);
  });

  it("gives every event one outcome and sends each in its order, whatever the API says", async () => {
    const word = fc.constantFrom("accepted" as const, "rejected" as const, "unknown" as const);
    const reply = fc.oneof(
      fc.constantFrom<Reply>(
        "refused",
        "silent",
        { status: 500 },
        { status: 413 },
        { status: 429 },
        accepting,
      ),
      fc.array(word, { minLength: 8, maxLength: 8 }).map(
        (words): Reply =>
          (events) =>
            words.slice(0, events.length),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(reply, { maxLength: 12 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 3 }),
        async (replies, count, requestsMax) => {
          const { queue, seen, send } = start(replies, { batchEventsMax: 8, requestsMax });
          const outcomes = send(count);
          const closed = queue.close();
          await elapse(1_000_000);
          await closed;
          const settled = await Promise.all(outcomes);
          expect(settled.map(({ eventId }) => eventId)).toEqual(outcomes.map((_, n) => `id-${n}`));
          // Each event's id is its own in every request, and within a request the order is that of send.
          for (const { events } of seen) {
            expect(events.map(({ event_id }) => event_id)).toEqual(events.map(({ n }) => `id-${n}`));
            expect(events.map(({ n }) => n)).toEqual(
              events.map(({ n }) => n as number).sort((a, b) => a - b),
            );
          }
          const firsts = [...new Set(numbers(seen).flat())];
          expect(firsts).toEqual(outcomes.map((_, n) => n));
          expect(queue.waiting).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });
});
