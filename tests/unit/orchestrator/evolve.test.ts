// What a changed table file and a changed contract ask for: columns, refusals with file and line, a rolled API.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { contractFingerprint } from "../../../flink-sql/fingerprint.ts";
import type { PipelineFolder } from "../../../flink-sql/folders.ts";
import { contractLock } from "../../../flink-sql/lock.ts";
import { definePipeline, event, topic } from "../../../flink-sql/pipeline.ts";
import { declaredTable } from "../../../flink-sql/tables.ts";
import { contractEvolution, describeEvolution } from "../../../orchestrator/deploy/evolve.ts";
import { lakeType, tableChanges, trinoType } from "../../../orchestrator/deploy/evolve-tables.ts";
import { declaredJobs, describeAction, reconcile } from "../../../orchestrator/deploy/reconcile.ts";
import { refusals } from "../../../orchestrator/deploy/refusals.ts";
import type { RecordedJob } from "../../../orchestrator/engines/store.ts";

/** As Flink's SHOW CREATE TABLE words a table of the lake. */
const shown = `CREATE TABLE \`lake\`.\`p\`.\`happenings\` (
  \`event_id\` VARCHAR(2147483647),
  \`event_time\` TIMESTAMP(6) WITH LOCAL TIME ZONE,
  \`day\` DATE NOT NULL,
  \`price\` DECIMAL(12, 2),
  \`kafka_partition\` INT,
  \`bytes\` VARBINARY(2147483647),
  CONSTRAINT \`PK_1\` PRIMARY KEY (\`event_id\`) NOT ENFORCED
)
PARTITIONED BY (\`day\`)
WITH (
  'format-version' = '2'
)`;
const actual = declaredTable(shown)!;
const columns = [
  "event_id STRING",
  "event_time TIMESTAMP_LTZ(6)",
  "day DATE",
  "price DECIMAL(12, 2)",
  "kafka_partition INT",
  "bytes BYTES",
];
const changed = (lines: string[], { key = "event_id", by = "day" } = {}) =>
  tableChanges(
    {
      text: `CREATE TABLE IF NOT EXISTS happenings (\n${[...lines, `PRIMARY KEY (${key}) NOT ENFORCED`].map((line) => `  ${line}`).join(",\n")}\n) PARTITIONED BY (${by}) WITH ('format-version' = '2')`,
      source: "/x/happenings.sql:2",
    },
    actual,
  );

describe("a table file", () => {
  it("as the lake has it asks for nothing", () => {
    expect(changed(columns)).toEqual({ columns: [], problems: [] });
  });

  it("with new columns adds each where it stands", () => {
    expect(changed([columns[0]!, "note STRING", "n BIGINT", ...columns.slice(1)])).toEqual({
      columns: [
        { name: "note", type: "STRING", after: "event_id" },
        { name: "n", type: "BIGINT", after: "note" },
      ],
      problems: [],
    });
  });

  it.each<[string, string[], object, RegExp]>([
    [
      "a column that goes",
      columns.slice(0, 5),
      {},
      /^\/x\/happenings\.sql:2: table 'happenings': column 'bytes' is gone, with/,
    ],
    [
      "a rename",
      columns.map((line) => line.replace("price", "amount")),
      {},
      /^\/x\/happenings\.sql:6: .*column 'price' is gone, 'amount' is new: a rename/,
    ],
    [
      "another type",
      columns.map((line) => line.replace("price DECIMAL(12, 2)", "price DOUBLE")),
      {},
      /sql:6: .*'price' was DECIMAL\(12, 2\), is DOUBLE/,
    ],
    [
      "a nested column",
      [...columns, "tags ARRAY<STRING>"],
      {},
      /sql:9: .*'tags' is new, and of type ARRAY<STRING>, which can't be added/,
    ],
    ["another order", [columns[1]!, columns[0]!, ...columns.slice(2)], {}, /sql:3: .*stand in another order/],
    [
      "other partitions",
      columns,
      { by: "kafka_partition" },
      /sql:10: .*partitions were by day, are by kafka_partition/,
    ],
    ["another key", columns, { key: "day" }, /sql:9: .*its key was event_id, is day/],
  ])("is refused with line, reason and cure: %s", (_, lines, options, said) => {
    const { problems } = changed(lines, options);
    expect(problems).toEqual([expect.stringMatching(said)]);
    expect(problems[0]).toMatch(/Keep|Add|[Dd]eclare/);
  });

  it.each([
    ["STRING", "VARCHAR(2147483647)"],
    ["TIMESTAMP_LTZ(3)", "TIMESTAMP(6) WITH LOCAL TIME ZONE"],
    ["DECIMAL(10)", "DECIMAL(10, 0)"],
    ["MAP<STRING, BIGINT NOT NULL>", "MAP<VARCHAR(2147483647), BIGINT>"],
    ["ROW<`a` BYTES>", "ROW<a VARBINARY(2147483647)>"],
  ])("%s is kept as %s", (declared, kept) => {
    expect(lakeType(declared)).toBe(lakeType(kept));
  });

  it.each([
    ["STRING", "varchar"],
    ["DECIMAL(12, 2)", "decimal(12,2)"],
    ["TIMESTAMP_LTZ(3)", "timestamp(6) with time zone"],
    ["TIMESTAMP(3)", "timestamp(6)"],
    ["ARRAY<STRING>", undefined],
  ])("%s is added as %s", (type, added) => {
    expect(trinoType(type)).toBe(added);
  });

  it("tells types that the lake keeps apart", () => {
    const types = [
      "STRING",
      "INT",
      "BIGINT",
      "DECIMAL(10, 2)",
      "DECIMAL(12, 2)",
      "TIMESTAMP(6)",
      "TIMESTAMP_LTZ(6)",
      "BYTES",
    ];
    expect(new Set(types.map(lakeType)).size).toBe(types.length);
  });
});

