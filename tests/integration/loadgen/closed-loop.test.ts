import { join } from "node:path";
import { describe, expect, it } from "vitest";
import game from "../../../flink-sql/game/pipeline.ts";
import { type ClosedLoopOptions, startClosedLoop } from "../../../loadgen/closed-loop.ts";
import { createGenerator } from "../../../loadgen/generate.ts";
import { createJournal, type JournalEntry, readJournal } from "../../../loadgen/journal.ts";
import type { Load } from "../../../loadgen/load.ts";
import { countSends } from "../../../loadgen/plan.ts";
import { checkReachable } from "../../../loadgen/reach.ts";
import { type Fate, type Seen, startPatternServer, usePatternServers } from "./pattern-server.ts";

const { folder, serve } = usePatternServers();

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

type Given = Partial<ClosedLoopOptions> & { broken?: number };

function start(url: string, given: Given = {}): { load: Load; finish: () => Promise<JournalEntry[]> } {
  const { events = 100, duplicates = 0, broken = 0 } = given;
  const generate = createGenerator({ pipeline: game, endpoints: [], users: 9, seed: 1, run: "r", broken });
  const about = { run: "r", seed: 1, pipeline: "game", url, startedAt: "", events };
  const sends = countSends(events, duplicates);
  const journal = createJournal(join(folder, `${Math.random()}.ndjson`), { ...about, sends });
  const load = startClosedLoop({
    url,
    pipeline: "game",
    generate,
    events,
    duplicates,
    batch: 1,
    connections: 8,
    rate: 0,
    // Long, so that only what is never answered gets no answer.
    timeoutMs: 20_000,
    journal,
    ...given,
  });
  const finish = async () => {
    await load.done;
    journal.close();
    const entries: JournalEntry[] = [];
    for await (const entry of readJournal(journal.path)) entries.push(entry);
    return entries;
  };
  return { load, finish };
}

const outcomeOf = (fate: Fate) => (fate === "accept" ? "acked" : fate === "refuse" ? "rejected" : "unknown");
const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id);

/** What the journal must say of what the server did. */
const expected = (seen: Seen[]) =>
  seen
    .map(({ id, type, fate, offset }) => ({
      id,
      type,
      outcome: outcomeOf(fate),
      ...(fate === "accept" ? { partition: offset % 4, offset } : {}),
    }))
    .sort(byId);
const booked = (entries: JournalEntry[]) =>
  entries.map(({ status: _, copy: __, broken: ___, ...entry }) => entry).sort(byId);

// Waits are long enough for a busy machine; an idle one needs little of them.
const patience = { timeout: 30_000 };

describe.concurrent("a load, an event per request", patience, () => {
  it("books exactly what the server did, event by event", async () => {
    const fates: Fate[] = ["accept", "refuse", "accept", "unavailable", "cut", "accept", "reset", "half"];
    const server = await serve((n) => (n % 100 === 99 ? "never" : fates[n % fates.length]!));
    const { load, finish } = start(server.url, { events: 203, timeoutMs: 2000 });
    const entries = await finish();
    expect(server.seen).toHaveLength(203);
    expect(booked(entries)).toEqual(expected(server.seen));
    const { counts } = (await load.done).tally;
    expect(counts).toMatchObject({ sends: 203, requests: 203, copies: 0, unexpected: expect.any(Number) });
    expect(counts.acked + counts.rejected + counts.unknown).toBe(203);
    const unanswered = server.seen.filter(({ fate }) => ["never", "cut", "reset", "half"].includes(fate));
    expect(counts.unanswered).toBe(unanswered.length);
  });

  it("believes no answer that names another event", async () => {
    const server = await serve((n) => (n === 3 ? "misnamed" : "accept"));
    const entries = await start(server.url, { events: 10 }).finish();
    expect(entries.filter(({ outcome }) => outcome !== "acked")).toEqual([
      expect.objectContaining({ id: "r-3", outcome: "unknown", status: 202 }),
    ]);
  });

  it.each([
    [1, 32],
    [7, 8],
    [33, 32],
    [100, 7],
  ])("sends exactly %i events over up to %i connections, each once", async (events, connections) => {
    const server = await serve(() => "accept");
    const entries = await start(server.url, { events, connections }).finish();
    expect(new Set(server.seen.map(({ id }) => id)).size).toBe(events);
    expect(server.seen).toHaveLength(events);
    expect(entries).toHaveLength(events);
  });

  it("sends copies with the same id and body, and books a line for each send", async () => {
    const server = await serve(() => "accept");
    const entries = await start(server.url, { events: 200, duplicates: 0.1 }).finish();
    expect(entries.filter(({ copy }) => copy)).toHaveLength(20);
    expect(entries).toHaveLength(220);
    const bodies = new Map(server.seen.map(({ id, fields }) => [id, fields]));
    expect(bodies.size).toBe(200);
    for (const { id, fields } of server.seen) expect(fields).toEqual(bodies.get(id));
  });

  it("expects refusals of what it broke, and reports a sound event refused", async () => {
    const server = await serve((n) => (n % 4 === 2 || n === 4 ? "refuse" : "accept"));
    const { load, finish } = start(server.url, { events: 40, broken: 0.25, connections: 1 });
    const entries = await finish();
    const { tally } = await load.done;
    const asBroken = entries.filter(({ broken }) => broken).map(({ id }) => Number(id.slice(2)) % 4);
    expect(asBroken).toHaveLength(10);
    expect(new Set(asBroken)).toEqual(new Set([2]));
    expect(tally.counts.unexpected).toBe(1);
    expect(tally.firstSurprise()).toMatch(/^400 .*BAD_EVENT/);
  });

  it("keeps a prefix in the URL's path", async () => {
    const server = await serve(() => "accept");
    await start(`${server.url}/edge/`, { events: 1 }).finish();
    expect(server.requests[0]?.path).toMatch(/^\/edge\/game\/\w+$/);
  });

  it("sends no faster than its rate", async () => {
    const server = await serve(() => "accept");
    const { load, finish } = start(server.url, { events: 30, rate: 20, connections: 32 });
    await finish();
    const { tally } = await load.done;
    expect(server.seen).toHaveLength(30);
    expect(tally.durationMs()).toBeGreaterThan(900);
  });
});

