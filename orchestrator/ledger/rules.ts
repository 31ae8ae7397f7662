// Which events a table takes, and how it keeps them: read from the folder's own INSERTs and CREATE TABLEs. Pure.
import { alertNames } from "../../flink-sql/alerts.ts";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { type Insert, insertsOf, splitStatements } from "../../flink-sql/statements.ts";
import { type DeclaredTable, declaredTables, holdsEvents, keepsLatest } from "../../flink-sql/tables.ts";

/** What a table takes of one topic. */
export interface TableRule {
  table: string;
  topic: string;
  /** Event types that the INSERTs name; all of the topic's where one names none. A type is in it once per INSERT. */
  takes: string[];
  /** Columns of which the table keeps the latest row; empty where it keeps every row. */
  key: DeclaredTable["columns"];
  /** Whether rows of other topics are in it too; its event_type tells them apart. */
  isShared: boolean;
}

const viewStart = /^CREATE\s+(?:TEMPORARY\s+)?VIEW\s+(?:IF\s+NOT\s+EXISTS\s+)?`?(\w+)`?/i;

/** INSERTs of a job with the words and literals of the views that they read. */
function insertsThroughViews(sql: string): Insert[] {
  const statements = splitStatements(sql).map(({ text }) => text);
  const views = new Map(
    statements.flatMap((text) => {
      const name = viewStart.exec(text)?.[1];
      return name ? [[name, insertsOf(`INSERT INTO ${name} ${text}`)[0]!] as const] : [];
    }),
  );
  const withViews = (insert: Insert, seen: string[]): Insert => {
    const read = [...new Set(insert.words)].filter((word) => views.has(word) && !seen.includes(word));
    const deeper = read.map((name) => withViews(views.get(name)!, [...seen, name]));
    return {
      table: insert.table,
      words: [...insert.words, ...deeper.flatMap(({ words }) => words)],
      literals: [...insert.literals, ...deeper.flatMap(({ literals }) => literals)],
    };
  };
  return statements
    .filter((text) => !viewStart.test(text))
    .flatMap(insertsOf)
    .map((insert) => withViews(insert, []));
}

/** Each table written by the pipeline's jobs, once per topic it takes events of. */
function writtenTables(pipeline: PipelineFolder): Pick<TableRule, "table" | "topic" | "takes">[] {
  const rules = new Map<string, Pick<TableRule, "table" | "topic" | "takes">>();
  for (const insert of pipeline.jobs.flatMap((job) => insertsThroughViews(job.text)))
    for (const [topic, { events }] of Object.entries(pipeline.topics)) {
      if (!insert.words.includes(topic) && !insert.words.includes(`${topic}_records`)) continue;
      const named = Object.keys(events).filter((type) => insert.literals.includes(type));
      const rule = rules.get(`${insert.table}/${topic}`) ?? { table: insert.table, topic, takes: [] };
      rule.takes.push(...(named.length > 0 ? named : Object.keys(events)));
      rules.set(`${insert.table}/${topic}`, rule);
    }
  return [...rules.values()];
}

/**
 * One rule per table of events and topic. A table without places is none: its rows are counts,
 * alerts or the like. A table that nobody can read is taken for one of events.
 */
export function tableRules(pipeline: PipelineFolder): TableRule[] {
  const declared = new Map(declaredTables(pipeline).map((table) => [table.name, table]));
  // What a job raises as an alert goes to a topic.
  const sinks = alertNames(pipeline).map(({ sink }) => sink);
  const written = writtenTables(pipeline).filter(({ table }) => {
    if (sinks.includes(table)) return false;
    const known = declared.get(table);
    return !known || holdsEvents(known);
  });
  return written.map((rule) => {
    const table = declared.get(rule.table);
    const key =
      table && keepsLatest(table) ? table.columns.filter(({ name }) => table.key.includes(name)) : [];
    return { ...rule, key, isShared: written.filter((other) => other.table === rule.table).length > 1 };
  });
}

/** What keeps the ledger from finding the rows of a table, as sentences with the file's path. */
export function placeProblems(pipeline: PipelineFolder): string[] {
  const rules = writtenTables(pipeline);
  return declaredTables(pipeline).flatMap((table) => {
    const written = rules.filter((rule) => rule.table === table.name);
    const has = (name: string) => table.columns.some((column) => column.name === name);
    const places = ["kafka_partition", "kafka_offset"].filter(has);
    if (written.length === 0 || places.length === 0) return [];
    const where = `${table.file.path}:1: table '${table.name}'`;
    const needed = [
      "event_id",
      "kafka_partition",
      "kafka_offset",
      ...(written.length > 1 ? ["event_type"] : []),
    ];
    const missing = needed.filter((name) => !has(name));
    const fields = written.flatMap(({ topic }) => fieldsOf(pipeline, topic));
    const foreign = keepsLatest(table) ? table.key.filter((name) => !fields.includes(name)) : [];
    return [
      ...(missing.length > 0
        ? [
            `${where} lacks ${missing.join(", ")}: the ledger finds rows by them. Add event_id STRING, ` +
              `kafka_partition INT, kafka_offset BIGINT${needed.length > 3 ? ", event_type STRING" : ""}, and fill them in the job.`,
          ]
        : []),
      ...(keepsLatest(table) && pipeline.parallelism > 1 && !isOrdered(pipeline, table.name)
        ? [
            `${where} keeps the latest row of a key, and parallelism ${pipeline.parallelism} loses their order: use parallelism 1, ` +
              `or in the job ROW_NUMBER() OVER (PARTITION BY ${table.key.join(", ")} ORDER BY kafka_offset DESC) = 1.`,
          ]
        : []),
      ...foreign.map(
        (name) =>
          `${where} keeps the latest row by '${name}', which is no field of its events: the ledger finds the row of ` +
          "a key by the field of its name. Name the column as the field, and pass it as it is.",
      ),
    ];
  });
}

/** Whether every INSERT into a table brings the rows of a key back into their order. */
const isOrdered = (pipeline: PipelineFolder, table: string): boolean =>
  pipeline.jobs
    .flatMap((job) => insertsThroughViews(job.text))
    .filter((insert) => insert.table === table)
    .every(({ words }) => words.some((word) => word.toUpperCase() === "ROW_NUMBER"));

const envelopeKeys = ["event_id", "event_type", "event_time"];

const fieldsOf = (pipeline: PipelineFolder, topic: string) => [
  ...envelopeKeys,
  ...Object.values(pipeline.topics[topic]!.events).flatMap((event) => [
    ...Object.keys(event.fields.shape),
    ...Object.keys(event.computed),
  ]),
];
