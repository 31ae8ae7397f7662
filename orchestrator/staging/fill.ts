// Runs the folder's own SQL bounded on Flink into staging tables, from records in files; and clears what a run left.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { filteredTable } from "../../flink-sql/filters.ts";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { logJob } from "../../flink-sql/log.ts";
import {
  catalogStatements,
  derivedSource,
  type Job,
  jobsOf,
  type SourcedStatement,
} from "../../flink-sql/script.ts";
import { eventsView, recordsFromFile } from "../../flink-sql/source.ts";
import { withoutSink, writtenTables } from "../../flink-sql/statements.ts";
import type { TableFile } from "../../flink-sql/tables.ts";
import { waitFor } from "../../stack/wait.ts";
import { keepsState } from "../deploy/reconcile.ts";
import type { Engines } from "../engines/engines.ts";
import { runStatements } from "../state/compile.ts";
import { type Purpose, recordsFile, stagingSchema, stagingTable } from "./tables.ts";

export interface Staging {
  engines: Engines;
  pipeline: PipelineFolder;
  purpose: Purpose;
  /** Files of records; Flink and this machine see it under one path. */
  folder: string;
  progress: (line: string) => void;
}

const jobMsMax = 12 * 3600 * 1000;
const jobName = ({ purpose, pipeline }: Staging, job: string) => `${purpose} ${pipeline.name}/${job}`;

/** Removes what an earlier run left: jobs, staging tables, files. */
async function clear(staging: Staging): Promise<void> {
  const { flink, lake } = staging.engines;
  const left = (await flink.liveJobs()).filter((job) => job.name.startsWith(jobName(staging, "")));
  for (const job of left) await flink.cancel(job.id);
  const schema = stagingSchema(staging.pipeline.name, staging.purpose);
  await lake.query(`DROP SCHEMA IF EXISTS lake.${schema} CASCADE`);
  rmSync(staging.folder, { recursive: true, force: true });
}

/** Works on a cleared stage and clears it afterwards; whatever a run that died left is cleared first. */
export async function onStaging<T>(
  { engines, pipeline, purpose, progress }: Omit<Staging, "folder">,
  work: (staging: Staging) => Promise<T>,
): Promise<T> {
  // Beside the checkpoints: that folder has one path for Flink and for this machine, in every mode.
  const folder = join(engines.connection.checkpoints, purpose, pipeline.name);
  const staging = { engines, pipeline, purpose, folder, progress };
  await clear(staging);
  mkdirSync(folder, { recursive: true, mode: 0o777 });
  try {
    return await work(staging);
  } finally {
    await clear(staging).catch(() => undefined); // the next run clears it
  }
}

/** Runs statements in a session over the staging schema; waits for the job that the last one starts. */
async function runBounded(
  { engines, pipeline, purpose, progress }: Staging,
  { settings, statements }: Pick<Job, "settings" | "statements">,
): Promise<void> {
  const { connection, flink } = engines;
  const bounded = {
    ...settings,
    // Files are committed now and then, not every two seconds: fewer of them. What fails is run again as a whole.
    "execution.checkpointing.interval": "10 s",
    "restart-strategy.type": "none",
  };
  const id = await runStatements(connection, bounded, [
    ...catalogStatements(stagingSchema(pipeline.name, purpose), connection.store),
    ...statements,
  ]);
  if (!id) return;
  const startedAt = Date.now();
  const name = settings["pipeline.name"];
  let state = "";
  await waitFor(
    `${name} has ended`,
    async () => {
      const now = await flink.progress(id);
      state = now.state;
      const read = now.recordsRead > 0 ? `${now.recordsRead.toLocaleString("en")} records read, ` : "";
      progress(`${name}: ${state.toLowerCase()}, ${read}${Math.round((Date.now() - startedAt) / 1000)} s`);
      return ["FINISHED", "FAILED", "CANCELED"].includes(state);
    },
    { intervalMs: 500, timeoutMs: jobMsMax },
  );
  if (state !== "FINISHED") throw new Error(`${name} has ${state.toLowerCase()}: ${await flink.failure(id)}`);
}

export const derived = (text: string): SourcedStatement => ({ text, source: derivedSource });

/** A job's file over the records in files: the tables to fill are staging ones, all others swallow their rows. */
function boundedJob(staging: Staging, filled: TableFile[], job: Job, sources: SourcedStatement[]): Job {
  const { pipeline } = staging;
  const own = job.statements.filter(({ source }) => source !== sources[0]?.source);
  const others = pipeline.tables.filter(({ name }) => !filled.some((table) => table.name === name));
  const name = job.name.slice(pipeline.name.length + 1);
  return {
    ...job,
    settings: { ...job.settings, "pipeline.name": jobName(staging, name) },
    statements: [
      ...sources,
      ...others.map(({ text, path }) => ({ text: withoutSink(text), source: `${path}:1` })),
      ...own.map(({ text, source }) =>
        /^CREATE\s+(TEMPORARY\s+)?TABLE\b/i.test(text)
          ? { text: withoutSink(text), source }
          : { text, source },
      ),
    ],
  };
}

/**
 * Fills staging tables from the files of records by the same SQL that lands the stream. `first` are statements
 * that run before it, in a session of their own that knows the records and the tables.
 */
export async function fill(
  staging: Staging,
  filled: TableFile[],
  first: { settings?: Record<string, string>; statements: SourcedStatement[] },
): Promise<void> {
  const { pipeline, folder } = staging;
  const sources = Object.entries(pipeline.topics).flatMap(([name, topic]) =>
    [recordsFromFile(name, topic, `file://${join(folder, recordsFile(name))}`), eventsView(name, topic)].map(
      derived,
    ),
  );
  const fills = ({ statements }: Job) =>
    writtenTables(statements).some((table) => filled.some(({ name }) => name === table));
  const jobs = jobsOf(pipeline).filter((job) => job.name !== `${pipeline.name}/${logJob}` && fills(job));
  const isUpdated = jobs.some((job) => keepsState(job.statements.at(-1)?.text ?? ""));
  const tables = filled.map((table) => ({
    text: stagingTable(table, isUpdated),
    source: `${table.file.path}:1`,
  }));
  const settings = {
    "pipeline.name": jobName(staging, "rows"),
    "parallelism.default": "1",
    ...first.settings,
  };
  const dropped = derived(filteredTable);
  await runBounded(staging, { settings, statements: [...tables, dropped, ...sources, ...first.statements] });
  for (const job of jobs) await runBounded(staging, boundedJob(staging, filled, job, sources));
}
