// What must be done so that the engines match the folders. Pure: three pictures in, actions out.
import { createHash } from "node:crypto";
import { alertTopic } from "../../flink-sql/alerts.ts";
import { filteredName } from "../../flink-sql/filters.ts";
import { kafkaTopic, type PipelineFolder } from "../../flink-sql/folders.ts";
import { quarantineTopic } from "../../flink-sql/log.ts";
import { type Job, jobsOf } from "../../flink-sql/script.ts";
import { tokenize, writtenTables } from "../../flink-sql/statements.ts";
import type { FlinkJob } from "../engines/flink.ts";
import type { RecordedJob } from "../engines/store.ts";
import type { RebuiltTable } from "../rebuild/staged.ts";
import { describeStep, summary, type Verdict } from "../state/verdict.ts";
import { describeEvolution, type Evolution } from "./evolve.ts";

/** What the engines hold now; gathered by observe.ts. */
export interface Observed {
  topics: string[];
  /** Tables in the lake, as `<pipeline>.<table>`. */
  tables: string[];
  jobs: FlinkJob[];
  /** Of topics that are there; absent where Kafka doesn't tell. */
  shapes?: ReadonlyMap<string, TopicShape>;
}

export interface TopicShape {
  partitions: number;
  retentionMs: number;
}

export interface DeclaredJob extends Job {
  pipeline: string;
  /** Of settings and statements; comments and white space don't change it. */
  hash: string;
}

export type Action =
  | Evolution
  /** `removed`: a job has read it, so someone took it away. */
  | { kind: "create-topic"; topic: string; partitions: number; retentionMs: number; removed?: boolean }
  | { kind: "alter-topic"; topic: string; retentionMs: number; was: number }
  /** `dropped`: those of the missing that a job has written to. */
  | { kind: "create-tables"; pipeline: PipelineFolder; missing: string[]; dropped?: string[] }
  | { kind: "cancel-double"; job: string; id: string }
  /** A run that was submitted, but whose id was not written down before a crash. */
  | { kind: "adopt-job"; job: RecordedJob; id: string }
  /** `after`: why it doesn't run, though it was applied. */
  | { kind: "submit-job"; job: DeclaredJob; after?: "stop" | "loss" }
  /** `verdict` is given by judge.ts; none where the old version ran from plain statements. */
  | { kind: "upgrade-job"; job: DeclaredJob; id: string | undefined; verdict?: Verdict }
  /** In place of an upgrade, where it was asked for: see rebuild/. */
  | {
      kind: "rebuild-job";
      job: DeclaredJob;
      id: string | undefined;
      folder: PipelineFolder;
      verdict: Verdict | undefined;
      tables: RebuiltTable[];
    }
  | { kind: "stop-job"; job: RecordedJob; id: string | undefined };

/** Words that make a job's steps keep state of their own, beside the engine's de-duplication. */
const statefulWords = [
  "GROUP",
  "JOIN",
  "OVER",
  "DISTINCT",
  "MATCH_RECOGNIZE",
  "UNION",
  "INTERSECT",
  "EXCEPT",
];

/** Whether a job's own statement keeps state. */
export function keepsState(statement: string): boolean {
  return tokenize(statement).some((t) => t.kind === "word" && statefulWords.includes(t.text.toUpperCase()));
}

export const isEqual = (one: Record<string, string>, other: Record<string, string>) =>
  JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());

export const withoutSpace = (statement: string) =>
  tokenize(statement)
    .filter((token) => token.kind !== "comment")
    .map((token) => (token.kind === "space" ? " " : token.text))
    .join("")
    .trim();

/** The jobs of a pipeline as its folder declares them. */
export function declaredJobs(pipeline: PipelineFolder): DeclaredJob[] {
  return jobsOf(pipeline).map((job) => {
    const text = job.statements.map((statement) => withoutSpace(statement.text)).join(";\n");
    const settings = JSON.stringify(Object.entries(job.settings).sort());
    const hash = createHash("sha256").update(`${settings}\n${text}`).digest("hex").slice(0, 16);
    return { ...job, pipeline: pipeline.name, hash };
  });
}

/** Names of the tables a pipeline has: the engine's three and its own. */
export const tablesOf = (pipeline: PipelineFolder) => [
  "log",
  "quarantine",
  filteredName,
  ...pipeline.tables.map((t) => t.name),
];