describe("a contract", () => {
  const path = mkdtempSync(join(tmpdir(), "swordlake-evolve-"));
  afterAll(() => rmSync(path, { recursive: true }));
  writeFileSync(join(path, "pipeline.ts"), "// a\n// b\nhappened: event({\n  whom: 1 })\n");
  const folder = (fields: z.ZodRawShape): PipelineFolder => ({
    ...definePipeline({
      title: "t",
      topics: { things: topic({ key: "who", events: { happened: event("d", fields) } }) },
    }),
    name: "p",
    path,
    tables: [],
    jobs: [],
    reports: [],
  });
  const applied = (of: PipelineFolder) => ({ lock: contractLock(of), fingerprint: contractFingerprint(of) });
  const before = folder({ who: z.string() });

  it("is written down the first time, and then asks for nothing", () => {
    const first = contractEvolution(before, contractLock(before), undefined);
    expect(first).toMatchObject({ contracts: [{ rolls: false, changes: [] }], problems: [] });
    expect(describeEvolution(first.contracts[0]!)).toBe("+ contract of p is written down");
    expect(contractEvolution(before, undefined, applied(before))).toEqual({ contracts: [], problems: [] });
  });

  it("that grows rolls the API, whether or not its lock is current", () => {
    const grown = folder({ who: z.string(), note: z.string().optional() });
    for (const lock of [undefined, contractLock(before), contractLock(grown)]) {
      const { contracts, problems } = contractEvolution(grown, lock, applied(before));
      expect([contracts, problems]).toMatchObject([
        [{ rolls: true, changes: ["Field 'happened.note' (STRING) is new"] }],
        [],
      ]);
    }
    expect(contractEvolution(grown, contractLock(before), undefined).contracts).toMatchObject([
      { rolls: true },
    ]);
  });

  it("whose default alone changes rolls the API too", () => {
    const [one, two] = [1, 2].map((n) => folder({ who: z.string(), n: z.int().default(n) }));
    expect(contractEvolution(two!, undefined, applied(one!)).contracts).toMatchObject([
      { rolls: true, changes: [] },
    ]);
  });

  it("that breaks what is applied, or what is locked, is refused with file, line and cure, once", () => {
    const renamed = folder({ whom: z.string() });
    for (const [lock, was] of [
      [undefined, applied(before)],
      [contractLock(before), undefined],
      [contractLock(before), applied(before)],
      [contractLock(renamed), applied(before)],
    ] as const)
      expect(contractEvolution(renamed, lock, was).problems).toEqual([
        expect.stringMatching(
          /\.ts:3: Field 'happened\.who' is gone, 'happened\.whom' is new: a rename: .*COALESCE/,
        ),
      ]);
  });

  it("passes where its lock says that the break was agreed to", () => {
    const renamed = folder({ whom: z.string() });
    const what = "Field 'happened.who' is gone, 'happened.whom' is new: a rename";
    expect(contractEvolution(renamed, contractLock(renamed, [what]), applied(before)).problems).toEqual([]);
  });
});

describe("a job that keeps state of its own", () => {
  const shape = { who: z.string() };
  const folder = (fields: z.ZodRawShape, sql: string): PipelineFolder => ({
    ...definePipeline({
      title: "t",
      topics: { things: topic({ key: "who", events: { happened: event("d", fields) } }) },
    }),
    name: "p",
    path: "/x",
    tables: [],
    jobs: [{ name: "counting", path: "/x/jobs/counting.sql", text: sql }],
    reports: [],
  });
  const counting = "INSERT INTO counts SELECT who, COUNT(*) FROM things GROUP BY who;";
  const recorded = (of: PipelineFolder): RecordedJob[] =>
    declaredJobs(of).map((job) => ({
      name: job.name,
      pipeline: "p",
      sqlHash: job.hash,
      definition: { settings: job.settings, statements: job.statements, groups: job.groups },
      desired: "running",
      flinkJobId: job.name,
      restorePath: null,
    }));
  const observed = (jobs: RecordedJob[]) => ({
    topics: ["p.things", "p.quarantine"],
    tables: ["p.log", "p.quarantine"],
    jobs: jobs.map(({ name }) => ({ id: name, name, state: "RUNNING" })),
  });
  const upgraded = (to: PipelineFolder) => {
    const jobs = recorded(folder(shape, counting));
    const actions = reconcile([to], jobs, observed(jobs));
    return { actions: actions.map(describeAction), refused: refusals(actions, jobs) };
  };

  it("goes on from its state where the contract grew and its SQL didn't change", () => {
    const { actions, refused } = upgraded(folder({ ...shape, note: z.string().optional() }, counting));
    expect(actions).toContainEqual(expect.stringContaining("job p/counting"));
    expect(refused).toEqual([]);
  });

  it("is refused where its SQL changed as well", () => {
    const { refused } = upgraded(
      folder({ ...shape, note: z.string().optional() }, counting.replaceAll("who", "note")),
    );
    expect(refused).toEqual([expect.stringMatching(/^Job p\/counting keeps state of its own/)]);
  });
});
