// The full Flink SQL of a pipeline: catalog, tables, sources, then a job. Addresses stay ${NAME} here,
// so that a job's text is the same wherever it runs; render.ts fills them in when it is submitted.
import { alertNames, alertSink } from "./alerts.ts";
import { filteredTable, withFiltered } from "./filters.ts";
import type { PipelineFolder, SqlFile } from "./folders.ts";
import { logJob, logStatements, logTable, quarantineTable } from "./log.ts";
import { namesIn, render } from "./render.ts";
import { eventsView, recordsTable } from "./source.ts";
import { splitStatements, tokenize } from "./statements.ts";

/** Values for ${NAME} in SQL: addresses as the engines see them. No secret is among them. */
export interface SqlValues extends Record<string, string> {
  KAFKA: string;
  CATALOG_JDBC: string;
  WAREHOUSE: string;
  S3_ENDPOINT: string;
}

/** A statement with where it comes from, for errors that name file and line. */
export interface SourcedStatement {
  text: string;
  source: string;
}

/** Where the statements of a job are from that the contract alone makes. */
export const derivedSource = "derived from pipeline.ts";

export interface Job {
  /** `<pipeline>/<file>`: Flink's pipeline.name, and the consumer group in Kafka. */
  name: string;
  /** Session settings beside the catalog. */
  settings: Record<string, string>;
  /** Everything before the last are temporary tables and views; the last one starts the job. */
  statements: SourcedStatement[];
  /** Consumer groups of its sources, by topic name. */
  groups: Record<string, string[]>;
}

/** The lake's catalog; without secrets: Flink's processes have those from their environment. */
export function catalogStatements(pipeline: string, store: "minio" | "hdfs"): SourcedStatement[] {
  const s3 =
    store === "minio"
      ? [
          "'io-impl' = 'org.apache.iceberg.aws.s3.S3FileIO'",
          "'s3.endpoint' = '${S3_ENDPOINT}'",
          "'s3.path-style-access' = 'true'",
          "'client.region' = 'us-east-1'",
        ]
      : [];
  const options = [
    "'type' = 'iceberg'",
    "'catalog-impl' = 'org.apache.iceberg.jdbc.JdbcCatalog'",
    "'uri' = '${CATALOG_JDBC}'",
    "'jdbc.user' = 'catalog'",
    "'jdbc.schema-version' = 'V1'",
    "'retryable_status_codes' = '57000,57P03,57P04,08000,08003,08006'",
    "'warehouse' = '${WAREHOUSE}'",
    ...s3,
  ].join(",\n  ");
  const texts = [
    `CREATE CATALOG lake WITH (\n  ${options}\n)`,
    "USE CATALOG lake",
    `CREATE DATABASE IF NOT EXISTS ${pipeline}`,
    `USE ${pipeline}`,
  ];
  return texts.map((text) => ({ text, source: "the lake's catalog" }));
}

const fromFile = (file: SqlFile): SourcedStatement[] => {
  try {
    return splitStatements(file.text).map(({ text, line }) => ({ text, source: `${file.path}:${line}` }));
  } catch (error) {
    const [, line = "1", what] = /^line (\d+): (.*)$/.exec((error as Error).message) ?? [];
    throw new Error(`${file.path}:${line}: ${what ?? (error as Error).message}`, { cause: error });
  }
};

/** A job's statements with the pipeline's settings filled in: they are part of what the job is. */
function withSettings(statements: SourcedStatement[], settings: Record<string, string>): SourcedStatement[] {
  return statements.map(({ text, source }) => {
    // Other names are the engine's, and filled in when the job is submitted.
    const left = Object.fromEntries(namesIn(text).map((name) => [name, `\${${name}}`]));
    return { text: namesIn(text).length > 0 ? render(text, { ...left, ...settings }) : text, source };
  });
}

/** All Iceberg tables: the engine's three, then the folder's own. */
export function tableStatements(pipeline: PipelineFolder): SourcedStatement[] {
  const own = [logTable, quarantineTable, filteredTable].map((text) => ({
    text,
    source: "the engine's own tables",
  }));
  return [...own, ...pipeline.tables.flatMap(fromFile)];
}

/** The jobs of a pipeline: the engine's log job and one per file under jobs/. */
export function jobsOf(pipeline: PipelineFolder): Job[] {
  const settings = (name: string) => ({
    "pipeline.name": name,
    "parallelism.default": String(pipeline.parallelism),
    "execution.checkpointing.interval": `${pipeline.freshnessMs} ms`,
    // One de-duplication for all tables of a job, instead of one for each.
    "table.optimizer.reuse-optimize-block-with-digest-enabled": "true",
    "table.exec.state.ttl": `${pipeline.deduplicationMs} ms`,
  });
  const topics = Object.keys(pipeline.topics);
  const log = `${pipeline.name}/${logJob}`;
  const engineJob: Job = {
    name: log,
    settings: settings(log),
    statements: logStatements(pipeline, log).map((text) => ({ text, source: "the log job" })),
    groups: Object.fromEntries(topics.map((topic) => [topic, [`${log}.raw`, `${log}.records`]])),
  };
  const fileJobs = pipeline.jobs.map((file): Job => {
    const name = `${pipeline.name}/${file.name}`;
    const sources = Object.entries(pipeline.topics).flatMap(([topicName, topic]) => [
      recordsTable(pipeline, topicName, topic, name),
      eventsView(topicName, topic),
    ]);
    const own = withSettings(fromFile(file), pipeline.settings);
    const words = own
      .flatMap(({ text }) => tokenize(text))
      .filter((t) => t.kind === "word" || t.kind === "name");
    const named = new Set(words.map((token) => token.text.replaceAll("`", "")));
    const sinks = alertNames(pipeline).filter(({ sink }) => named.has(sink));
    const read = topics.filter((topic) => named.has(topic) || named.has(`${topic}_records`));
    return {
      name,
      settings: settings(name),
      statements: [
        ...sources.map((text) => ({ text, source: derivedSource })),
        ...sinks.map(({ alert }) => ({
          text: alertSink(pipeline, alert),
          source: "the alerts of pipeline.ts",
        })),
        ...own.map(({ text, source }) => ({ text: withFiltered(pipeline, text), source })),
      ],
      groups: Object.fromEntries(read.map((topic) => [topic, [name]])),
    };
  });
  return [engineJob, ...fileJobs];
}

/** Takes back what a job's own SETs did to a session that goes on with another job. */
export const resetsOf = (job: Job): SourcedStatement[] =>
  job.statements.flatMap(({ text, source }) => {
    const name = /^SET\s+('(?:[^']|'')*')/i.exec(text)?.[1];
    return name ? [{ text: `RESET ${name}`, source }] : [];
  });
