// From a zod field to a maker of values it accepts: examples first, else from its type and limits.
// Refuses, naming the field, what it can't make values for.
import { z } from "zod";
import { unwrap } from "../flink-sql/columns.ts";
import { createRandom, type Random } from "./random.ts";

/** Makes one value; undefined leaves the field out. */
export type Maker = (random: Random) => unknown;

const trials = 200;
const firstTimeMs = Date.UTC(2024, 0, 1);
const yearMs = 366 * 24 * 3600 * 1000;

const pick =
  (values: readonly unknown[]): Maker =>
  (random) =>
    values[random.below(values.length)];

const digits = (random: Random, count: number) =>
  Array.from({ length: count }, () => random.below(10)).join("");

const hex = (random: Random, count: number) =>
  Array.from({ length: count }, () => random.below(16).toString(16)).join("");

/** A limit counts when someone chose it; the edges of int32 and safeint come with the type. */
const isChosen = (limit: number | null | undefined): limit is number =>
  typeof limit === "number" && Number.isFinite(limit) && Math.abs(limit) < 2 ** 31 - 1;

function numberMaker(type: z.ZodNumber): Maker {
  const scale = type.format?.includes("int") ? 1 : 100;
  const limits = [type.minValue, type.maxValue];
  const low = isChosen(limits[0]) ? limits[0] : Math.min(0, isChosen(limits[1]) ? limits[1] - 1000 : 0);
  const high = isChosen(limits[1]) ? limits[1] : low + 1000;
  // positive() and lt() exclude their limit; asking the type is simpler than reading its checks.
  const first = Math.ceil(low * scale) + (type.safeParse(low).success ? 0 : 1);
  const last = Math.floor(high * scale) - (type.safeParse(high).success ? 0 : 1);
  return (random) => (first + random.below(last - first + 1)) / scale;
}

function stringMaker(name: string, type: z.ZodString): Maker {
  const shortest = type.minLength ?? 0;
  const longest = type.maxLength ?? 128;
  const word = name.slice(name.lastIndexOf(".") + 1);
  return (random) => `${word}-${random.below(1000)}`.slice(0, longest).padEnd(shortest, "x");
}

const formats: Record<string, Maker> = {
  date: (random) => new Date(firstTimeMs + random.below(yearMs)).toISOString().slice(0, 10),
  datetime: (random) => new Date(firstTimeMs + random.below(yearMs)).toISOString(),
  email: (random) => `user-${random.below(1000)}@example.com`,
  url: (random) => `https://example.com/${random.below(1000)}`,
  ipv4: (random) => `192.0.2.${random.below(256)}`,
  uuid: (random) =>
    `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-8${hex(random, 3)}-${hex(random, 12)}`,
};

function decimalMaker(flinkType: string): Maker | undefined {
  const declared = /^DECIMAL\((\d+), ?(\d+)\)$/.exec(flinkType);
  if (!declared) return undefined;
  const scale = Number(declared[2]);
  const whole = Math.min(Number(declared[1]) - scale, 4);
  return (random) => {
    const integer = whole > 0 ? random.below(10 ** whole) : 0;
    return scale > 0 ? `${integer}.${digits(random, scale)}` : `${integer}`;
  };
}

function makerFor(name: string, type: z.ZodType): Maker {
  const inner = unwrap(type);
  const meta = { ...inner.meta(), ...type.meta() };
  if (Array.isArray(meta.examples) && meta.examples.length > 0) return pick(meta.examples);
  if (inner instanceof z.ZodEnum) return pick(inner.options);
  if (inner instanceof z.ZodLiteral) return pick([...inner.values]);
  if (inner instanceof z.ZodBoolean) return pick([true, false]);
  if (inner instanceof z.ZodNumber) return numberMaker(inner);
  // Beyond 2^53 on purpose: ids that survive only as digits belong in every load.
  if (meta.flink === "BIGINT") return (random) => `8${digits(random, 18)}`;
  const decimal = typeof meta.flink === "string" ? decimalMaker(meta.flink) : undefined;
  if (decimal) return decimal;
  const format = (inner as { format?: string | null }).format;
  if (format && formats[format]) return formats[format];
  return stringMaker(name, inner as z.ZodString);
}

/** Throws when the field refuses what would be made for it. */
export function createMaker(name: string, type: z.ZodType): Maker {
  const make = makerFor(name, type);
  const random = createRandom();
  for (let trial = 0; trial < trials; trial++) {
    random.restart(0, trial);
    const value = make(random);
    const parsed = type.safeParse(value);
    if (parsed.success) continue;
    throw new Error(
      `Field '${name}' refuses the value made for it, ${JSON.stringify(value)}: ` +
        `${parsed.error.issues[0]?.message}. Give the field .meta({ examples: [...] }).`,
    );
  }
  if (!type.safeParse(undefined).success) return make;
  return (random) => (random.below(2) === 0 ? make(random) : undefined);
}
