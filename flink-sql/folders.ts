// Finds pipelines: every folder under flink-sql/ (or SWORDLAKE_PIPELINES) that has a pipeline.ts.
// Reports every mistake of every folder at once; loads nothing else and opens no connection.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { z } from "zod";
import { alertNames, alertProblems, alertTopic } from "./alerts.ts";
import { envelopeColumns, toFlinkType, topicColumns } from "./columns.ts";
import { importDefault } from "./import-source.ts";
import type { EventType, Pipeline, Topic } from "./pipeline.ts";

export interface SqlFile {
  /** File name without its ending: the name of the table, job or report. */
  name: string;
  path: string;
  text: string;
}

export interface PipelineFolder extends Pipeline {
  name: string;
  path: string;
  tables: SqlFile[];
  jobs: SqlFile[];
  reports: SqlFile[];
  /** Fields that have no column type and are left out, as `event.field`; only while its mistakes are looked for. */
  unread?: string[];
}

/** Where the pipelines of this checkout live. */
export const pipelinesRoot = fileURLToPath(new URL(".", import.meta.url));

/** That root and more of them, as SWORDLAKE_PIPELINES has them: a list like PATH. */
export const rootsWith = (more = ""): string[] => [pipelinesRoot, ...more.split(delimiter).filter(Boolean)];

/** Kafka topic of a pipeline's topic. */
export const kafkaTopic = (pipeline: string, topic: string) => `${pipeline}.${topic}`;

/** Every event of a pipeline with the topic that carries it. */
export function eventsOf(
  pipeline: Pipeline,
): { type: string; event: EventType; topicName: string; topic: Topic }[] {
  return Object.entries(pipeline.topics).flatMap(([topicName, topic]) =>
    Object.entries(topic.events).map(([type, event]) => ({ type, event, topicName, topic })),
  );
}

/** Columns that each record has beside its fields, from Kafka or for the engine's own use. */
const recordColumns = ["kafka_partition", "kafka_offset", "kafka_timestamp", "arrived", "copy"];
const ownColumns = [...envelopeColumns.map((column) => column.name), ...recordColumns];

const identifier = /^[a-z][a-z0-9_]{0,62}$/;

/** Files of one kind in name order; a folder that isn't there has none. */
function sqlFiles(folder: string): SqlFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => ({
      name: basename(file, ".sql"),
      path: join(folder, file),
      text: readFileSync(join(folder, file), "utf8"),
    }));
}

