// Which step of a new plan is which step of the old one. When unsure, it is none: state is then rebuilt, not guessed.
import { createHash } from "node:crypto";
import { isSink, kindOf, type Meaning, meaningsOf, type Surroundings } from "./meaning.ts";
import { inputsOf, type Plan, type PlanNode, readersOf, tableOf } from "./plan.ts";
import { fieldTypes } from "./types.ts";

/** A plan with what its steps mean. */
export interface Version {
  plan: Plan;
  meanings: Map<number, Meaning>;
}

export const readVersion = (plan: Plan, around: Surroundings): Version => ({
  plan,
  meanings: meaningsOf(plan, around),
});

/** New ids to old ones. */
export type Pairs = Map<number, number>;

const keysOf = ({ plan, meanings }: Version): Map<number, string> =>
  new Map(plan.nodes.map((one) => [one.id, `${one.type} ${meanings.get(one.id)?.state}`]));

/** What becomes of a step's rows: all steps after it, to the sinks. */
function downstream({ plan }: Version, keys: Map<number, string>): (id: number) => string {
  const known = new Map<number, string>();
  const of = (id: number): string => {
    const found = known.get(id);
    if (found) return found;
    const parts = [keys.get(id) ?? "", ...readersOf(plan, id).map(of).sort()];
    const made = createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
    known.set(id, made);
    return made;
  };
  return of;
}

function grouped(ids: number[], key: (id: number) => string): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const id of ids) groups.set(key(id), [...(groups.get(key(id)) ?? []), id]);
  return groups;
}

/** Steps of one meaning; where there are several, those whose rows also go the same way. */
function pairAlike(before: Version, after: Version): Pairs {
  const pairs: Pairs = new Map();
  const keys = { before: keysOf(before), after: keysOf(after) };
  const old = grouped([...keys.before.keys()], (id) => keys.before.get(id) ?? "");
  const further = { before: downstream(before, keys.before), after: downstream(after, keys.after) };
  for (const [key, news] of grouped([...keys.after.keys()], (id) => keys.after.get(id) ?? "")) {
    const olds = old.get(key) ?? [];
    const [one, other] = [news[0], olds[0]];
    if (news.length === 1 && olds.length === 1 && one !== undefined && other !== undefined) {
      pairs.set(one, other);
      continue;
    }
    const byWay = grouped(olds, further.before);
    for (const [way, same] of grouped(news, further.after)) {
      const match = byWay.get(way);
      if (same.length === 1 && match?.length === 1) pairs.set(same[0] as number, match[0] as number);
    }
  }
  return pairs;
}

/** Why a state can't go on under another time to live; undefined where it can. */
export function ttlProblem(before: Meaning, after: Meaning): string | undefined {
  if (before.ttlMs.length !== after.ttlMs.length) return "its state has another form";
  for (const [at, ttl] of after.ttlMs.entries()) {
    const old = before.ttlMs[at] ?? Number.NaN;
    if (ttl === old) continue;
    if (Number.isNaN(ttl) || Number.isNaN(old)) return "its state's time to live is of an unknown form";
    if (ttl === 0 || old === 0) return "state that expires is stored in another form than state that stays";
    if (ttl > old && !after.isEventIds)
      return `its state was kept for ${old} ms only: what it forgot can't be brought back`;
  }
  return undefined;
}

/** Steps before a step that remember something: sources and their offsets, aggregates, joins. */
export function rememberingBefore({ plan, meanings }: Version, id: number): Set<number> {
  const seen = new Set<number>();
  const walk = (at: number) => {
    for (const input of inputsOf(plan, at)) {
      if (seen.has(input)) continue;
      seen.add(input);
      walk(input);
    }
  };
  walk(id);
  return new Set([...seen].filter((at) => meanings.get(at)?.kind !== "stateless"));
}

/** Whether exactly the same remembering steps come before both. */
function isFedAlike(before: Version, after: Version, pairs: Pairs, id: number, oldId: number): boolean {
  const now = [...rememberingBefore(after, id)].map((at) => pairs.get(at));
  const then = rememberingBefore(before, oldId);
  return now.length === then.size && now.every((at) => at !== undefined && then.has(at));
}

/** Steps whose operators are those of the step before: they have none of their own. */
const isPassage = ({ type }: PlanNode) => /^stream-exec-(exchange|union)_\d+$/.test(type);

/** Tables that are written straight from a step's operator, in the order in which Flink meets them. */
function writtenFrom({ plan }: Version, id: number): string[] {
  return readersOf(plan, id).flatMap((reader) => {
    const one = plan.nodes.find((candidate) => candidate.id === reader) as PlanNode;
    if (isPassage(one)) return writtenFrom({ plan, meanings: new Map() }, reader);
    return isSink(one) ? [tableOf(one) ?? `step ${reader}`] : [];
  });
}

