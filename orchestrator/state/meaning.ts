// What a step of a plan means, whatever it is numbered: what its state holds, column by column back to the topics.
// Two steps of one meaning have the same state. What isn't known for sure makes meanings differ.
import { createHash } from "node:crypto";
import { isLosslessNumber, stringify } from "lossless-json";
import { inOrder, inputsOf, type Plan, type PlanNode, tableOf } from "./plan.ts";
import { rowFields } from "./types.ts";

/** What a plan doesn't say of its job. */
export interface Surroundings {
  /** Options of the tables that it reads, by their names. */
  sources: Record<string, string>;
  /** Everything else that could change what an expression means: settings, functions. */
  setting: string;
}

export type StepKind = "source" | "stateful" | "stateless" | "sink";

export interface Meaning {
  kind: StepKind;
  /** Which rows leave the step. */
  rows: string;
  /** What each column that leaves it is. */
  columns: string[];
  /** What its state holds; for sources and sinks, what they read or write. Equal: the state may be kept. */
  state: string;
  /** Of its state, in order; 0 is for ever. */
  ttlMs: number[];
  /** Of the engine: copies of an event_id are one event, so a filter before it changes nothing in its state. */
  isEventIds: boolean;
}

/** Steps that keep nothing between two checkpoints. All others do, unless it is known that they don't. */
const stateless = [
  "calc",
  "drop-update-before",
  "exchange",
  "expand",
  "local-group-aggregate",
  "local-window-aggregate",
  "mini-batch-assigner",
  "union",
  "values",
  "watermark-assigner",
].map((name) => `stream-exec-${name}`);

const nameOf = ({ type }: PlanNode) => type.replace(/_\d+$/, "");

export const isSource = (one: PlanNode) => nameOf(one) === "stream-exec-table-source-scan";
export const isSink = (one: PlanNode) => nameOf(one) === "stream-exec-sink";

export function kindOf(one: PlanNode): StepKind {
  if (isSource(one)) return "source";
  if (Array.isArray(one.state) && one.state.length > 0) return "stateful";
  if (isSink(one)) return "sink";
  return stateless.includes(nameOf(one)) ? "stateless" : "stateful";
}

const of = (...parts: unknown[]): string =>
  createHash("sha256")
    .update(stringify(parts) ?? "")
    .digest("base64url")
    .slice(0, 22);

const units: Record<string, number> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

function ttlOf(one: PlanNode): number[] {
  const states = (Array.isArray(one.state) ? one.state : []) as { ttl?: unknown }[];
  return states.map(({ ttl }) => {
    const [, amount, unit = ""] = /^(\d+) (\w+)$/.exec(String(ttl)) ?? [];
    const factor = units[unit];
    // A form that isn't known is no number: it equals nothing, itself included.
    return amount && factor ? Number(amount) * factor : Number.NaN;
  });
}

type Inputs = Meaning[];

/** An expression with what its columns are instead of their numbers. */
function meant(value: unknown, columns: string[]): unknown {
  if (Array.isArray(value)) return value.map((part) => meant(part, columns));
  if (typeof value !== "object" || value === null || isLosslessNumber(value)) return value;
  const entries = value as Record<string, unknown>;
  if (entries.kind === "INPUT_REF") return { column: columns[Number(entries.inputIndex)] ?? of(value) };
  const parts = Object.entries(entries).map(([name, part]) => [name, meant(part, columns)]);
  return Object.fromEntries(parts);
}

const expression = (value: unknown, columns: string[]): string => {
  const found = meant(value, columns);
  const column = (found as { column?: unknown } | null)?.column;
  return typeof column === "string" ? column : of(found);
};

/** The parts of an AND, whatever their order. */
const conditions = (value: unknown, columns: string[]): string[] => {
  const { internalName, operands } = value as { internalName?: unknown; operands?: unknown };
  const parts = internalName === "$AND$1" && Array.isArray(operands) ? operands : [value];
  return parts.map((part) => expression(part, columns)).sort();
};

/** Everything a step says of itself, without what is only a name: its id, its text, names of columns. */
function said(one: PlanNode) {
  const { id: _id, description: _text, state, outputType, aggCalls, ...all } = one;
  // Whether readers are told the value before does not change what an aggregate remembers.
  const { generateUpdateBefore: _before, ...without } = all;
  const rest = nameOf(one) === "stream-exec-group-aggregate" ? without : all;
  const names = (Array.isArray(state) ? state : []) as { name?: unknown; index?: unknown }[];
  const calls = Array.isArray(aggCalls) ? aggCalls.map(({ name: _name, ...call }) => call) : aggCalls;
  return {
    ...rest,
    aggCalls: calls,
    state: names.map(({ name, index }) => [index, name]),
    outputType: rowFields(outputType)?.map(({ type }) => type) ?? outputType,
  };
}

