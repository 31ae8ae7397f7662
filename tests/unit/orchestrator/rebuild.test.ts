// What a rebuild refuses, what it says, and what it asks of Trino: pure, without any engine.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { PipelineFolder } from "../../../flink-sql/folders.ts";
import { alert, definePipeline, event, topic } from "../../../flink-sql/pipeline.ts";
import { nameOf, toChanges } from "../../../orchestrator/deploy/changes.ts";
import { dutiesOf } from "../../../orchestrator/deploy/keep.ts";
import {
  type Action,
  declaredJobs,
  describeAction,
  reconcile,
  tablesOf,
  topicsOf,
} from "../../../orchestrator/deploy/reconcile.ts";
import { toRecord } from "../../../orchestrator/deploy/submit.ts";
import {
  namedJobs,
  type Present,
  rebuildProblems,
  rebuiltTables,
} from "../../../orchestrator/rebuild/checks.ts";
import { passedOver, recordsBehind } from "../../../orchestrator/rebuild/fill.ts";
import { comparison, exchange, filledRows, rowsBefore } from "../../../orchestrator/rebuild/sql.ts";
import {
  inSchema,
  moveBack,
  readFromLake,
  stagedJob,
  stuckSteps,
} from "../../../orchestrator/rebuild/staged.ts";
import { parsePlan } from "../../../orchestrator/state/plan.ts";
import { surroundingsOf } from "../../../orchestrator/state/surroundings.ts";
import { judgePlans } from "../../../orchestrator/state/verdict.ts";

const file = (name: string, text: string) => ({ name, path: `/p/${name}.sql`, text });
const place = "event_id STRING, kafka_partition INT, kafka_offset BIGINT";
const shop: PipelineFolder = {
  ...definePipeline({
    title: "Shop",
    topics: { buys: topic({ key: "user_id", events: { bought: event("b", { user_id: z.string() }) } }) },
    retention: { spent: { days: 30, by: "day" } },
    alerts: {
      rich: alert("Somebody is rich", { key: ["user_id"], fields: { user_id: z.string() } }),
    },
  }),
  name: "shop",
  path: "/p",
  tables: [
    file("spent", "CREATE TABLE spent (who STRING, day DATE, total BIGINT, PRIMARY KEY (who) NOT ENFORCED)"),
    file("every", `CREATE TABLE every (${place})`),
    file("notes", "CREATE TABLE notes (who STRING)"),
  ],
  jobs: [
    file(
      "spending",
      "EXECUTE STATEMENT SET BEGIN INSERT INTO spent SELECT user_id, CAST(NULL AS DATE), COUNT(*) FROM buys GROUP BY user_id; " +
        "INSERT INTO every SELECT event_id, kafka_partition, kafka_offset FROM buys WHERE user_id <> 'a'; " +
        "INSERT INTO notes SELECT user_id FROM buys; END",
    ),
    file("alarm", "INSERT INTO rich_alert SELECT 'rich', user_id FROM buys"),
    file(
      "elsewhere",
      "CREATE TEMPORARY TABLE mine (a INT) WITH ('connector' = 'x'); INSERT INTO mine SELECT 1 FROM buys",
    ),
  ],
  reports: [],
};
const jobNamed = (name: string) => declaredJobs(shop).find((job) => job.name === `shop/${name}`)!;
const spending = jobNamed("spending");

/** Plans as Flink compiled them, under the names of this pipeline. */
const plan = readFileSync(new URL("../../support/plans/counts-and-rows.json", import.meta.url), "utf8");
const verdict = {
  ...judgePlans({ plan, ...surroundingsOf(spending) }, { plan, ...surroundingsOf(spending) }),
};
const able: Present = {
  places: [{ topic: "shop.buys", partition: 0, low: 0 }],
  recorded: [toRecord(spending)],
  isRunning: true,
  freeSlots: 30,
  batches: new Map([["every", 0]]),
  forgottenAt: undefined,
};
const problems = (more: Partial<Present>, job = spending) =>
  rebuildProblems(shop, job, verdict, { ...able, ...more });

