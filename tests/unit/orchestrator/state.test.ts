// State verdicts on plans that Flink compiled: what is the same step keeps its id, and nothing else does.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSink, kindOf } from "../../../orchestrator/state/meaning.ts";
import {
  inputsOf,
  type Plan,
  type PlanNode,
  parsePlan,
  printPlan,
  renumber,
} from "../../../orchestrator/state/plan.ts";
import { surroundingsOf } from "../../../orchestrator/state/surroundings.ts";
import { rowFields } from "../../../orchestrator/state/types.ts";
import { describeStep, judgePlans } from "../../../orchestrator/state/verdict.ts";

const read = (name: string) =>
  readFileSync(new URL(`../../support/plans/${name}.json`, import.meta.url), "utf8");
const texts = ["counts-and-rows", "join-rank-window"].map(read);
const around = { sources: {}, setting: "" };
const judge = (old: Plan, fresh: Plan) =>
  judgePlans({ plan: printPlan(old), ...around }, { plan: printPlan(fresh), ...around });

/** The same plan as another compilation would number it: other ids, in any order. */
const recompiled = (plan: Plan) =>
  fc
    .shuffledSubarray(
      plan.nodes.map((_, at) => at + 1000),
      { minLength: plan.nodes.length },
    )
    .map((ids) => renumber(plan, new Map(plan.nodes.map(({ id }, at) => [id, ids[at] as number]))));
const anyPlan = fc.constantFrom(...texts.map(parsePlan));
const pairOfPlans = anyPlan.chain((plan) => fc.tuple(fc.constant(plan), recompiled(plan)));

/** The JSON of a step with one of its own words, numbers or truths changed; none of its names. */
function mutations(one: PlanNode): PlanNode[] {
  const found: PlanNode[] = [];
  const walk = (value: unknown, put: (changed: unknown) => unknown) => {
    if (typeof value === "string") found.push(put(`${value}x`) as PlanNode);
    else if (typeof value === "boolean") found.push(put(!value) as PlanNode);
    else if (Array.isArray(value)) {
      if (value.length > 0) found.push(put(value.slice(1)) as PlanNode);
      for (const [at, part] of value.entries()) walk(part, (changed) => put(value.with(at, changed)));
    } else if (typeof value === "object" && value !== null) {
      if ("isLosslessNumber" in value)
        found.push(put(parsedNumber(`${value}` === "7" ? "8" : "7")) as PlanNode);
      else
        for (const [name, part] of Object.entries(value).filter(([key]) => key !== "name"))
          walk(part, (changed) => put({ ...value, [name]: changed }));
    }
  };
  for (const name of [
    "grouping",
    "aggCalls",
    "uniqueKeys",
    "joinSpec",
    "partitionSpec",
    "orderBy",
    "rankRange",
    "windowing",
  ])
    if (name in one) walk(one[name], (changed) => ({ ...one, [name]: changed }));
  return found;
}
const parsedNumber = (digits: string) =>
  (parsePlan(`{"nodes":[{"id":1,"type":"t","n":${digits}}],"edges":[]}`).nodes[0] as PlanNode).n;

describe("a plan", () => {
  it("is printed as it was read, to the last digit", () => {
    for (const text of texts) expect(JSON.parse(printPlan(parsePlan(text)))).toEqual(JSON.parse(text));
    expect(printPlan(parsePlan(texts[1] as string))).toContain("9007199254740993");
  });

  it("is refused where it is none, or its edges lead nowhere", () => {
    expect(() => parsePlan('{"nodes":[]}')).toThrow(/no compiled plan/);
    expect(() => parsePlan('{"nodes":[],"edges":[{"source":1,"target":2}]}')).toThrow(/from 1 to 2/);
    expect(() => parsePlan('{"nodes":[{"id":1,"type":"a"},{"id":1,"type":"a"}],"edges":[]}')).toThrow(
      /one id/,
    );
  });
});