const allOf = (inputs: Inputs) => inputs.map(({ rows, columns }) => [rows, columns]);

function sourceMeaning(one: PlanNode, { sources }: Surroundings) {
  const table = tableOf(one) ?? "";
  const { scanTableSource } = one as { scanTableSource?: { abilities?: unknown } };
  const abilities = Array.isArray(scanTableSource?.abilities) ? scanTableSource.abilities : [];
  const fields = rowFields(one.outputType);
  const names = fields?.map(({ name }) => name) ?? [];
  // Which columns are read is told by their names; an ability of any other kind must be the same to the letter.
  const others = abilities.map(({ producedType: _type, ...ability }) => meant(ability, names));
  const name = table.split(".").at(-1)?.replaceAll("`", "") ?? "";
  // A table that the job doesn't declare itself is the catalog's: its name says which it is.
  const state = of("source", one.type, table, sources[name] ?? "");
  const rows = of(state, others);
  return {
    rows,
    columns: fields?.map((field) => of(rows, field.name, field.type)) ?? [of(rows, one.outputType)],
    // Its offsets: whatever its columns and watermarks are.
    state,
  };
}

const eventId = "event_id";

/** ROW_NUMBER() = 1 by arrival: its state is which keys were there, whatever else a row has. */
function firstRowMeaning(one: PlanNode, input: Meaning, setting: string) {
  const keys = (one.uniqueKeys as unknown[]).map((key) => input.columns[Number(key)] ?? "");
  const all: Record<string, unknown> = said(one);
  const { uniqueKeys: _keys, outputType: _type, inputProperties: _inputs, ...rest } = all;
  const rows = of("first row", rest, keys, input.rows);
  const columns = input.columns.map((column) => of(rows, column));
  return { rows, columns, state: of(rest, keys, input.rows, setting), keys, rest };
}

/** The source column `event_id` of a topic, straight from there. */
const isEventId = (column: string, plan: Plan, sources: ReadonlyMap<number, Meaning>) =>
  plan.nodes.filter(isSource).some((one) => {
    const at = rowFields(one.outputType)?.findIndex(({ name }) => name === eventId) ?? -1;
    return at >= 0 && sources.get(one.id)?.columns[at] === column;
  });

const firstRow = (one: PlanNode) =>
  nameOf(one) === "stream-exec-deduplicate" && one.isRowtime === false && one.keepLastRow === false;

function meaningOf(
  plan: Plan,
  one: PlanNode,
  known: ReadonlyMap<number, Meaning>,
  around: Surroundings,
): Meaning {
  const inputs = inputsOf(plan, one.id).map((id) => known.get(id) as Meaning);
  const [input] = inputs;
  const kind = kindOf(one);
  const base = { kind, ttlMs: ttlOf(one), isEventIds: false };
  const name = nameOf(one).replace("stream-exec-", "");
  if (kind === "source") return { ...base, ...sourceMeaning(one, around) };
  if (kind === "sink") {
    const table = tableOf(one) ?? of(said(one));
    return { ...base, rows: table, columns: [], state: of("sink", one.type, table) };
  }
  if (!input) return strict(one, inputs, base, around);
  if (name === "calc" && Array.isArray(one.projection)) {
    const { condition } = one;
    const columns = one.projection.map((part) => expression(part, input.columns));
    const rows = condition ? of("filter", input.rows, conditions(condition, input.columns)) : input.rows;
    return { ...base, rows, columns, state: of(rows, columns) };
  }
  if (["exchange", "mini-batch-assigner"].includes(name) && inputs.length === 1)
    return { ...base, rows: input.rows, columns: input.columns, state: of(name, allOf(inputs)) };
  if (firstRow(one) && Array.isArray(one.uniqueKeys)) {
    const { keys, rest, ...first } = firstRowMeaning(one, input, around.setting);
    const isEventIds = keys.length === 1 && isEventId(keys[0] ?? "", plan, known);
    return { ...base, ...first, isEventIds, state: isEventIds ? of("event ids", rest, keys) : first.state };
  }
  return strict(one, inputs, base, around);
}

/** Of a step of any other kind: the same to the letter, over the same rows and columns in the same order. */
function strict(
  one: PlanNode,
  inputs: Inputs,
  base: Pick<Meaning, "kind" | "ttlMs" | "isEventIds">,
  around: Surroundings,
): Meaning {
  const rows = of(said(one), allOf(inputs));
  const width = rowFields(one.outputType)?.length ?? 0;
  return {
    ...base,
    rows,
    columns: Array.from({ length: width }, (_, at) => of(rows, at)),
    state: of(rows, around.setting),
  };
}

/** The meaning of every step of a plan, by its id. */
export function meaningsOf(plan: Plan, around: Surroundings): Map<number, Meaning> {
  const known = new Map<number, Meaning>();
  for (const one of inOrder(plan)) known.set(one.id, meaningOf(plan, one, known, around));
  return known;
}
