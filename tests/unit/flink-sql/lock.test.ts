// The lock of a contract: what is current, what adds, what breaks and why.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { loadPipelines } from "../../../flink-sql/folders.ts";
import { type ContractLock, contractLock, lockText, parseLock, readLock } from "../../../flink-sql/lock.ts";
import { contractChanges, refusedChanges } from "../../../flink-sql/lock-changes.ts";
import { alert, decimal, definePipeline, event, id64, topic } from "../../../flink-sql/pipeline.ts";

const base: z.ZodRawShape = {
  user_id: z.string().min(1).max(128),
  amount: z.int32().min(1).max(100).default(1),
  kind: z.enum(["a", "b"]),
  code: z.string().regex(/^\d+$/).optional(),
};
const pipelineOf = (shape: z.ZodRawShape, options: Parameters<typeof event>[2] = {}) =>
  definePipeline({
    title: "t",
    topics: { things: topic({ key: "user_id", events: { happened: event("d", shape, options) } }) },
  });
const lockOf = (...args: Parameters<typeof pipelineOf>) => contractLock(pipelineOf(...args));
/** Sentences of the change from the base, those that break marked by "!". */
const changes = (after: ContractLock, before = lockOf(base)) =>
  contractChanges(before, after).map(({ what, refused }) => `${refused ? "! " : ""}${what}`);
const { kind: _kind, ...withoutKind } = base;

describe("committed locks", async () => {
  const pipelines = await loadPipelines();

  it.each(
    pipelines.map((pipeline) => [pipeline.name, pipeline] as const),
  )("%s: is current", (_, pipeline) => {
    const lock = readLock(pipeline);
    expect(lock, `run 'npx swordlake lock ${pipeline.name}' and commit the file`).toBeDefined();
    expect(contractChanges(lock!, contractLock(pipeline))).toEqual([]);
    expect(lock).toEqual(contractLock(pipeline, lock!.accepted));
  });

  it.each(
    pipelines.map((pipeline) => [pipeline.name, pipeline] as const),
  )("%s: reads as it was written", (_, pipeline) => {
    const lock = contractLock(pipeline, ["Field 'a.b' is gone"]);
    expect(parseLock(JSON.parse(lockText(lock)), "here")).toEqual(lock);
  });
});

describe("what adds", () => {
  it.each<[string, z.ZodRawShape, string]>([
    ["an optional field", { ...base, note: z.string().optional() }, "Field 'happened.note' (STRING) is new"],
    ["a value of an enum", { ...base, kind: z.enum(["a", "b", "c"]) }, "Field 'happened.kind': enum was"],
    ["an enum that becomes free text", { ...base, kind: z.string() }, "Field 'happened.kind': enum was"],
    [
      "a looser bound",
      { ...base, user_id: z.string().min(1).max(256) },
      "Field 'happened.user_id': maxLength was 128, is 256",
    ],
    [
      "a bound that goes",
      { ...base, user_id: z.string().max(128) },
      "Field 'happened.user_id': minLength was 1, is none",
    ],
    [
      "null allowed",
      { ...base, code: z.string().regex(/^\d+$/).nullish() },
      "Field 'happened.code': nullable was none, is true",
    ],
    ["a pattern that goes", { ...base, code: z.string().optional() }, "Field 'happened.code': patterns was"],
  ])("%s", (_, shape, said) => {
    const all = changes(lockOf(shape));
    expect(all).toEqual([expect.stringContaining(said)]);
    expect(all[0]).not.toMatch(/^!/);
  });

  it("required becomes optional: given and stored", () => {
    expect(changes(lockOf({ ...base, kind: z.enum(["a", "b"]).optional() }))).toEqual([
      "Field 'happened.kind': given was required, is optional",
      "Field 'happened.kind': an event had it always, has it maybe",
    ]);
  });

  it("a new event type, a topic, an alert", () => {
    const after = pipelineOf(base);
    const other = topic({ key: "id", events: { seen: event("d", { id: id64() }) } });
    after.topics.things!.events.more = event("d", { user_id: z.string().min(1).max(128), must: z.string() });
    const lock = contractLock({
      ...after,
      topics: { ...after.topics, other },
      alerts: { loud: alert("d", { key: ["id"], fields: { id: id64() } }) },
    });
    expect(changes(lock)).toEqual(["Topic 'other' is new", "Event 'more' is new", "Alert 'loud' is new"]);
  });

  it("nothing for words, order, defaults and checks that no client meets", () => {
    const { user_id: _, ...rest } = base;
    const again = { ...rest, user_id: z.string().min(1).max(128).meta({ description: "who" }) };
    expect(changes(lockOf({ ...again, amount: z.int32().min(1).max(100).default(7) }))).toEqual([]);
  });
});