describe.concurrent("a load in batches", patience, () => {
  it("books exactly what the server did, event by event", async () => {
    const server = await serve((n) => {
      if (n === 55) return "cut";
      if (n === 120) return "never";
      return n % 7 === 3 ? "refuse" : n % 90 === 5 ? "unavailable" : "accept";
    });
    const entries = await start(server.url, {
      events: 205,
      batch: 10,
      connections: 4,
      timeoutMs: 2000,
    }).finish();
    // An event's batch is lost with it: one cut, one never answered.
    const seen = server.seen.map((entry): Seen => {
      const batch = Math.floor(Number(entry.id.slice(2)) / 10);
      return batch === 5 || batch === 12 ? { ...entry, fate: "cut" } : entry;
    });
    expect(booked(entries)).toEqual(expected(seen));
    expect(server.requests.map(({ events }) => events).sort((a, b) => a - b)).toEqual([
      5,
      ...new Array(20).fill(10),
    ]);
    expect(server.requests.every((r) => r.path === "/game" && r.contentType === "application/x-ndjson")).toBe(
      true,
    );
  });
});

describe.concurrent("a load that is stopped", patience, () => {
  it("waits for the answers under way and loses none", async () => {
    const server = await serve(() => "accept", { delayMs: 5 });
    const { load, finish } = start(server.url, { events: 1_000_000 });
    await until(() => server.seen.length > 50);
    load.stop();
    const entries = await finish();
    expect(entries.length).toBeGreaterThan(50);
    expect(booked(entries)).toEqual(expected(server.seen));
    expect((await load.done).tally.counts.unknown).toBe(0);
  });

  it("books as unknown what isn't answered within its patience", async () => {
    const server = await serve((n) => (n < 20 ? "accept" : "never"));
    const { load, finish } = start(server.url, { events: 1000, timeoutMs: 60_000 });
    await until(() => server.seen.length === 28);
    load.stop(100);
    const entries = await finish();
    expect(entries.map(({ outcome }) => outcome).sort()).toEqual([
      ...new Array(20).fill("acked"),
      ...new Array(8).fill("unknown"),
    ]);
  });
});

describe.concurrent("a load whose API refuses connections", patience, () => {
  it("sends the same events again, once it is there", async () => {
    const first = await serve(() => "accept", { delayMs: 2 });
    const { port, url } = first;
    const { load, finish } = start(url, { events: 1200 });
    await until(() => first.seen.length > 100);
    await first.close();
    await delay(300);
    const server = await serve(() => "accept", { port });
    const entries = await finish();
    const { counts } = (await load.done).tally;
    expect(entries).toHaveLength(1200);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(1200);
    // Only what was under way when it went can be in doubt: a request on each connection.
    expect(counts.unknown).toBeLessThanOrEqual(8);
    const acked = entries.filter(({ outcome }) => outcome === "acked").map(({ id }) => id);
    const stored = new Set([...first.seen, ...server.seen].map(({ id }) => id));
    expect(acked.every((id) => stored.has(id))).toBe(true);
    expect(first.seen.length + server.seen.length).toBeLessThanOrEqual(1200);
  });

  it("waits from the first request on, and sends each event once", async () => {
    const { port, url, close } = await startPatternServer(() => "accept");
    await close();
    const { finish } = start(url, { events: 40 });
    await delay(100);
    const server = await serve(() => "accept", { port });
    expect(booked(await finish())).toEqual(expected(server.seen));
    expect(new Set(server.seen.map(({ id }) => id)).size).toBe(40);
    expect(server.seen).toHaveLength(40);
  });

  it("ends at once when it is stopped", async () => {
    const { url, close } = await startPatternServer(() => "accept");
    await close();
    const { load, finish } = start(url);
    await delay(50);
    const stoppedMs = performance.now();
    load.stop(20_000);
    const entries = await finish();
    expect(performance.now() - stoppedMs).toBeLessThan(5000);
    expect(entries).toHaveLength(8);
  });

  it("gives up in the end", async () => {
    const gone = await serve(() => "accept");
    await gone.close();
    const { load, finish } = start(gone.url, { events: 1000, giveUpMs: 400 });
    const entries = await finish();
    const { failure } = await load.done;
    expect(`${failure}`).toMatch(/No API answers at .* \(it went away.*ECONNREFUSED.*'make up'/);
    expect(entries).toHaveLength(8);
  });

  it("is found out before a load starts", async () => {
    const server = await serve(() => "accept");
    await expect(checkReachable(server.url)).resolves.toBeUndefined();
    await server.close();
    await expect(checkReachable(server.url)).rejects.toThrow(/No API answers .*ECONNREFUSED.*make up/);
  });
});
