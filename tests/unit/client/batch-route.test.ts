// The queue against the API's own batch route: that what the one answers is what the other reads.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createEventQueue,
  type EventQueue,
  type EventQueueOptions,
  type FetchLike,
} from "../../../client/runtime.ts";
import { failures } from "../../../game-api/delivery.ts";
import { build, limits } from "../game-api/build.ts";

async function start(options: Partial<EventQueueOptions> = {}) {
  const { app, producer } = await build();
  const statuses: number[] = [];
  const fetch: FetchLike = async (url, { headers, body }) => {
    const answer = await app.inject({ method: "POST", url: new URL(url).pathname, headers, payload: body });
    statuses.push(answer.statusCode);
    return {
      status: answer.statusCode,
      headers: { get: (name) => String(answer.headers[name] ?? "") || null },
      text: async () => answer.payload,
    };
  };
  const queue = createEventQueue({ url: "http://api", pipeline: "forge", fetch, requestsMax: 1, ...options });
  return { queue, producer, statuses };
}

/** The route asks for a second's pause; nobody waits for it here. */
async function close(queue: EventQueue) {
  const closed = queue.close();
  while (queue.waiting > 0) await vi.advanceTimersToNextTimerAsync();
  await closed;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the queue and the batch route", () => {
  it("agree on accepted and rejected", async () => {
    const { queue, producer, statuses } = await start();
    const outcomes = [
      queue.send("hammer", { smith_id: "a", ore_id: 9223372036854775807n, event_id: "mine" }),
      queue.send("hammer", { smith_id: "a", blows: 0 }),
      queue.send("order", { order_no: 7 }),
      queue.send("sleep", {}),
      queue.send("rest", { event_id: "no such id" }),
    ];
    await close(queue);
    expect(await Promise.all(outcomes)).toMatchObject([
      { status: "accepted", eventId: "mine", partition: 0, offset: 0 },
      { status: "rejected", code: "event_invalid", issues: [{ path: "blows" }] },
      { status: "accepted", partition: 0, offset: 1 },
      { status: "rejected", code: "event_type_unknown", issues: [{ path: "event_type" }] },
      { status: "rejected", code: "event_invalid", issues: [{ path: "event_id" }] },
    ]);
    expect(statuses).toEqual([207]);
    expect(producer.events()[0]).toMatchObject({ event_id: "mine", ore_id: "9223372036854775807" });
  });

  it("agree on unknown: only those events come again, with their ids", async () => {
    const { queue, producer, statuses } = await start();
    let failing = 1;
    producer.failWith = ({ key }) => (key === "b" && failing-- > 0 ? failures.unknown("away") : undefined);
    const outcomes = ["a", "b", "c"].map((smith_id) => queue.send("hammer", { smith_id }));
    await close(queue);
    expect((await Promise.all(outcomes)).map(({ status }) => status)).toEqual(Array(3).fill("accepted"));
    expect(statuses).toEqual([503, 202]);
    expect(producer.events().map(({ smith_id }) => smith_id)).toEqual(["a", "c", "b"]);
  });

  it("agree on 413: more events than the API takes at once come in halves", async () => {
    const { queue, producer, statuses } = await start();
    const sent = Array.from({ length: 2 * limits.batchEventsMax + 1 }, (_, n) => n);
    for (const order_no of sent) void queue.send("order", { order_no });
    await close(queue);
    expect(statuses).toEqual([413, 413, 202, 202, 202]);
    expect(producer.events().map(({ order_no }) => order_no)).toEqual(sent);
  });
});