describe("what breaks", () => {
  it.each<[string, z.ZodRawShape, RegExp]>([
    ["a field that goes", withoutKind, /^! Field 'happened.kind' is gone$/],
    ["a required field", { ...base, note: z.string() }, /^! Field 'happened.note' \(STRING\) is new$/],
    [
      "a field with a default, which records made before lack",
      { ...base, note: z.string().default("x") },
      /^! Field 'happened.note'/,
    ],
    [
      "a default that goes",
      { ...base, amount: z.int32().min(1).max(100) },
      /^! Field 'happened.amount': given was optional, is required$/,
    ],
    [
      "a default that comes",
      { ...base, code: z.string().regex(/^\d+$/).default("1") },
      /^! Field 'happened.code': an event had it maybe/,
    ],
    [
      "another type",
      { ...base, amount: decimal(10, 2) },
      /^! Field 'happened.amount': its type was INT, is DECIMAL\(10, 2\)$/,
    ],
    [
      "another JSON type of the same column",
      { ...base, amount: z.string().meta({ flink: "INT" }).default("1") },
      /^! Field 'happened.amount': type was "integer", is "string"$/,
    ],
    [
      "a value of an enum that goes",
      { ...base, kind: z.enum(["a"]) },
      /^! Field 'happened.kind': enum was \["a","b"\], is \["a"\]$/,
    ],
    [
      "a bound that comes",
      { ...base, amount: z.int32().min(1).max(50).default(1) },
      /^! Field 'happened.amount': maximum was 100, is 50$/,
    ],
    [
      "another pattern",
      { ...base, code: z.string().regex(/^\d*$/).optional() },
      /^! Field 'happened.code': patterns was/,
    ],
    [
      "a format",
      { ...base, user_id: z.string().min(1).max(128).and(z.email()).meta({ flink: "STRING" }) },
      /^! Field 'happened.user_id'/,
    ],
  ])("%s", (_, shape, said) => {
    expect(changes(lockOf(shape)).filter((line) => line.startsWith("!"))).toContainEqual(
      expect.stringMatching(said),
    );
  });

  it("a rename: said once, with both names and the way to do it", () => {
    const renamed = { ...withoutKind, sort: base.kind as z.ZodType };
    const [first, second, ...more] = contractChanges(lockOf(base), lockOf(renamed));
    expect(first).toEqual({
      what: "Field 'happened.kind' is gone, 'happened.sort' is new: a rename",
      refused: expect.stringMatching(/clients that send it would be refused.*COALESCE\(sort, kind\)/),
    });
    expect([second?.what, more]).toEqual(["Field 'happened.sort' (STRING) is new", []]);
  });

  it("a key, partitions, an event that moves or goes, a path, a topic", () => {
    const after = pipelineOf(base, { path: "/x" });
    const before = contractLock(after);
    const moved = {
      ...after,
      topics: {
        things: {
          ...after.topics.things!,
          key: "kind",
          partitions: 8,
          events: { other: after.topics.things!.events.happened! },
        },
      },
    };
    expect(changes(contractLock(moved), before)).toEqual([
      "! Topic 'things': its key was user_id, is kind",
      "! Topic 'things': partitions were 4, are 8",
      "! Event 'happened' is gone",
      "Event 'other' is new",
    ]);
    expect(changes(lockOf(base), before)).toEqual(["! Event 'happened': its path was /x, is none"]);
    expect(changes(contractLock({ ...after, topics: { others: after.topics.things! } }), before)).toEqual([
      "! Topic 'things' is gone",
      "Topic 'others' is new",
    ]);
  });

  it("what an alert says, and its key", () => {
    const of = (key: string[], fields: z.ZodRawShape) =>
      contractLock({ ...pipelineOf(base), alerts: { loud: alert("d", { key, fields }) } });
    const before = of(["id"], { id: id64(), n: z.int() });
    expect(changes(of(["id"], { id: id64(), n: z.int(), more: z.string() }), before)).toEqual([
      "Field 'loud.more' is new",
    ]);
    expect(changes(of(["n"], { n: z.string() }), before)).toEqual([
      '! Alert \'loud\': its key was ["id"], is ["n"]',
      "! Field 'loud.id' is gone",
      "! Field 'loud.n': its type was BIGINT, is STRING",
    ]);
  });

  it("passes where the lock says, word for word, that it was agreed to", () => {
    const all = contractChanges(lockOf(base), lockOf({ ...withoutKind, count: z.int() }));
    expect(refusedChanges(all, [])).toHaveLength(2);
    expect(refusedChanges(all, ["Field 'happened.kind' is gone"]).map(({ what }) => what)).toEqual([
      "Field 'happened.count' (BIGINT) is new",
    ]);
  });
});