describe("a verdict", { timeout: 60_000 }, () => {
  it("keeps every step of the same SQL, however it is numbered", () => {
    fc.assert(
      fc.property(pairOfPlans, ([old, fresh]) => {
        const { steps, overall, plan } = judge(old, fresh);
        expect(new Set(steps.map(({ verdict }) => verdict))).toEqual(new Set(["kept"]));
        expect(overall).toBe("restores");
        const byId = (nodes: PlanNode[]) => [...nodes].sort((a, b) => a.id - b.id);
        expect(byId(parsePlan(plan).nodes)).toEqual(byId(old.nodes));
      }),
      { numRuns: 25 },
    );
  });

  it("gives unique ids and leaves edges as they are, whatever became of the steps", () => {
    fc.assert(
      fc.property(
        fc.tuple(anyPlan, anyPlan).chain(([a, b]) => fc.tuple(fc.constant(a), recompiled(b))),
        ([old, fresh]) => {
          const numbered = parsePlan(judge(old, fresh).plan);
          expect(new Set(numbered.nodes.map(({ id }) => id)).size).toBe(fresh.nodes.length);
          const at = new Map(numbered.nodes.map(({ id }, index) => [id, fresh.nodes[index]?.id]));
          const edges = numbered.edges.map(({ source, target }) => [at.get(source), at.get(target)]);
          expect(edges).toEqual(fresh.edges.map(({ source, target }) => [source, target]));
          // An id of the old plan means the same type of step: Flink finds state by both.
          const types = new Map(old.nodes.map(({ id, type }) => [id, type]));
          for (const { id, type } of numbered.nodes) expect(types.get(id) ?? type).toBe(type);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("never keeps a step whose keys, aggregates, join, order or window changed, nor one that reads from it", () => {
    const changes = texts
      .map(parsePlan)
      .flatMap((plan) =>
        plan.nodes
          .filter((one) => kindOf(one) === "stateful")
          .flatMap((one) => mutations(one).map((changed) => ({ plan, one, changed }))),
      );
    expect(changes.length).toBeGreaterThan(40);
    fc.assert(
      fc.property(
        fc.constantFrom(...changes).chain((change) =>
          recompiled({
            ...change.plan,
            nodes: change.plan.nodes.map((one) => (one === change.one ? change.changed : one)),
          }).map((fresh) => ({ ...change, fresh })),
        ),
        ({ plan, one, fresh }) => {
          const { steps, overall, plan: text } = judge(plan, fresh);
          expect(overall).toBe("rebuilds");
          expect(steps.some(({ kind, verdict }) => kind === "stateful" && verdict === "rebuilt")).toBe(true);
          expect(parsePlan(text).nodes.some(({ id }) => id === one.id)).toBe(false);
        },
      ),
      { numRuns: 80 },
    );
  });

  it("never keeps what the setting changes, but offsets and event ids", () => {
    for (const plan of texts) {
      const { steps } = judgePlans({ plan, ...around }, { plan, sources: {}, setting: "another time zone" });
      for (const { name, kind, verdict } of steps.filter((step) => step.verdict !== "dropped"))
        expect([name, verdict]).toEqual([
          name,
          kind !== "stateful" || name.includes("key=[event_id]") ? "kept" : "rebuilt",
        ]);
    }
  });

  it("says what was and what is, a step a line", () => {
    const old = parsePlan(texts[0] as string);
    const nodes = old.nodes.map((one) =>
      one.type.includes("group-aggregate") ? { ...one, grouping: [], description: "GroupAggregate(…)" } : one,
    );
    const lines = judge(old, { ...old, nodes }).steps.map(describeStep);
    expect(lines).toContain("= kept    source clicks_records");
    expect(lines).toContain(
      "! rebuilt GroupAggregate(…): it was GroupAggregate(groupBy=[user_id], select=[user_id, COUNT(*) AS EXPR$1])",
    );
  });

  it("keeps an aggregate that gains a table, and gives each table's committer a place of its own", () => {
    const old = parsePlan(texts[0] as string);
    const sink = old.nodes.find(({ description }) => description.includes("t1]")) as PlanNode;
    const [aggregate] = inputsOf(old, sink.id) as [number];
    const second = {
      ...sink,
      id: 5000,
      dynamicTableSink: { table: { identifier: "`default_catalog`.`default_database`.`t3`" } },
    };
    const edge = old.edges.find(({ target }) => target === sink.id) as Plan["edges"][number];
    const fresh = { ...old, nodes: [...old.nodes, second], edges: [...old.edges, { ...edge, target: 5000 }] };
    const { steps, overall, plan, leavesState } = judge(old, fresh);
    expect([overall, leavesState]).toEqual(["restores", true]);
    expect(steps.find(({ name }) => name === "t3")).toMatchObject({ verdict: "new" });
    const numbered = parsePlan(plan);
    const before = numbered.nodes.filter(isSink).map(({ id }) => inputsOf(numbered, id));
    expect(new Set(before.flat()).size).toBe(3);
    const passed = before.flat().filter((id) => inputsOf(numbered, id).includes(aggregate));
    expect(passed).toHaveLength(2);
    expect(passed.some((id) => old.nodes.some((one) => one.id === id))).toBe(false);
  });

  it("reads a source anew only where it is another", () => {
    const [plan] = texts as [string];
    const sources = (topic: string) => ({ sources: { clicks_records: topic }, setting: "" });
    const { steps } = judgePlans({ plan, ...sources("a") }, { plan, ...sources("b") });
    expect(steps.find(({ kind }) => kind === "source")).toMatchObject({ verdict: "rebuilt" });
  });
});

describe("what a plan doesn't say", () => {
  const table = (group: string, topic: string) =>
    `CREATE TEMPORARY TABLE t (a INT) WITH ('topic' = '${topic}', 'properties.group.id' = '${group}')`;
  const of = (...statements: string[]) =>
    surroundingsOf({ settings: {}, statements: statements.map((text) => ({ text, source: "" })) });

  it("is the options of its tables but for who reads them, its settings and functions", () => {
    expect(of(table("a", "x"))).toEqual(of(table("b", "x")));
    expect(of(table("a", "x"))).not.toEqual(of(table("a", "y")));
    expect(of("SET 'table.local-time-zone' = 'UTC'")).not.toEqual(of());
    expect(of("CREATE TEMPORARY FUNCTION f AS 'F'")).not.toEqual(of());
  });
});

describe("row types", () => {
  it("are read in both forms, with brackets and commas within", () => {
    expect(rowFields("ROW<`a, b` DECIMAL(10, 2), `c` ROW<`d` INT, `e` INT> NOT NULL> NOT NULL")).toEqual([
      { name: "a, b", type: "DECIMAL(10, 2)" },
      { name: "c", type: "ROW<`d` INT, `e` INT> NOT NULL" },
    ]);
    expect(rowFields({ type: "ROW", fields: [{ name: "a", fieldType: "INT" }] })).toEqual([
      { name: "a", type: "INT" },
    ]);
    expect(rowFields("INT")).toBeUndefined();
  });
});