describe("a rebuild", () => {
  it("is refused for nothing where everything is at hand", () => {
    expect(problems({})).toEqual([]);
  });

  it("is refused with every reason at once, each with its cure", () => {
    const other = { ...toRecord(spending), name: "shop/other" };
    const found = problems({
      places: [
        { topic: "shop.buys", partition: 0, low: 0 },
        { topic: "shop.buys", partition: 3, low: 41 },
      ],
      recorded: [toRecord(spending), other],
      batches: new Map([["every", 1200]]),
      forgottenAt: new Date("2026-02-28T12:00:00Z"),
      isRunning: false,
      freeSlots: 0,
    });
    for (const reason of [
      /no longer holds topic shop\.buys, partition 3 from offset 0: the first kept is 41\. Undo .*new names/,
      /job shop\/other writes table spent too/,
      /table every has 1,200 rows of batches/,
      /'forget' has removed a person's rows \(2026-02-28/,
      /its old version doesn't run/,
      /0 free slots, and a job beside it needs 1/,
    ])
      expect(
        found.some((problem) => reason.test(problem) && problem.startsWith("Job shop/spending can't")),
      ).toBe(true);
  });

  it("is refused for jobs that raise alerts, write elsewhere, are the engine's own or run from no plan", () => {
    expect(problems({}, jobNamed("alarm"))[0]).toMatch(/raises alert 'rich': all alerts .* told again/);
    expect(problems({}, jobNamed("elsewhere"))[0]).toMatch(
      /writes mine, which no file under tables\/ declares/,
    );
    expect(problems({}, jobNamed("log")).join()).toMatch(/it is the engine's own/);
    expect(rebuildProblems(shop, spending, undefined, able)[0]).toMatch(/runs from no compiled plan/);
  });

  it("takes jobs by their file, or by pipeline and file where several have it", () => {
    const jobs = [{ name: "a/landing" }, { name: "b/landing" }, { name: "a/counting" }];
    expect(namedJobs(["counting", "a/counting", "b/landing"], jobs)).toEqual({
      found: ["a/counting", "b/landing"],
      problems: [],
    });
    const wrong = namedJobs(["landing", "gone"], jobs).problems;
    expect(wrong[0]).toMatch(/several jobs .* a\/landing, b\/landing/);
    expect(wrong[1]).toMatch(/no such job\. Jobs: a\/landing/);
  });

  it("is told before: what is rebuilt and why, from where, and what readers see; and is another plan", () => {
    const step = {
      name: "GroupAggregate",
      kind: "stateful" as const,
      verdict: "rebuilt" as const,
      why: "it was another",
    };
    const upgrade: Action = { kind: "upgrade-job", job: spending, id: "1" };
    const rebuild: Action = {
      ...upgrade,
      kind: "rebuild-job",
      folder: shop,
      verdict: { ...verdict, steps: [step] },
      tables: rebuiltTables(shop, spending, undefined),
    };
    expect(describeAction(rebuild)).toBe(
      "~ job shop/spending: its SQL changed; rebuilt: tables spent, every, notes are filled beside the live ones from " +
        "Kafka's first offset while the old version goes on; readers see each table before or after\n" +
        "    ! rebuilt GroupAggregate: it was another",
    );
    expect(nameOf(toChanges([rebuild], []))).not.toBe(nameOf(toChanges([upgrade], [])));
  });
});

describe("the job beside the old version", () => {
  const staged = stagedJob(toRecord(spending), plan, "run");

  it("has a name, consumer groups and tables of its own, and the same SQL otherwise", () => {
    expect(staged).toMatchObject({ name: "shop/spending.rebuild", flinkJobId: "run", restorePath: null });
    expect(staged.definition.settings["pipeline.name"]).toBe("shop/spending.rebuild");
    expect(staged.definition.groups).toEqual({ buys: ["shop/spending.rebuild"] });
    const all = staged.definition.statements.map(({ text }) => text).join("\n");
    expect(all).toContain("'properties.group.id' = 'shop/spending.rebuild'");
    expect(all.replaceAll("spending.rebuild", "spending")).toBe(
      spending.statements.map(({ text }) => text).join("\n"),
    );
  });

  it("hands all its state to the new version, and no committer's", () => {
    const live = plan.replaceAll(
      /`default_catalog`\.`default_database`\.`(rows1|t1)`/g,
      "`lake`.`shop`.`$1`",
    );
    const beside = inSchema(live, "shop", "shop__rebuild");
    expect(beside).toContain("`lake`.`shop__rebuild`.`t1`");
    const moved = moveBack(beside, staged.definition, live, spending);
    const held = moved.steps.filter(({ kind }) => kind !== "sink");
    expect(held.length).toBeGreaterThan(1);
    expect(held.every((step) => step.verdict === "kept")).toBe(true);
    expect(moved.steps.filter(({ kind, verdict }) => kind === "sink" && verdict === "kept")).toEqual([]);
    expect(moved.leavesState).toBe(true);
    // A step that passes rows on apart from the committers: Flink refuses one that does nothing at all.
    const passages = parsePlan(moved.plan).nodes.filter(
      ({ description }) => description === "Calc(select=[*])",
    );
    expect(passages.every(({ condition }) => condition !== null)).toBe(true);
    expect(stuckSteps("shop", spending, live)).toEqual([]);
  });

  it("is nobody's business but the rebuild's: no undeclared job, no second run, none to bring back", () => {
    const jobs = declaredJobs(shop).map((job) => ({ ...toRecord(job), flinkJobId: job.name }));
    const live = [...jobs, staged].map(({ name, flinkJobId }) => ({
      name,
      id: `${flinkJobId}`,
      state: "RUNNING",
    }));
    const observed = {
      topics: topicsOf(shop).map(([topic]) => topic),
      tables: tablesOf(shop).map((table) => `shop.${table}`),
      jobs: live,
    };
    expect(reconcile([shop], jobs, observed)).toEqual([]);
    expect(dutiesOf(jobs, live, [])).toEqual({ adopt: [], cancel: [], resume: [] });
  });

  it("reads no table of the lake", () => {
    expect(readFromLake(plan)).toEqual([]);
    const source = "`default_catalog`.`default_database`.`clicks_records`";
    expect(readFromLake(plan.replaceAll(source, "`lake`.`shop`.`people`"))).toEqual(["lake.shop.people"]);
  });
});

describe("the exchange", () => {
  const tables = new Map(rebuiltTables(shop, spending, undefined).map((table) => [table.name, table]));
  const of = (name: string) => {
    const table = tables.get(name)!;
    const rows = filledRows("shop", table, "2026-02-01");
    return { table, rows, merge: exchange("shop", table, rows) };
  };

  it("reads what was filled, without days that retention has removed", () => {
    expect(of("spent").rows).toBe(
      `SELECT "who", "day", "total" FROM lake."shop__rebuild"."spent" WHERE CAST("day" AS DATE) >= DATE '2026-02-01'`,
    );
    expect(of("every").rows).not.toContain("WHERE");
  });

  it("finds rows by the key, else by the place of their record, else not at all; each in one MERGE", () => {
    expect(of("spent").merge).toContain(
      `ON d.rebuilt_part = 0 AND t."who" = d."who" AND t."who" IS NOT DISTINCT FROM`,
    );
    expect(of("every").merge).toContain("coalesce(t.kafka_offset, -1) = coalesce(d.kafka_offset, -1)");
    expect(of("notes").merge).toMatch(
      /ON d\.rebuilt_part = CAST\(t\."who" IS NULL AS BIGINT\) \* 0 WHEN MATCHED THEN DELETE/,
    );
    for (const name of ["spent", "every", "notes"])
      expect(of(name).merge.match(/MERGE INTO/g)).toHaveLength(1);
  });

  it("leaves what other jobs have dropped, and takes back the job's own rows alone", () => {
    const { table, merge } = of("filtered");
    expect(table.own).toBe("table_name IN ('spent', 'every', 'notes')");
    expect(merge.match(/table_name IN \('spent', 'every', 'notes'\)/g)).toHaveLength(2);
    expect(rowsBefore("shop", table, "7")).toMatch(/FOR VERSION AS OF 7 WHERE table_name IN/);
    expect(rowsBefore("shop", table, null)).toMatch(/WHERE FALSE$/);
    expect(comparison("shop", table, rowsBefore("shop", table, "7"))).toContain("GROUP BY");
  });
});

describe("filling", () => {
  const at = (partition: number, offset: number, low = 0) => ({
    group: "g",
    topic: "t",
    partition,
    offset,
    low,
    high: 100,
  });

  it("knows how far it is behind, and is at the end where it is at or past the old version everywhere", () => {
    expect(recordsBehind([at(0, 50), at(1, 20)], [at(0, 30), at(1, 90)])).toBe(20);
    expect(recordsBehind([at(0, 50), at(1, 20)], [at(0, 50), at(1, 21)])).toBe(0);
    expect(recordsBehind([at(0, 50)], [])).toBe(50);
  });

  it("finds records that Kafka removed before they were surely read", () => {
    expect(passedOver([], [at(0, 0)])).toEqual([]);
    expect(passedOver([at(0, 40)], [at(0, 60, 40)])).toEqual([]);
    expect(passedOver([at(0, 40)], [at(0, 60, 41)])[0]).toMatch(/t, partition 0 up to 41/);
    expect(passedOver([], [at(0, 0, 1)])).toHaveLength(1);
  });
});
