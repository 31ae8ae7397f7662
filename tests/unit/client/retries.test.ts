import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accepting, type Reply } from "./fake-api.ts";
import { drain, elapse, numbers, start } from "./queue.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
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

  it("waits for no others", async () => {
    const { seen, send } = start([() => ["accepted", "unknown"]], {
      batchEventsMax: 2,
      flushAfterMs: 60_000,
    });
    send(2);
    await elapse(100);
    expect(numbers(seen)).toEqual([[0, 1], [1]]);
  });

  it("comes soon again after a time when all went well", async () => {
    const { queue, seen } = start(["refused", "refused", "refused", accepting, "refused"]);
    void queue.send("hammer", {});
    await drain(queue);
    void queue.send("hammer", {});
    await drain(queue);
    expect(seen[5]!.atMs - seen[4]!.atMs).toBeLessThanOrEqual(101);
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
