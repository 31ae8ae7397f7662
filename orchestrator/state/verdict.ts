// What becomes of each step's state when a job's plan changes, and the plan that makes it so. Pure.
import {
  isSameShape,
  type Match,
  matchSteps,
  readVersion,
  rememberingBefore,
  setApart,
  type Version,
} from "./match.ts";
import { isSource, kindOf, type Surroundings } from "./meaning.ts";
import { type Plan, type PlanNode, parsePlan, printPlan, renumber, tableOf } from "./plan.ts";

export interface Step {
  /** As a person knows it: the table of a source or sink, else Flink's own words. */
  name: string;
  kind: "source" | "stateful" | "sink";
  /** kept: state as it is; new: begins with nothing, and nothing is missing; rebuilt: its state would be wrong. */
  verdict: "kept" | "new" | "rebuilt" | "dropped";
  why?: string;
}

export interface Verdict {
  /** restores: all state that is needed; rebuilds: some step's is missing; stateless: there is none but offsets. */
  overall: "restores" | "rebuilds" | "stateless";
  steps: Step[];
  /** The new plan with the old ids where a step is the same: run it from the old version's savepoint. */
  plan: string;
  /** Whether the savepoint has state that no step takes. */
  leavesState: boolean;
  /** Tables of sources that the old version did not read. */
  newSources: string[];
}

export interface PlanVersion extends Surroundings {
  /** As Flink wrote it. */
  plan: string;
}

const shortName = (identifier: string) => identifier.split(".").at(-1)?.replaceAll("`", "") ?? identifier;

const nameOf = (one: PlanNode) => {
  const table = tableOf(one);
  return table ? shortName(table) : one.description || one.type;
};

const steppedKind = (one: PlanNode): Step["kind"] | undefined => {
  const kind = kindOf(one);
  return kind === "stateless" ? undefined : kind;
};

/** Ids for all steps of the new plan: those of the old where it is the same step, else such as neither has. */
function idsFor(before: Plan, after: Plan, { pairs }: Match): Map<number, number> {
  let next = Math.max(...[...before.nodes, ...after.nodes].map(({ id }) => id)) + 1;
  const ids = new Map<number, number>();
  for (const { id } of after.nodes) {
    const old = pairs.get(id);
    ids.set(id, old ?? next);
    if (old === undefined) next += 1;
  }
  return ids;
}

/** Why a step's state can't be taken over, in words that name what was there. */
function whyRebuilt(one: PlanNode, old: PlanNode[], match: Match, after: Version): string {
  const known = match.parted.get(one.id);
  if (known) return known;
  const was = old.filter(({ type }) => type === one.type);
  const same = was.find(({ description }) => description === one.description);
  if (same) {
    const changed = [...stepsBefore(after, one.id)].find(({ id }) => !match.pairs.has(id));
    return `what it reads has changed${changed ? `: ${nameOf(changed)}` : ""}`;
  }
  const [first] = was;
  return first ? `it was ${nameOf(first)}` : "the old version had no such step";
}

function stepsBefore({ plan }: Version, id: number, seen = new Set<PlanNode>()): Set<PlanNode> {
  for (const { source } of plan.edges.filter(({ target }) => target === id)) {
    const one = plan.nodes.find((candidate) => candidate.id === source);
    if (!one || seen.has(one)) continue;
    stepsBefore({ plan, meanings: new Map() }, source, seen);
    seen.add(one);
  }
  return seen;
}

function judgeNew(one: PlanNode, before: Version, after: Version, match: Match): Step | undefined {
  const kind = steppedKind(one);
  if (!kind) return undefined;
  const step = { name: nameOf(one), kind };
  if (match.pairs.has(one.id)) return { ...step, verdict: "kept" };
  const taken = new Set(match.pairs.values());
  const left = before.plan.nodes.filter(({ id }) => !taken.has(id));
  if (kind === "sink") return { ...step, verdict: "new", why: "it gets rows from now on" };
  if (kind === "source") {
    const isKnown = before.plan.nodes.some((old) => isSource(old) && tableOf(old) === tableOf(one));
    return isKnown
      ? { ...step, verdict: "rebuilt", why: "its options changed: it would read everything again" }
      : { ...step, verdict: "new", why: "it reads its topic from the start" };
  }
  const sources = [...rememberingBefore(after, one.id)].filter((id) => {
    const found = after.plan.nodes.find((candidate) => candidate.id === id);
    return found !== undefined && isSource(found);
  });
  const isFromStart =
    sources.length > 0 &&
    sources.every((id) => {
      const source = after.plan.nodes.find((candidate) => candidate.id === id);
      return (
        !match.pairs.has(id) &&
        !before.plan.nodes.some((old) => isSource(old) && source && tableOf(old) === tableOf(source))
      );
    });
  if (isFromStart) return { ...step, verdict: "new", why: "all that it reads is read from the start" };
  return { ...step, verdict: "rebuilt", why: whyRebuilt(one, left, match, after) };
}

function matched(before: Version, after: Version, around: Surroundings): [Version, Match] {
  const match = matchSteps(before, after);
  if (match.stuck.length === 0) return [after, match];
  const apart = readVersion(setApart(after.plan, match.stuck), around);
  return [apart, matchSteps(before, apart)];
}

/** Compares two versions of a job. Throws where a text is no compiled plan. */
export function judgePlans(old: PlanVersion, fresh: PlanVersion): Verdict {
  const before = readVersion(parsePlan(old.plan), old);
  const [after, match] = matched(before, readVersion(parsePlan(fresh.plan), fresh), fresh);
  const taken = new Set(match.pairs.values());
  const dropped = before.plan.nodes.flatMap((one): Step[] => {
    const kind = steppedKind(one);
    return kind && !taken.has(one.id) ? [{ name: nameOf(one), kind, verdict: "dropped" }] : [];
  });
  const judged = after.plan.nodes.flatMap((one) => judgeNew(one, before, after, match) ?? []);
  const isStateless = [...judged, ...dropped].every(({ kind }) => kind !== "stateful");
  const isRebuilt = judged.some(({ verdict }) => verdict === "rebuilt");
  const numbered = renumber(after.plan, idsFor(before.plan, after.plan, match));
  return {
    overall: isRebuilt ? "rebuilds" : isStateless ? "stateless" : "restores",
    steps: [...judged, ...dropped],
    plan: printPlan(numbered),
    // A committer's derived name changes with every step that comes, goes or moves, so Flink can't be asked to insist.
    leavesState: !isSameShape(before.plan, after.plan, match.pairs),
    newSources: after.plan.nodes.flatMap((one) => {
      const table = tableOf(one);
      return isSource(one) && table && !match.pairs.has(one.id) ? [shortName(table)] : [];
    }),
  };
}

const marks: Record<Step["verdict"], string> = { kept: "=", new: "+", rebuilt: "!", dropped: "-" };
const kinds: Record<Step["kind"], string> = { source: "source ", stateful: "", sink: "sink " };

/** A line a person can read. */
export const describeStep = ({ name, kind, verdict, why }: Step): string =>
  `${marks[verdict]} ${verdict.padEnd(7)} ${kinds[kind]}${name}${why ? `: ${why}` : ""}`;

/** What a change means for a job's state, in half a sentence. */
export function summary(verdict: Verdict | undefined): string {
  if (!verdict) return "restarted from a savepoint";
  return {
    restores: "restarted from a savepoint with all its state",
    stateless: "restarted from a savepoint; it keeps no state but its offsets",
    rebuilds: "its state can't be kept",
  }[verdict.overall];
}
