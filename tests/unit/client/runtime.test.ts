import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createEventQueue, QueueClosedError, QueueFullError } from "../../../client/runtime.ts";
import { accepting, type Reply } from "./fake-api.ts";
import { drain, elapse, numbers, start } from "./queue.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

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

  it("is not taken for full by what was sent before", async () => {
    const { queue, seen } = start([], { batchBytesMax: 160 });
    void queue.send("hammer", { text: "b".repeat(900) });
    await drain(queue);
    void queue.send("hammer", {});
    expect(seen).toHaveLength(1);
  });

  it("names the type that was sent, whatever the fields say", async () => {
    const { queue, seen } = start([]);
    void queue.send("hammer", { event_type: "rest" });
    await drain(queue);
    expect(seen[0]?.events[0]?.event_type).toBe("hammer");
  });

  it("carries bigints as digits, exact beyond 2^53", async () => {
    const { queue, seen } = start([]);
    void queue.send("hammer", { ore_id: 9223372036854775807n });
    await drain(queue);
    expect(seen[0]?.events[0]?.ore_id).toBe("9223372036854775807");
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
      message: "No answer: fetch failed: connect ECONNREFUSED",
    });
    expect(queue.waiting).toBe(1);
    await elapse(1000);
    expect((await late)?.status).toBe("unknown");
    const tries = seen.length;
    await elapse(60_000);
    expect(seen).toHaveLength(tries);
  });

  it("gives up in time, even in the middle of a pause", async () => {
    const { queue } = start(["refused"], { giveUpAfterMs: 1000, backoff: { minMs: 20_000 } });
    void queue.send("hammer", {});
    await elapse(999);
    expect(queue.waiting).toBe(1);
    await elapse(1);
    expect(queue.waiting).toBe(0);
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