/** Whether a plan is the other one step by step and in the same order: then Flink derives the same names from it. */
export function isSameShape(before: Plan, after: Plan, pairs: Pairs): boolean {
  const form = ({ nodes, edges }: Plan, id: (own: number) => number | undefined) =>
    JSON.stringify([
      nodes.map((one) => id(one.id) ?? "new"),
      edges.map(({ source, target }) => [id(source) ?? "new", id(target) ?? "new"]),
    ]);
  return form(before, (own) => own) === form(after, (own) => pairs.get(own));
}

/**
 * Iceberg's committer has no name of its own: Flink derives one from its place behind the step that it reads. With
 * another table in that place, it would be given the other table's files. So such a step gets a new id.
 * Returns the steps for which that is no way out, because they keep state.
 */
function partCommitters(before: Version, after: Version, pairs: Pairs): number[] {
  const isWhole = isSameShape(before.plan, after.plan, pairs);
  const stuck: number[] = [];
  for (const [id, oldId] of [...pairs]) {
    const [then, now] = [writtenFrom(before, oldId), writtenFrom(after, id)];
    const isSame = then.length === now.length && then.every((table, at) => table === now[at]);
    if (isSame && (then.length < 2 || isWhole)) continue;
    if (then.length === 0 || now.length === 0) continue;
    if (after.meanings.get(id)?.kind === "stateless") pairs.delete(id);
    else stuck.push(id);
  }
  return stuck;
}

/**
 * The plan with a step that passes rows on before each table that is written straight from one of the given steps: it
 * keeps nothing, has an id of its own, and so gives the committers behind it another place than they had.
 */
export function setApart(plan: Plan, ids: number[]): Plan {
  let next = Math.max(...plan.nodes.map(({ id }) => id)) + 1;
  const passages: PlanNode[] = [];
  const edges = plan.edges.flatMap((edge) => {
    const from = plan.nodes.find(({ id }) => id === edge.source) as PlanNode;
    const to = plan.nodes.find(({ id }) => id === edge.target) as PlanNode;
    const types = fieldTypes(from.outputType);
    if (!ids.includes(edge.source) || !types || (!isPassage(to) && !isSink(to))) return [edge];
    const id = next;
    next += 1;
    passages.push({
      id,
      type: "stream-exec-calc_1",
      projection: types.map((type, inputIndex) => ({ kind: "INPUT_REF", inputIndex, type })),
      // Flink refuses a step that neither filters nor changes anything.
      condition: { kind: "LITERAL", value: true, type: "BOOLEAN NOT NULL" },
      inputProperties: [{ requiredDistribution: { type: "UNKNOWN" }, damBehavior: "PIPELINED", priority: 0 }],
      outputType: from.outputType,
      description: "Calc(select=[*])",
    });
    return [
      { ...edge, target: id },
      { source: id, target: edge.target, shuffle: { type: "FORWARD" }, shuffleMode: "PIPELINED" },
    ];
  });
  return { ...plan, nodes: [...plan.nodes, ...passages], edges };
}

export interface Match {
  pairs: Pairs;
  /** New steps that would have been the same but for what their state is, with the reason. */
  parted: Map<number, string>;
  /** Of those, the ones that only write to other tables than before: see setApart. */
  stuck: number[];
}

/** Finds for each new step the old one whose state is exactly what the new one would hold. */
export function matchSteps(before: Version, after: Version): Match {
  const pairs = pairAlike(before, after);
  const parted = new Map<number, string>();
  const part = (id: number, why: string) => {
    pairs.delete(id);
    parted.set(id, why);
  };
  for (const [id, oldId] of [...pairs]) {
    const why = ttlProblem(before.meanings.get(oldId) as Meaning, after.meanings.get(id) as Meaning);
    if (why) part(id, why);
  }
  const stuck = partCommitters(before, after, pairs);
  for (const id of stuck)
    part(id, "it now writes to other tables: Iceberg would take the files of one for those of another");
  for (let isMoved = true; isMoved; ) {
    isMoved = false;
    for (const [id, oldId] of [...pairs]) {
      const one = after.plan.nodes.find((candidate) => candidate.id === id) as PlanNode;
      if (kindOf(one) !== "stateful" || isFedAlike(before, after, pairs, id, oldId)) continue;
      part(id, "a step before it begins anew");
      isMoved = true;
    }
  }
  return { pairs, parted, stuck };
}
