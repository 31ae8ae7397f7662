import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { runtimeSource } from "../../../client/embed.ts";
import { generateClient, generatedMark } from "../../../client/generate.ts";
import { methodNames } from "../../../client/names.ts";
import { contractFingerprint } from "../../../flink-sql/fingerprint.ts";
import game from "../../../flink-sql/game/pipeline.ts";
import { definePipeline, event, topic } from "../../../flink-sql/pipeline.ts";

const pipelineOf = (fields: z.ZodRawShape, words = "A smith hammers") =>
  definePipeline({
    title: "A smithy",
    topics: { work: topic({ key: "smith_id", events: { hammer: event(words, fields) } }) },
  });
const smith_id = z.string();

describe("generateClient", () => {
  it("gives exactly the file that the example has: run `npx swordlake client` again where it differs", () => {
    const file = fileURLToPath(new URL("../../../examples/sword-game/game-client.ts", import.meta.url));
    expect(readFileSync(file, "utf8")).toBe(generateClient("game", game, runtimeSource()));
  });

  it("begins with its mark, pipeline and contract", () => {
    const pipeline = pipelineOf({ smith_id });
    const [first, second] = generateClient("forge", pipeline, "").split("\n");
    expect(first).toContain(`${generatedMark} forge`);
    expect(second).toContain(
      `Pipeline forge, contract ${contractFingerprint({ ...pipeline, name: "forge" })}`,
    );
  });

  it("lets no description end its comment or break its line", () => {
    const text = generateClient("forge", pipelineOf({ smith_id }, "Ends */ alert()\n// here"), "");
    expect(text).toContain("/** Ends *\\/ alert() // here */\n");
  });

  it("needs no fields where each may be left out", () => {
    expect(generateClient("forge", pipelineOf({ smith_id }), "")).toContain("hammer(fields: HammerFields,");
    expect(generateClient("forge", pipelineOf({ smith_id: smith_id.optional() }), "")).toContain(
      "hammer(fields?: HammerFields,",
    );
  });
});

describe("runtimeSource", () => {
  it("imports nothing", () => {
    expect(runtimeSource()).not.toMatch(/^(import|export\b.*\bfrom) /m);
    expect(runtimeSource()).toContain("export function createEventQueue(");
  });
});

describe("contractFingerprint", () => {
  const base = contractFingerprint({ ...pipelineOf({ smith_id, blows: z.int32().min(1) }), name: "forge" });

  it.each<[string, z.ZodRawShape]>([
    ["another type", { smith_id, blows: z.number().min(1) }],
    ["another bound", { smith_id, blows: z.int32().min(2) }],
    ["a default", { smith_id, blows: z.int32().min(1).default(1) }],
    ["a new field", { smith_id, blows: z.int32().min(1), title: z.string().optional() }],
  ])("differs for %s", (_, fields) => {
    expect(contractFingerprint({ ...pipelineOf(fields), name: "forge" })).not.toBe(base);
  });

  it("differs for another pipeline, but not for words, examples and order", () => {
    expect(
      contractFingerprint({ ...pipelineOf({ smith_id, blows: z.int32().min(1) }), name: "mine" }),
    ).not.toBe(base);
    const blows = z
      .int32()
      .min(1)
      .meta({ description: "How many", examples: [3] });
    expect(contractFingerprint({ ...pipelineOf({ blows, smith_id }, "Other words"), name: "forge" })).toBe(
      base,
    );
  });
});

describe("methodNames", () => {
  it.each([
    ["purchase_sword", "purchaseSword"],
    ["default", "default"],
    ["level_2", "level2"],
    ["flush", "flushEvent"],
    ["then", "thenEvent"],
    ["to_string", "toStringEvent"],
    ["constructor", "constructorEvent"],
  ])("%s → %s", (type, name) => {
    expect(methodNames([type]).get(type)).toBe(name);
  });

  it("gives no name twice, and each is an identifier", () => {
    const word = fc.constantFrom("a", "b", "_", "1", "flush", "_event", "then");
    const type = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => `e${words.join("")}`);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.oneof(type, fc.constantFrom("flush", "flush_event", "close"))),
        (types) => {
          const names = [...methodNames(types).values()];
          expect(new Set(names).size).toBe(types.length);
          for (const name of names) expect(name).toMatch(/^[a-z][A-Za-z0-9_]*$/);
        },
      ),
    );
  });
});
