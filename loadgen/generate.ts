// Events by contract, as a pure function of (seed, event number): any event can be made again.
// Knows no pipeline by name and reads no clock; refuses an event type it can't make or break.
import type { z } from "zod";
import { acceptEvent, type Edge } from "../flink-sql/envelope.ts";
import { eventsOf } from "../flink-sql/folders.ts";
import type { EventType, Pipeline } from "../flink-sql/pipeline.ts";
import { UsageError } from "./errors.ts";
import { createRandom, isInShare, type Random } from "./random.ts";
import { createMaker, type Maker } from "./values.ts";

export interface GeneratedEvent {
  /** `<run>-<number>`: two runs of one seed never share an id unless they share the run. */
  id: string;
  type: string;
  /** What the client sends beside the event_id. */
  fields: Record<string, unknown>;
  /** Made so that the edge must refuse it. */
  broken: boolean;
}

export interface GeneratorOptions {
  pipeline: Pipeline;
  /** Event types to send; all of the pipeline's when empty. */
  endpoints: string[];
  users: number;
  seed: number;
  run: string;
  /** Share of events broken on purpose, 0 to 1. */
  broken: number;
}

type Fields = Record<string, unknown>;
type Break = (fields: Fields) => Fields;

interface Recipe {
  type: string;
  makers: [name: string, make: Maker][];
  breaks: Break[];
}

const brokenPhase = 0.25;
const edge: Edge = { receivedAt: "", host: "", userAgent: "", accept: "", newId: () => "" };

function makeFields(recipe: Recipe, random: Random): Fields {
  const fields: Fields = {};
  for (const [name, make] of recipe.makers) {
    const value = make(random);
    if (value !== undefined) fields[name] = value;
  }
  return fields;
}

/** Ways to spoil an event, kept only where the contract does refuse the result. */
function breaksOf(type: string, event: EventType, whole: Fields): Break[] {
  const names = Object.keys(event.fields.shape);
  const candidates: Break[] = [
    (fields) => ({ ...fields, undeclared_field: "broken on purpose" }),
    ...names.map(
      (name): Break =>
        (fields) => ({ ...fields, [name]: { broken: "on purpose" } }),
    ),
    ...names.map(
      (name): Break =>
        ({ [name]: _, ...others }) =>
          others,
    ),
  ];
  return candidates.filter((spoil) => !acceptEvent(type, event, spoil(whole), edge).ok);
}

/** Keys 1 to `users`, in the first of the usual forms that the field takes. */
function keyMaker(field: z.ZodType, users: number): Maker {
  const forms: ((n: number) => unknown)[] = [(n) => `user-${n}`, (n) => `${n}`, (n) => n];
  const form = forms.find((candidate) => field.safeParse(candidate(1)).success);
  return form ? (random) => form(1 + random.below(users)) : createMaker("key", field);
}

function createRecipe(type: string, event: EventType, key: string, users: number): Recipe {
  const makers = Object.entries(event.fields.shape).map(([name, field]): Recipe["makers"][number] =>
    name === key
      ? [name, keyMaker(field as z.ZodType, users)]
      : [name, createMaker(`${type}.${name}`, field as z.ZodType)],
  );
  const recipe: Recipe = { type, makers, breaks: [] };
  const random = createRandom();
  random.restart(0, 0);
  const whole = makeFields(recipe, random);
  const verdict = acceptEvent(type, event, whole, edge);
  if (!verdict.ok) {
    const { path, message } = verdict.issues[0]!;
    throw new Error(`Event '${type}' refuses what is made for it: ${path || "event"}: ${message}.`);
  }
  return { ...recipe, breaks: breaksOf(type, event, whole) };
}

/** Returns the maker of event number n, from 0. Throws for unknown endpoints, all at once. */
export function createGenerator(options: GeneratorOptions): (n: number) => GeneratedEvent {
  const declared = eventsOf(options.pipeline);
  const known = declared.map((event) => event.type);
  const unknown = options.endpoints.filter((endpoint) => !known.includes(endpoint));
  if (unknown.length > 0)
    throw new UsageError(
      `--endpoints names ${unknown.map((u) => `'${u}'`).join(", ")}, which the pipeline doesn't declare. ` +
        `Use 'all' or any of: ${known.join(", ")}.`,
    );
  const recipes = declared
    .filter(({ type }) => options.endpoints.length === 0 || options.endpoints.includes(type))
    .map(({ type, event, topic }) => createRecipe(type, event, topic.key, options.users));
  const random = createRandom();
  return (n) => {
    random.restart(options.seed, n);
    const recipe = recipes[random.below(recipes.length)]!;
    const fields = makeFields(recipe, random);
    const broken = isInShare(n, options.broken, brokenPhase);
    return {
      id: `${options.run}-${n}`,
      type: recipe.type,
      fields: broken ? recipe.breaks[random.below(recipe.breaks.length)]!(fields) : fields,
      broken,
    };
  };
}