/** Of the engine's own topic: time enough to bring a log job back that stood still. */
export const quarantineShape = { partitions: 1, retentionMs: 7 * 24 * 3600 * 1000 };

/** Of the alerts of all names: few, and in one order. */
export const alertShape = { partitions: 1, retentionMs: 7 * 24 * 3600 * 1000 };

/** Topics that a pipeline declares, with the engine's own. */
export function topicsOf(pipeline: PipelineFolder): [string, TopicShape][] {
  const alerts = Object.keys(pipeline.alerts).length > 0 ? { [alertTopic]: alertShape } : {};
  const topics = { ...pipeline.topics, [quarantineTopic]: quarantineShape, ...alerts };
  return Object.entries(topics).map(([name, { partitions, retentionMs }]) => [
    kafkaTopic(pipeline.name, name),
    { partitions, retentionMs },
  ]);
}

function topicActions(pipelines: PipelineFolder[], recorded: RecordedJob[], observed: Observed): Action[] {
  return pipelines.flatMap((pipeline) => {
    const wasRead = recorded.some((job) => job.pipeline === pipeline.name && job.flinkJobId !== null);
    return topicsOf(pipeline).flatMap(([topic, { partitions, retentionMs }]): Action[] => {
      if (!observed.topics.includes(topic)) {
        const isKnown = recorded.some(
          (job) =>
            job.pipeline === pipeline.name &&
            Object.keys(job.definition.groups).some((name) => kafkaTopic(pipeline.name, name) === topic),
        );
        const removed = wasRead && isKnown;
        return [{ kind: "create-topic", topic, partitions, retentionMs, ...(removed ? { removed } : {}) }];
      }
      const was = observed.shapes?.get(topic)?.retentionMs ?? retentionMs;
      return was === retentionMs ? [] : [{ kind: "alter-topic", topic, retentionMs, was }];
    });
  });
}

/** What apply leaves as it is, since Kafka can't undo it or rows would change places: a sentence each, with the cure. */
export function driftNotes(pipelines: PipelineFolder[], observed: Observed): string[] {
  return pipelines.flatMap((pipeline) =>
    topicsOf(pipeline).flatMap(([topic, { partitions }]) => {
      const actual = observed.shapes?.get(topic)?.partitions ?? partitions;
      if (actual === partitions) return [];
      return actual > partitions
        ? [
            `! topic ${topic} has ${actual} partitions, ${partitions} are declared: Kafka takes none away. ` +
              `Declare ${actual} in ${pipeline.path}/pipeline.ts`,
          ]
        : [
            `! topic ${topic} has ${actual} partitions, ${partitions} are declared: apply adds none, since keys would ` +
              `move to other partitions while old records of theirs wait. Declare ${actual}, or a topic of a new name`,
          ];
    }),
  );
}

function tableActions(pipelines: PipelineFolder[], recorded: RecordedJob[], observed: Observed): Action[] {
  return pipelines.flatMap((pipeline): Action[] => {
    const missing = tablesOf(pipeline).filter(
      (table) => !observed.tables.includes(`${pipeline.name}.${table}`),
    );
    if (missing.length === 0) return [];
    const written = recorded
      .filter((job) => job.pipeline === pipeline.name)
      .flatMap((job) => writtenTables(job.definition.statements));
    const dropped = missing.filter((table) => written.includes(table));
    return [{ kind: "create-tables", pipeline, missing, ...(dropped.length > 0 ? { dropped } : {}) }];
  });
}

function jobActions(job: DeclaredJob, recorded: RecordedJob | undefined, observed: Observed): Action[] {
  const running = observed.jobs.filter((live) => live.name === job.name);
  const kept = running.find((live) => live.id === recorded?.flinkJobId) ?? running[0];
  const doubles = running
    .filter((live) => live !== kept)
    .map((live): Action => ({ kind: "cancel-double", job: job.name, id: live.id }));
  if (recorded && recorded.sqlHash !== job.hash)
    return [...doubles, { kind: "upgrade-job", job, id: kept?.id }];
  if (!kept) {
    const after = recorded && (recorded.desired === "running" ? ("loss" as const) : ("stop" as const));
    return [{ kind: "submit-job", job, ...(after ? { after } : {}) }];
  }
  if (recorded && recorded.flinkJobId !== kept.id)
    return [...doubles, { kind: "adopt-job", job: recorded, id: kept.id }];
  return doubles;
}

