// A contract as it was agreed: contract.lock.json in the pipeline's folder, derived from the zod types, committed
// with them. What a change of the contract means to clients, jobs and rows that are there is read from it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { topicColumns, unwrap } from "./columns.ts";
import type { PipelineFolder } from "./folders.ts";
import type { EventType, Pipeline, Topic } from "./pipeline.ts";

const fieldForm = z.strictObject({
  /** Type of its column in Flink. */
  type: z.string(),
  /** Whether a client must send it, may, or can't: the edge computes it. */
  given: z.enum(["required", "optional", "no"]),
  /** Whether every stored event has it; a default and a computed value count as there. */
  stored: z.enum(["always", "maybe"]),
  /** What its JSON value must be: type, bounds, enum, patterns, in the words of JSON Schema. */
  rules: z.record(z.string(), z.unknown()),
});

const eventForm = z.strictObject({
  path: z.string().optional(),
  fields: z.record(z.string(), fieldForm),
});

const lockForm = z.strictObject({
  version: z.literal(1),
  topics: z.record(
    z.string(),
    z.strictObject({
      key: z.string(),
      partitions: z.number(),
      events: z.record(z.string(), eventForm),
    }),
  ),
  alerts: z.record(
    z.string(),
    z.strictObject({ key: z.array(z.string()), fields: z.record(z.string(), z.string()) }),
  ),
  /** Breaking changes that were agreed to, word for word as they were refused. */
  accepted: z.array(z.string()),
});

export type FieldLock = z.infer<typeof fieldForm>;
export type EventLock = z.infer<typeof eventForm>;
export type ContractLock = z.infer<typeof lockForm>;

/** Words, and what is said elsewhere in the lock. */
const silent = ["$schema", "description", "examples", "flink", "id", "title", "default", "allOf", "anyOf"];

type Schema = Record<string, unknown>;

/** The rules of a field's JSON value, in one form however zod writes them down. */
function rulesOf(type: z.ZodType): FieldLock["rules"] {
  const whole = z.toJSONSchema(unwrap(type), { io: "input", unrepresentable: "any" }) as Schema;
  const rules: Schema = Object.fromEntries(Object.entries(whole).filter(([key]) => !silent.includes(key)));
  if (whole.anyOf) rules.anyOf = whole.anyOf;
  const patterns = [rules, ...((whole.allOf as Schema[] | undefined) ?? [])].flatMap(
    ({ pattern }) => pattern ?? [],
  );
  delete rules.pattern;
  // The pattern of a format is zod's own business, and differs between its versions.
  if (rules.format === undefined && patterns.length > 0) rules.patterns = patterns.sort();
  if ("const" in rules) rules.enum = [rules.const];
  delete rules.const;
  if (Array.isArray(rules.enum)) rules.enum = [...rules.enum].sort();
  if (z.safeParse(type, null).success) rules.nullable = true;
  return Object.fromEntries(Object.entries(rules).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function eventLock(topic: Topic, eventType: string, event: EventType): EventLock {
  const columns = new Map(topicColumns(topic).map((column) => [column.name, column]));
  const field = (name: string, type: z.ZodType, given: FieldLock["given"]): [string, FieldLock] => {
    const column = columns.get(name)!;
    const stored = column.requiredIn.includes(eventType) ? "always" : "maybe";
    return [name, { type: column.type, given, stored, rules: rulesOf(type) }];
  };
  const sent = Object.entries(event.fields.shape as Record<string, z.ZodType>).map(([name, type]) =>
    field(name, type, z.safeParse(type, undefined).success ? "optional" : "required"),
  );
  const computed = Object.entries(event.computed).map(([name, { type }]) => field(name, type, "no"));
  return {
    ...(event.path ? { path: event.path } : {}),
    fields: Object.fromEntries([...sent, ...computed]),
  };
}

const mapValues = <T, U>(from: Record<string, T>, to: (value: T, name: string) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(from).map(([name, value]) => [name, to(value, name)]));

/** What a pipeline's contract is now. */
export function contractLock(pipeline: Pipeline, accepted: string[] = []): ContractLock {
  return {
    version: 1,
    topics: mapValues(pipeline.topics, (topic) => ({
      key: topic.key,
      partitions: topic.partitions,
      events: mapValues(topic.events, (event, type) => eventLock(topic, type, event)),
    })),
    alerts: mapValues(pipeline.alerts, ({ key, fields }, name) => {
      const columns = topicColumns({
        key: "",
        partitions: 1,
        retentionMs: 0,
        events: { [name]: { description: "", fields, computed: {} } },
      });
      return { key, fields: Object.fromEntries(columns.map((column) => [column.name, column.type])) };
    }),
    accepted,
  };
}

export const lockFile = (pipeline: Pick<PipelineFolder, "path">) => join(pipeline.path, "contract.lock.json");

/** JSON on one line, with space between its parts. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const parts = Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}: ${inline(part)}`);
  return `{ ${parts.join(", ")} }`;
}

/** The lock as its file has it: one field a line, so that a change of the contract reads as one. */
export function lockText(lock: ContractLock): string {
  const lines = (value: object, indent: string): string => {
    const isField = fieldForm.safeParse(value).success;
    const parts = Array.isArray(value)
      ? value.map((part) => inline(part))
      : Object.entries(value).map(
          ([name, part]) =>
            `${JSON.stringify(name)}: ${typeof part === "object" ? lines(part, `${indent}  `) : inline(part)}`,
        );
    const [open, close] = Array.isArray(value) ? "[]" : "{}";
    if (isField || parts.length === 0) return inline(value);
    return `${open}\n${parts.map((part) => `${indent}  ${part}`).join(",\n")}\n${indent}${close}`;
  };
  return `${lines(lock, "")}\n`;
}

/** What a lock says, from a file or from the history. Throws, naming where it is from, what is no lock. */
export function parseLock(value: unknown, from: string): ContractLock {
  const parsed = lockForm.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(`${from}: no lock of a contract: ${z.prettifyError(parsed.error)}`);
}

/** The committed lock of a pipeline; undefined where it has none yet. Throws, with the cure, what can't be read. */
export function readLock(pipeline: Pick<PipelineFolder, "path" | "name">): ContractLock | undefined {
  const file = lockFile(pipeline);
  if (!existsSync(file)) return undefined;
  const cure = `Take it from your repository again, or remove it and run 'npx swordlake lock ${pipeline.name}'.`;
  try {
    return parseLock(JSON.parse(readFileSync(file, "utf8")), file);
  } catch (cause) {
    throw new Error(`${file}: ${(cause as Error).message.replace(`${file}: `, "")} ${cure}`, { cause });
  }
}
