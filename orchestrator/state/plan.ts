// A compiled plan as Flink writes it: steps and the edges between them. Numbers keep every digit.
import { isLosslessNumber, parse, stringify } from "lossless-json";
import { z } from "zod";

const number = z.custom<unknown>((value) => isLosslessNumber(value)).transform(Number);
const node = z.looseObject({ id: number, type: z.string(), description: z.string().default("") });
const edge = z.looseObject({ source: number, target: number });
const shape = z.looseObject({ nodes: z.array(node), edges: z.array(edge) });

export type PlanNode = z.infer<typeof node>;
export type Plan = z.infer<typeof shape>;

/** Reads a plan. Throws where the text is no compiled plan, or an edge leads nowhere. */
export function parsePlan(text: string): Plan {
  const parsed = shape.safeParse(parse(text));
  if (!parsed.success)
    throw new Error(`This is no compiled plan of Flink:\n${z.prettifyError(parsed.error)}`);
  const plan = parsed.data;
  const ids = new Set(plan.nodes.map(({ id }) => id));
  const loose = plan.edges.find(({ source, target }) => !ids.has(source) || !ids.has(target));
  if (ids.size !== plan.nodes.length || loose)
    throw new Error(
      `This compiled plan is broken: ${loose ? `an edge leads from ${loose.source} to ${loose.target}` : "two steps have one id"}.`,
    );
  return plan;
}

/** The text that parsePlan reads, and Flink. */
export const printPlan = (plan: Plan): string => stringify(plan) ?? "";

/** Steps that a step reads, in order: the left side of a join first. */
export const inputsOf = ({ edges }: Plan, id: number): number[] =>
  edges.filter(({ target }) => target === id).map(({ source }) => source);

/** Steps that read a step, in order. */
export const readersOf = ({ edges }: Plan, id: number): number[] =>
  edges.filter(({ source }) => source === id).map(({ target }) => target);

/** The steps from sources to sinks: each after all that it reads. */
export function inOrder(plan: Plan): PlanNode[] {
  const done = new Set<number>();
  const order: PlanNode[] = [];
  let waiting = plan.nodes;
  while (waiting.length > 0) {
    const ready = waiting.filter(({ id }) => inputsOf(plan, id).every((input) => done.has(input)));
    if (ready.length === 0) throw new Error("This compiled plan is broken: its steps wait for one another.");
    for (const one of ready) {
      done.add(one.id);
      order.push(one);
    }
    waiting = waiting.filter(({ id }) => !done.has(id));
  }
  return order;
}

/** The same plan with other ids; those that the map lacks stay. */
export function renumber(plan: Plan, ids: ReadonlyMap<number, number>): Plan {
  const id = (old: number) => ids.get(old) ?? old;
  return {
    ...plan,
    nodes: plan.nodes.map((one) => ({ ...one, id: id(one.id) })),
    edges: plan.edges.map((one) => ({ ...one, source: id(one.source), target: id(one.target) })),
  };
}

/** The table that a source reads or a sink writes, as Flink names it; undefined for other steps. */
export function tableOf(one: PlanNode): string | undefined {
  const spec = (one.scanTableSource ?? one.dynamicTableSink) as
    | { table?: { identifier?: unknown } }
    | undefined;
  return typeof spec?.table?.identifier === "string" ? spec.table.identifier : undefined;
}

/** Tables that a plan reads or writes, with their columns where it has them. */
export function tableColumns(text: string): { table: string; columns: string[] }[] {
  return parsePlan(text).nodes.flatMap((one) => {
    const spec = (one.scanTableSource ?? one.dynamicTableSink) as
      | { table?: { resolvedTable?: { schema?: { columns?: { name: string }[] } } } }
      | undefined;
    const columns = spec?.table?.resolvedTable?.schema?.columns?.map(({ name }) => name);
    const table = tableOf(one);
    return table && columns ? [{ table, columns }] : [];
  });
}
