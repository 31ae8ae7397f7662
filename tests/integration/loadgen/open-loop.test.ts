import { join } from "node:path";
import { describe, expect, it } from "vitest";
import game from "../../../flink-sql/game/pipeline.ts";
import { createGenerator } from "../../../loadgen/generate.ts";
import { createJournal, type JournalEntry, readJournal } from "../../../loadgen/journal.ts";
import { type OpenLoopOptions, startOpenLoop } from "../../../loadgen/open-loop.ts";
import { steadyProfile } from "../../../loadgen/profile.ts";
import { usePatternServers } from "./pattern-server.ts";

const { folder, serve } = usePatternServers();

function start(url: string, given: Partial<OpenLoopOptions> & { events: number }) {
  const generate = createGenerator({
    pipeline: game,
    endpoints: [],
    users: 9,
    seed: 1,
    run: "r",
    broken: 0,
  });
  const about = { run: "r", seed: 1, pipeline: "game", url, startedAt: "", events: 0, sends: 0 };
  const journal = createJournal(join(folder, `${Math.random()}.ndjson`), about);
  const load = startOpenLoop({
    url,
    pipeline: "game",
    generate,
    duplicates: 0,
    batch: 1,
    profile: steadyProfile(1000, given.events),
    outstanding: 1000,
    timeoutMs: 5000,
    journal,
    ...given,
  });
  const finish = async () => {
    const { tally, failure } = await load.done;
    journal.close();
    const entries: JournalEntry[] = [];
    for await (const entry of readJournal(journal.path)) entries.push(entry);
    return { tally, failure, entries };
  };
  return { load, finish };
}

const idsOf = (list: { id: string }[]) => list.map(({ id }) => id).sort();
const patience = { timeout: 30_000 };

describe("an open loop", patience, () => {
  it("sends each event once and books what the server did", async () => {
    const server = await serve((n) => (n % 10 === 3 ? "refuse" : n % 10 === 7 ? "reset" : "accept"));
    const { tally, entries } = await start(server.url, { events: 200, series: true }).finish();
    expect(idsOf(entries)).toEqual(idsOf(server.seen));
    expect(tally.counts).toMatchObject({ sends: 200, shed: 0, acked: 160, rejected: 20, unknown: 20 });
    expect(tally.statuses).toEqual({ 202: 160, 400: 20 });
    const sum = (what: "sent" | "acked" | "rejected" | "unknown") =>
      tally.series().reduce((total, second) => total + second[what], 0);
    expect([sum("sent"), sum("acked"), sum("rejected"), sum("unknown")]).toEqual([200, 160, 20, 20]);
  });

  it("goes on sending while answers stay away, and sheds what is beyond its bound", async () => {
    const server = await serve(() => "never");
    const { load, finish } = start(server.url, { events: 50, outstanding: 20 });
    while (server.seen.length < 20) await new Promise(setImmediate);
    load.stop(0);
    const { tally, entries } = await finish();
    expect(server.seen).toHaveLength(20);
    expect(entries.map(({ outcome }) => outcome)).toEqual(new Array(20).fill("unknown"));
    expect(tally.counts).toMatchObject({ requests: 20, unanswered: 20 });
  });

  it("counts every arrival as sent or shed", async () => {
    const server = await serve(() => "accept", { delayMs: 100 });
    const { tally, entries } = await start(server.url, { events: 300, outstanding: 10 }).finish();
    expect(tally.counts.shed).toBeGreaterThan(0);
    expect(tally.counts.sends + tally.counts.shed).toBe(300);
    expect(idsOf(entries)).toEqual(idsOf(server.seen));
  });

  it("measures from when a request was due, not from when it could be sent", async () => {
    // The first request stops the generator's own thread: the others are sent late, and that counts.
    const server = await serve(() => "accept");
    const { load, finish } = start(server.url, { events: 100 });
    const blockedUntilMs = performance.now() + 400;
    while (performance.now() < blockedUntilMs);
    const { tally } = await finish();
    await load.done;
    expect(tally.lateMs().max).toBeGreaterThan(250);
    expect(tally.latencyMs().max).toBeGreaterThanOrEqual(tally.lateMs().max * 0.99);
  });

  it("sends batches, and the API key with each", async () => {
    const server = await serve(() => "accept");
    const { tally } = await start(server.url, { events: 95, batch: 10, key: "k-1" }).finish();
    expect(server.requests.map(({ events }) => events).sort((a, b) => a - b)).toEqual([
      5,
      ...new Array(9).fill(10),
    ]);
    expect(new Set(server.requests.map(({ authorization }) => authorization))).toEqual(
      new Set(["Bearer k-1"]),
    );
    expect(tally.counts.acked).toBe(95);
  });

  it("gives up where the API stays away", async () => {
    const gone = await serve(() => "accept");
    await gone.close();
    const { failure, entries } = await start(gone.url, { events: 100_000, giveUpMs: 200 }).finish();
    expect(`${failure}`).toMatch(/No API answers at .* \(it went away: ECONNREFUSED/);
    expect(entries.every(({ outcome }) => outcome === "unknown")).toBe(true);
  });
});
