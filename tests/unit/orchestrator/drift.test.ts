// What was changed by hand: told apart from what is new, repaired where that is safe, else said with the cure.
import { expect, it } from "vitest";
import { type Loaded, loadPipelines, readPipelines } from "../../../flink-sql/folders.ts";
import { moved, nameOf, toChanges } from "../../../orchestrator/deploy/changes.ts";
import {
  declaredJobs,
  describeAction,
  driftNotes,
  type Observed,
  reconcile,
  tablesOf,
  topicsOf,
} from "../../../orchestrator/deploy/reconcile.ts";
import { settingsOf, settingsRequest } from "../../../orchestrator/engines/kafka-settings.ts";
import type { RecordedJob } from "../../../orchestrator/engines/store.ts";
import { catalogue as files, inThisProcess, writeFolder } from "../../support/folder.ts";

const catalogue = inThisProcess(files);

const [pipeline] = await loadPipelines([writeFolder("shelf", catalogue)]);
const folder = pipeline!;
const jobs = declaredJobs(folder);
const recorded = jobs.map(
  ({ name, hash, settings, statements, groups }): RecordedJob => ({
    name,
    pipeline: "shelf",
    sqlHash: hash,
    definition: { settings, statements, groups },
    desired: "running",
    flinkJobId: `id of ${name}`,
    restorePath: null,
  }),
);
const topics = topicsOf(folder);
const well: Observed = {
  topics: topics.map(([topic]) => topic),
  tables: tablesOf(folder).map((table) => `shelf.${table}`),
  jobs: jobs.map(({ name }) => ({ id: `id of ${name}`, name, state: "RUNNING" })),
  shapes: new Map(topics),
};
const plan = (over: Partial<Observed>, known = recorded) =>
  reconcile([folder], known, { ...well, ...over }).map(describeAction);

it("is none where all is as declared", () => {
  expect(plan({})).toEqual([]);
  expect(driftNotes([folder], well)).toEqual([]);
});

it("is a job that was cancelled, and not one that was stopped or is new", () => {
  const rest = well.jobs.filter(({ name }) => name !== "shelf/landing");
  expect(plan({ jobs: rest })).toEqual([
    "+ job shelf/landing: it should run and doesn't (cancelled by hand, or lost); it goes on from its newest checkpoint",
  ]);
  const stopped = recorded.map((job) => ({ ...job, desired: "stopped" as const }));
  expect(plan({ jobs: rest }, stopped)).toEqual([expect.stringMatching(/it was stopped; .* its savepoint$/)]);
  expect(plan({ jobs: [] }, [])).toEqual(jobs.map(({ name }) => `+ job ${name}`));
});

it("is a table that a job has written to", () => {
  const rest = well.tables.filter((table) => table !== "shelf.counts");
  expect(plan({ tables: rest })).toEqual([
    "+ tables in lake.shelf: counts; dropped by hand: counts. Their rows are gone: 'npx swordlake replay shelf' " +
      "fills them from the log",
  ]);
  expect(plan({ tables: [], jobs: [] }, [])[0]).not.toMatch(/by hand/);
});

it("is a topic that a job reads, and its retention", () => {
  expect(plan({ topics: well.topics.filter((topic) => topic !== "shelf.items") })).toEqual([
    expect.stringMatching(/^\+ topic shelf\.items \(\d+ partitions\): it was removed by hand\. .* is lost/),
  ]);
  const shapes = new Map(topics).set("shelf.items", { ...topics[0]![1], retentionMs: 3_600_000 });
  expect(plan({ shapes })).toEqual([
    expect.stringMatching(/^~ topic shelf\.items: retention is 3600000 ms, \d+ days is declared$/),
  ]);
});

it("is only said where Kafka can't undo it, or keys would move", () => {
  const { partitions, retentionMs } = topics[0]![1];
  const notes = (now: number) =>
    driftNotes([folder], {
      ...well,
      shapes: new Map(topics).set("shelf.items", { partitions: now, retentionMs }),
    });
  expect(notes(partitions + 2)).toEqual([expect.stringMatching(/Kafka takes none away\. Declare \d+ in/)]);
  expect(notes(partitions - 1)).toEqual([expect.stringMatching(/apply adds none, since keys would move/)]);
});

it("names what has moved between two plans", () => {
  const changes = (over: Partial<Observed>) =>
    toChanges(reconcile([folder], recorded, { ...well, ...over }), recorded);
  const none = changes({});
  const cancelled = changes({ jobs: well.jobs.filter(({ name }) => name !== "shelf/landing") });
  expect(nameOf(none)).not.toBe(nameOf(cancelled));
  expect(moved(none, cancelled)).toEqual([
    expect.stringMatching(/to be done now, and not planned: \+ job shelf\/landing/),
  ]);
  expect(moved(cancelled, none)).toEqual([
    expect.stringMatching(/planned, and not to be done any more: \+ job/),
  ]);
  const other = cancelled.map((change) => ({ ...change, diff: [] }));
  expect(moved(other, cancelled)).toEqual([expect.stringMatching(/planned with other SQL/)]);
});

it("reads a topic's setting as Kafka sends it", () => {
  expect(settingsRequest(["t"], "k").toString("hex")).toBe("0000000102000174000000010001" + "6b" + "00");
  const name = Buffer.from("retention.ms");
  const int16 = (n: number) => Buffer.from([n >> 8, n & 255]);
  const config = [int16(name.length), name, int16(2), Buffer.from("-1"), Buffer.from([0, 5, 0, 0, 0, 0, 0])];
  const found = Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 255, 255, 2, 0, 1]),
    Buffer.from("t"),
    Buffer.from([0, 0, 0, 1]),
    ...config,
    // A topic that is gone: an error, and nothing of it.
    Buffer.from([0, 3, 255, 255, 2, 0, 1]),
    Buffer.from("u"),
    Buffer.from([0, 0, 0, 0]),
  ]);
  expect(settingsOf(found, "retention.ms")).toEqual(new Map([["t", "-1"]]));
});

it("judges what it can of a contract with a field at fault", async () => {
  const fault = catalogue["pipeline.ts"]!.replace(
    "title: z.string(),",
    "title: z.string(), extra: z.map(z.string(), z.string()),",
  );
  const root = writeFolder("faulty", { ...catalogue, "pipeline.ts": fault });
  const { pipelines, problems }: Loaded = await readPipelines([root]);
  expect(problems).toEqual([expect.stringMatching(/pipeline\.ts:\d+: Field 'item\.extra' is a zod 'map'/)]);
  expect(pipelines).toHaveLength(1);
  expect(pipelines[0]!.unread).toEqual(["item.extra"]);
  expect(Object.keys(pipelines[0]!.topics.items!.events.item!.fields.shape)).toEqual([
    "sku",
    "title",
    "price",
  ]);
  await expect(loadPipelines([root])).rejects.toThrow(/item\.extra/);
  const unread = writeFolder("broken", {
    ...catalogue,
    "pipeline.ts": catalogue["pipeline.ts"]!.replace("z.string()", "z.strin()"),
  });
  const none = await readPipelines([unread]);
  expect(none.pipelines).toEqual([]);
  expect(none.problems).toEqual([expect.stringMatching(/pipeline\.ts:\d+: .*strin/)]);
});