/** What is wrong with a declaration, as sentences; empty when all is well. */
export function contractProblems(name: string, pipeline: Pipeline): string[] {
  const problems: string[] = [];
  const named = (kind: string, value: string, shown = value) => {
    if (!identifier.test(value))
      problems.push(`${kind} '${shown}' is no SQL identifier: use a-z, 0-9 and _, a letter first`);
  };
  named("Pipeline folder", name);
  const seen = new Map<string, string>();
  for (const [topicName, topic] of Object.entries(pipeline.topics ?? {})) {
    named("Topic", topicName);
    for (const [type, event] of Object.entries(topic.events)) {
      named("Event", type);
      if (!event.fields?.shape) {
        problems.push(`Event '${type}' has no zod fields: declare it by event("…", { … })`);
        seen.set(type, topicName);
        continue;
      }
      const elsewhere = seen.get(type);
      if (elsewhere)
        problems.push(`Event '${type}' is in topics '${elsewhere}' and '${topicName}': keep one`);
      seen.set(type, topicName);
      if (!(topic.key in event.fields.shape))
        problems.push(`Event '${type}' lacks '${topic.key}', the key of topic '${topicName}': add the field`);
      const computed = Object.keys(event.computed);
      for (const field of [...Object.keys(event.fields.shape), ...computed]) {
        named("Field", field, `${type}.${field}`);
        if (ownColumns.includes(field))
          problems.push(`Field '${type}.${field}' has the name of a column that every event has: rename it`);
      }
      for (const field of computed)
        if (field in event.fields.shape)
          problems.push(`Field '${type}.${field}' is both sent and computed: keep one`);
    }
    try {
      if (problems.length === 0) topicColumns(topic);
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  problems.push(...alertProblems(pipeline, identifier));
  const { batchDate } = pipeline;
  if (batchDate !== undefined && !eventsOf(pipeline).some(({ event }) => batchDate in event.fields.shape))
    problems.push(
      `Field '${batchDate}' is batchDate, and no event has it: name a field with a day or a time`,
    );
  if (seen.size === 0) problems.push("No event is declared: give `topics` at least one topic with one event");
  return problems;
}

/** Names that would stand for two things in one Flink session. */
function nameClashes(pipeline: Pipeline, files: { tables: SqlFile[]; jobs: SqlFile[] }): string[] {
  const own = new Map([
    ["log", "the engine's log of every record"],
    ["quarantine", "the engine's quarantine"],
    ["filtered", "the engine's table of what jobs dropped"],
    ["quarantine_raw", "what is derived from the engine's quarantine"],
    ...alertNames(pipeline).map(({ alert, sink }): [string, string] => [
      sink,
      `what alert '${alert}' is raised by`,
    ]),
    ...Object.keys(pipeline.topics).flatMap((topic): [string, string][] =>
      ["", "_records", "_raw"].map((part) => [`${topic}${part}`, `what is derived from topic '${topic}'`]),
    ),
  ]);
  const topics = Object.keys(pipeline.topics).filter((topic) =>
    Object.keys(pipeline.topics).some((other) => topic === `${other}_records` || topic === `${other}_raw`),
  );
  return [
    ...files.tables
      .filter((table) => own.has(table.name))
      .map((table) => `table '${table.name}' has the name of ${own.get(table.name)}: rename ${table.path}`),
    ...files.jobs
      .filter((job) => job.name === "log")
      .map((job) => `job 'log' has the name of the engine's own job: rename ${job.path}`),
    ...topics.map(
      (topic) => `topic '${topic}' has the name of a table derived from another topic: rename it`,
    ),
    ...Object.keys(pipeline.topics)
      .filter((topic) => ["quarantine", "log", alertTopic].includes(topic))
      .map((topic) => `topic '${topic}' has the name of the engine's own table or topic: rename it`),
  ];
}

/** An import's failure as "file:line: what is wrong", for a mistake in zod and in TypeScript alike. */
function importProblem(file: string, error: Error): string {
  const trace = `${error.message}\n${error.stack}`.replaceAll(pathToFileURL(file).href, file);
  const [, line] = /^(?:\?[^:]*)?:(\d+)/.exec(trace.slice(trace.indexOf(file) + file.length)) ?? [];
  const lines = error.message.split("\n");
  const syntax = lines.find((text) => text.includes("ERROR: "))?.replace(/^.*ERROR: /, "");
  return `${file}${line ? `:${line}` : ""}: ${syntax ?? lines[0]}`;
}

/** Where a file speaks of a problem's first quoted name: of 'event.field', the field after the event, else the event. */
export function whereIn(file: string, problem: string): string {
  const text = readFileSync(file, "utf8");
  let at = 0;
  for (const name of (/'([^']+)'/.exec(problem)?.[1] ?? "").split(".")) {
    const found = new RegExp(`(?<![\\w$])${name.replace(/\W/g, "\\$&")}(?![\\w$])`).exec(text.slice(at));
    if (!name || !found) break;
    at += found.index;
  }
  if (at === 0) return file;
  return `${file}:${text.slice(0, at).split("\n").length}`;
}

/** The contract without the fields that have no column type: what of it can be judged all the same. */
function readable(declared: Pipeline): { pipeline: Pipeline; left: string[] } {
  const left: string[] = [];
  const isColumn = (event: string, field: string, type: unknown) => {
    try {
      toFlinkType(field, type as z.ZodType);
      return true;
    } catch {
      left.push(`${event}.${field}`);
      return false;
    }
  };
  const topics = Object.entries(declared.topics).map(([topicName, topic]) => {
    const events = Object.entries(topic.events).flatMap(([type, event]) => {
      if (!event.fields?.shape) return [];
      const gone = Object.entries(event.fields.shape).filter(([field, zod]) => !isColumn(type, field, zod));
      const mask = Object.fromEntries(gone.map(([field]) => [field, true as const]));
      return [[type, { ...event, fields: event.fields.omit(mask as never) }]];
    });
    return [topicName, { ...topic, events: Object.fromEntries(events) }];
  });
  return { pipeline: { ...declared, topics: Object.fromEntries(topics) }, left };
}

interface LoadedFolder {
  folder: PipelineFolder | undefined;
  problems: string[];
}

async function loadFolder(root: string, name: string): Promise<LoadedFolder> {
  const path = join(root, name);
  const file = join(path, "pipeline.ts");
  let declared: Pipeline | undefined;
  try {
    declared = await importDefault<Pipeline>(file);
  } catch (error) {
    return { folder: undefined, problems: [importProblem(file, error as Error)] };
  }
  if (!declared?.topics)
    return {
      folder: undefined,
      problems: [`${file}: no pipeline is exported. End the file with 'export default definePipeline({…})'.`],
    };
  const files = {
    tables: sqlFiles(join(path, "tables")),
    jobs: sqlFiles(join(path, "jobs")),
    reports: sqlFiles(join(path, "reports")),
  };
  const problems = [
    ...contractProblems(name, declared).map((problem) => `${whereIn(file, problem)}: ${problem}`),
    ...Object.values(files)
      .flat()
      .filter((sql) => !identifier.test(sql.name))
      .map((sql) => `${sql.path}: '${sql.name}' is no SQL identifier: use a-z, 0-9 and _, a letter first`),
  ];
  problems.push(...nameClashes(declared, files).map((problem) => `${path}: ${problem}`));
  const whole = { ...declared, name, path, ...files };
  if (problems.length === 0) return { folder: whole, problems };
  const { pipeline, left } = readable(declared);
  const rest = { ...pipeline, name, path, ...files, unread: left };
  const isReadable =
    contractProblems(name, pipeline).length === 0 && nameClashes(pipeline, files).length === 0;
  return { folder: isReadable ? rest : undefined, problems };
}

export interface Loaded {
  /** Those that load; of one with a mistake in its contract, what can be judged without the field at fault. */
  pipelines: PipelineFolder[];
  /** Every folder's mistakes, each as "file:line: what is wrong". */
  problems: string[];
}

/** All pipelines under the given roots, by name, with what is wrong. */
export async function readPipelines(roots: string[] = [pipelinesRoot]): Promise<Loaded> {
  const found = roots.flatMap((root) =>
    readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, "pipeline.ts")))
      .map((entry) => ({ root, name: entry.name })),
  );
  const loaded = await Promise.all(found.map(({ root, name }) => loadFolder(root, name)));
  return {
    pipelines: loaded.flatMap(({ folder }) => folder ?? []).sort((a, b) => a.name.localeCompare(b.name)),
    problems: loaded.flatMap(({ problems }) => problems),
  };
}

/** All pipelines under the given roots, by name. Throws one error that lists every folder's mistakes. */
export async function loadPipelines(roots: string[] = [pipelinesRoot]): Promise<PipelineFolder[]> {
  const { pipelines, problems } = await readPipelines(roots);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return pipelines;
}
