// What apply refuses of changed and new jobs, and what it says: pure, without any engine.
import { describe, expect, it } from "vitest";
import type { PipelineFolder } from "../../../flink-sql/folders.ts";
import { type Action, type DeclaredJob, describeAction } from "../../../orchestrator/deploy/reconcile.ts";
import { refusals } from "../../../orchestrator/deploy/refusals.ts";
import type { RecordedJob } from "../../../orchestrator/engines/store.ts";
import type { Step, Verdict } from "../../../orchestrator/state/verdict.ts";

const declared = (name: string, sql: string): DeclaredJob => ({
  name: `p/${name}`,
  pipeline: "p",
  hash: "new",
  settings: {},
  groups: {},
  statements: [{ text: sql, source: "x.sql:1" }],
});
const recorded = (name: string, sql: string): RecordedJob => {
  const { settings, statements, groups } = declared(name, sql);
  const definition = { settings, statements, groups };
  return {
    name: `p/${name}`,
    pipeline: "p",
    sqlHash: "old",
    definition,
    desired: "running",
    flinkJobId: "1",
    restorePath: null,
  };
};
const verdict = (overall: Verdict["overall"], ...steps: Step[]): Verdict => ({
  overall,
  steps,
  plan: "",
  leavesState: true,
  newSources: [],
});
const upgrade = (job: DeclaredJob, of?: Verdict): Action => ({
  kind: "upgrade-job",
  job,
  id: "1",
  ...(of ? { verdict: of } : {}),
});
const counting = "INSERT INTO counts SELECT k, COUNT(*) FROM t GROUP BY k";
const landing = "INSERT INTO landed SELECT * FROM t";
const kept: Step = { name: "GroupAggregate(k)", kind: "stateful", verdict: "kept" };
const lost: Step = {
  name: "GroupAggregate(l)",
  kind: "stateful",
  verdict: "rebuilt",
  why: "it was GroupAggregate(k)",
};

describe("a changed job", () => {
  const before = [recorded("counting", counting)];
  const job = declared("counting", `${counting} HAVING COUNT(*) > 1`);

  it("is refused where a step would be rebuilt, with the step, the reason and the cure", () => {
    const [refusal, ...others] = refusals([upgrade(job, verdict("rebuilds", kept, lost))], before);
    expect(others).toEqual([]);
    expect(refusal).toMatch(/p\/counting/);
    expect(refusal).toContain("! rebuilt GroupAggregate(l): it was GroupAggregate(k)");
    expect(refusal).not.toContain("GroupAggregate(k)\n  =");
    expect(refusal).toMatch(/new names/);
  });

  it("passes where all is kept, and plan shows each step", () => {
    const action = upgrade(job, verdict("restores", kept));
    expect(refusals([action], before)).toEqual([]);
    expect(describeAction(action)).toBe(
      "~ job p/counting: its SQL changed; restarted from a savepoint with all its state\n    = kept    GroupAggregate(k)",
    );
  });

  it("that ran from plain statements is refused where its SQL keeps state, and not where it keeps none", () => {
    expect(refusals([upgrade(job)], before)).toHaveLength(1);
    expect(refusals([upgrade(declared("landing", landing))], [recorded("landing", landing)])).toEqual([]);
  });
});

describe("a table that another job has filled", () => {
  const before = [recorded("landing", landing), recorded("counting", counting)];
  const fresh: Action = { kind: "submit-job", job: declared("fresh", landing) };
  const folder = (options: string) =>
    ({
      name: "p",
      tables: [
        {
          name: "landed",
          path: "landed.sql",
          text: `CREATE TABLE landed (k INT, PRIMARY KEY (k) NOT ENFORCED) WITH (${options})`,
        },
      ],
    }) as unknown as PipelineFolder;

  it("is not begun by a second job", () => {
    expect(refusals([fresh], before)[0]).toMatch(/p\/fresh.*landed.*p\/landing.*new name/s);
    const moved = upgrade(declared("counting", landing), verdict("stateless"));
    expect(refusals([moved], before)[0]).toMatch(/p\/counting.*landed/s);
  });

  it("may be, where it keeps the latest row of a key, is made anew, or is the job's own", () => {
    expect(refusals([fresh], before, [folder("'write.upsert.enabled' = 'true'")])).toEqual([]);
    expect(refusals([fresh], before, [folder("'a' = 'b'")])).toHaveLength(1);
    const made: Action = { kind: "create-tables", pipeline: folder("'a' = 'b'"), missing: ["landed"] };
    expect(refusals([made, fresh], before)).toEqual([]);
    expect(refusals([{ kind: "submit-job", job: declared("landing", landing) }], before)).toEqual([]);
  });
});