/**
 * The actions in their order; empty where all is as declared. `only` limits them to the given
 * pipelines: jobs of others are neither started nor stopped.
 */
export function reconcile(
  pipelines: PipelineFolder[],
  recorded: RecordedJob[],
  observed: Observed,
  only: string[] = pipelines.map((pipeline) => pipeline.name),
): Action[] {
  const wanted = pipelines.filter((pipeline) => only.includes(pipeline.name));
  const jobs = wanted.flatMap((pipeline) => declaredJobs(pipeline));
  const names = new Set(jobs.map((job) => job.name));
  const gone = recorded.filter(
    (job) => job.desired === "running" && only.includes(job.pipeline) && !names.has(job.name),
  );
  return [
    ...topicActions(wanted, recorded, observed),
    ...tableActions(wanted, recorded, observed),
    ...gone.map(
      (job): Action => ({
        kind: "stop-job",
        job,
        id: observed.jobs.find((live) => live.name === job.name)?.id,
      }),
    ),
    ...jobs.flatMap((job) =>
      jobActions(
        job,
        recorded.find((known) => known.name === job.name),
        observed,
      ),
    ),
  ];
}

/** The pipeline an action is about. */
export function pipelineOf(action: Action): string {
  switch (action.kind) {
    case "create-topic":
    case "alter-topic":
      return action.topic.split(".")[0] ?? "";
    case "create-tables":
    case "add-columns":
    case "change-contract":
      return action.pipeline.name;
    case "cancel-double":
      return action.job.split("/")[0] ?? "";
    default:
      return action.job.pipeline;
  }
}

const rebuiltNames = (tables: RebuiltTable[]) => {
  const own = tables.filter(({ name }) => name !== filteredName).map(({ name }) => name);
  return own.length === 1 ? `table ${own[0]} is` : `tables ${own.join(", ")} are`;
};

const dayMs = 24 * 3600 * 1000;
const days = (ms: number) => (ms < 0 ? "for good" : ms % dayMs === 0 ? `${ms / dayMs} days` : `${ms} ms`);

const returns = {
  stop: ": it was stopped; it goes on from its savepoint",
  loss: ": it should run and doesn't (cancelled by hand, or lost); it goes on from its newest checkpoint",
};

/** A line a person can read; below a changed job, one for each of its steps that has state. */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case "add-columns":
    case "change-contract":
      return describeEvolution(action);
    case "create-topic":
      return (
        `+ topic ${action.topic} (${action.partitions} partitions)` +
        (action.removed
          ? ": it was removed by hand. What had not landed is lost, and offsets begin at 0 again: the ledger says so"
          : "")
      );
    case "alter-topic":
      return `~ topic ${action.topic}: retention is ${days(action.was)}, ${days(action.retentionMs)} is declared`;
    case "create-tables":
      return (
        `+ tables in lake.${action.pipeline.name}: ${action.missing.join(", ")}` +
        (action.dropped
          ? `; dropped by hand: ${action.dropped.join(", ")}. Their rows are gone: ` +
            `'npx swordlake replay ${action.pipeline.name}' fills them from the log`
          : "")
      );
    case "cancel-double":
      return `- second run ${action.id} of job ${action.job}`;
    case "adopt-job":
      return `~ job ${action.job.name}: its run ${action.id} is written down`;
    case "submit-job":
      return `+ job ${action.job.name}${action.after ? returns[action.after] : ""}`;
    case "upgrade-job":
      return [
        `~ job ${action.job.name}: its SQL changed; ${summary(action.verdict)}`,
        ...(action.verdict?.steps.map((step) => `    ${describeStep(step)}`) ?? []),
      ].join("\n");
    case "rebuild-job":
      return [
        `~ job ${action.job.name}: its SQL changed; rebuilt: ${rebuiltNames(action.tables)} filled beside the live ones from ` +
          "Kafka's first offset while the old version goes on; readers see each table before or after",
        ...(action.verdict?.steps.map((step) => `    ${describeStep(step)}`) ?? []),
      ].join("\n");
    case "stop-job":
      return `- job ${action.job.name}: no longer declared; stopped with a savepoint`;
  }
}
