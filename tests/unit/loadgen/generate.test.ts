import { describe, expect, it } from "vitest";
import { z } from "zod";
import { acceptEvent, type Edge } from "../../../flink-sql/envelope.ts";
import { eventsOf } from "../../../flink-sql/folders.ts";
import game from "../../../flink-sql/game/pipeline.ts";
import { decimal, definePipeline, event, id64, type Pipeline, topic } from "../../../flink-sql/pipeline.ts";
import { createGenerator, type GeneratorOptions } from "../../../loadgen/generate.ts";

const edge: Edge = { receivedAt: "", host: "", userAgent: "", accept: "", newId: () => "made" };
const base = { pipeline: game, endpoints: [], users: 50, seed: 7, run: "r", broken: 0 };

function generated(count: number, options: Partial<GeneratorOptions> = {}) {
  const generate = createGenerator({ ...base, ...options });
  return Array.from({ length: count }, (_, n) => generate(n));
}

function verdictOf(pipeline: Pipeline, made: ReturnType<typeof generated>[number]) {
  const declared = eventsOf(pipeline).find(({ type }) => type === made.type)!;
  return acceptEvent(made.type, declared.event, { event_id: made.id, ...made.fields }, edge);
}

/** A field of every kind that a column can be made of. */
const everyKind = definePipeline({
  title: "Every kind of field",
  topics: {
    facts: topic({
      key: "device",
      events: {
        fact: event("All kinds", {
          device: z.string(),
          chosen: z.enum(["red", "green"]),
          fixed: z.literal("on"),
          flag: z.boolean(),
          ranged: z.int32().min(3).max(9),
          positive: z.int().positive(),
          below: z.number().lt(0),
          ratio: z.number().min(0).max(1),
          price: decimal(10, 2),
          rate: decimal(12, 4),
          big: id64(),
          day: z.iso.date(),
          moment: z.iso.datetime(),
          session: z.uuid(),
          mail: z.email(),
          code: z.string().min(4).max(6),
          maybe: z.string().optional(),
          none: z.int32().nullable(),
          shown: z
            .string()
            .regex(/^B0/)
            .meta({ examples: ["B01", "B02"] }),
        }),
      },
    }),
  },
});

describe("generated events", () => {
  it.each([
    ["game", game],
    ["every kind of field", everyKind],
  ])("of %s pass their contract", (_name, pipeline) => {
    const refused = generated(3000, { pipeline })
      .map((made) => ({ made, verdict: verdictOf(pipeline, made) }))
      .filter(({ verdict }) => !verdict.ok);
    expect(refused).toEqual([]);
  });

  it("reach every event type, and every one alone", () => {
    const types = eventsOf(game).map(({ type }) => type);
    expect(new Set(generated(1000).map((made) => made.type))).toEqual(new Set(types));
    for (const type of types) {
      const made = generated(20, { endpoints: [type] });
      expect(new Set(made.map((one) => one.type))).toEqual(new Set([type]));
    }
  });

  it("fail their contract when broken on purpose, and only then", () => {
    for (const pipeline of [game, everyKind]) {
      const made = generated(4000, { pipeline, broken: 0.25 });
      expect(made.filter((one) => one.broken)).toHaveLength(1000);
      expect(made.filter((one) => verdictOf(pipeline, one).ok === one.broken)).toEqual([]);
    }
  });

  it("are the same for the same seed, in whatever order they are asked for", () => {
    const forth = generated(500, { broken: 0.1 });
    const generate = createGenerator({ ...base, broken: 0.1 });
    const back = Array.from({ length: 500 }, (_, i) => generate(499 - i)).reverse();
    expect(back).toEqual(forth);
    expect(generated(500, { seed: 8 }).map((made) => made.fields)).not.toEqual(
      forth.map((made) => made.fields),
    );
  });

  it("differ between runs of one seed by their ids alone", () => {
    const [one, other] = [generated(200, { run: "a" }), generated(200, { run: "b" })];
    expect(one.map(({ fields }) => fields)).toEqual(other.map(({ fields }) => fields));
    expect(new Set([...one, ...other].map(({ id }) => id)).size).toBe(400);
  });

  it("have unique ids and keys from user-1 to user-<users>", () => {
    const made = generated(2000);
    expect(new Set(made.map(({ id }) => id)).size).toBe(2000);
    const users = new Set(made.map(({ fields }) => fields.user_id));
    expect(users.size).toBe(50);
    for (let n = 1; n <= 50; n++) expect(users).toContain(`user-${n}`);
  });

  it("give a field with a default sometimes, and leave it out sometimes", () => {
    const given = generated(1000, { endpoints: ["purchase_sword"] }).filter(
      ({ fields }) => "price" in fields,
    );
    expect(given.length).toBeGreaterThan(400);
    expect(given.length).toBeLessThan(600);
  });
});

describe("createGenerator", () => {
  it("names every endpoint that isn't declared, and those that are", () => {
    expect(() => createGenerator({ ...base, endpoints: ["nope", "level_up", "nada"] })).toThrow(
      /'nope', 'nada'.*any of: purchase_sword, .*default\./,
    );
  });

  it("names a field that it can't make, with the cure", () => {
    const pipeline = definePipeline({
      title: "t",
      topics: {
        t: topic({
          key: "k",
          events: { e: event("d", { k: z.string(), sku: z.string().regex(/^B0\d{8}$/) }) },
        }),
      },
    });
    expect(() => createGenerator({ ...base, pipeline })).toThrow(/'e\.sku' refuses .*meta\(\{ examples/);
  });

  it.each([
    ["text", z.string(), /^user-\d+$/],
    ["64-bit ids", id64(), /^\d+$/],
    ["whole numbers", z.int(), /^\d+$/],
    ["an enum", z.enum(["x"]), /^x$/],
  ])("makes keys of %s that the field takes", (_name, k, form) => {
    const pipeline = definePipeline({
      title: "t",
      topics: { t: topic({ key: "k", events: { e: event("d", { k }) } }) },
    });
    expect(String(createGenerator({ ...base, pipeline })(0).fields.k)).toMatch(form);
  });
});
