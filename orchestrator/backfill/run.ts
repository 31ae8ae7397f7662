// A batch: one day's rows of files through the folder's own SQL, run bounded on Flink into staging tables,
// then moved into the live ones. Whatever a run that died left behind is cleared first; a second run adds nothing.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import pRetry from "p-retry";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { logJob } from "../../flink-sql/log.ts";
import { render } from "../../flink-sql/render.ts";
import { catalogStatements, type Job, jobsOf, type SourcedStatement } from "../../flink-sql/script.ts";
import { eventsView, recordsFromFile } from "../../flink-sql/source.ts";
import { insertsOf, withoutSink } from "../../flink-sql/statements.ts";
import { waitFor } from "../../stack/wait.ts";
import { keepsState } from "../deploy/reconcile.ts";
import { located } from "../deploy/validate.ts";
import type { Engines } from "../engines/engines.ts";
import { FlinkSqlError, openSession } from "../engines/gateway.ts";
import { TrinoError } from "../engines/trino.ts";
import { type Batch, badRowsFile, type RowCounts, recordsFile, writeRows } from "./rows.ts";
import {
  countsQuery,
  filledTables,
  moves,
  quarantineMove,
  readStatements,
  stagingSchema,
  stagingTable,
} from "./sql.ts";

/** Rows of files by what became of them: read = otherDays + landed + alreadyThere + filtered + quarantined. */
export interface Backfilled extends Omit<RowCounts, "accepted"> {
  pipeline: string;
  date: string;
  landed: number;
  /** In the lake before, or twice in the files. */
  alreadyThere: number;
  /** No table of events takes them. */
  filtered: number;
  /** Tables that are not of events: their own jobs fill them, from the topics. */
  untouched: string[];
}

type Progress = (line: string) => void;

const jobMsMax = 12 * 3600 * 1000;
const batchName = (pipeline: string, job: string) => `backfill ${pipeline}/${job}`;

/** Removes what an earlier run left: jobs, staging tables, files. */
async function clear({ flink, lake }: Engines, pipeline: PipelineFolder, folder: string): Promise<void> {
  const left = (await flink.liveJobs()).filter((job) => job.name.startsWith(batchName(pipeline.name, "")));
  for (const job of left) await flink.cancel(job.id);
  await lake.query(`DROP SCHEMA IF EXISTS lake.${stagingSchema(pipeline.name)} CASCADE`);
  rmSync(folder, { recursive: true, force: true });
}

/** Runs statements in a session over the staging schema; waits for the job that the last one starts. */
async function runBounded(
  engines: Engines,
  pipeline: PipelineFolder,
  { settings, statements }: Pick<Job, "settings" | "statements">,
  progress: Progress,
): Promise<void> {
  const { connection, flink } = engines;
  const session = await openSession(connection.addresses.gateway, {
    ...settings,
    // Files are committed now and then, not every two seconds: fewer of them. What fails is run again as a whole.
    "execution.checkpointing.interval": "10 s",
    "restart-strategy.type": "none",
  });
  let id: string | undefined;
  try {
    for (const { text, source } of [
      ...catalogStatements(stagingSchema(pipeline.name), connection.store),
      ...statements,
    ])
      id = await session.execute(render(text, connection.sqlValues)).then(
        ({ jobId }) => jobId,
        (error: unknown) => {
          if (!(error instanceof FlinkSqlError)) throw error;
          throw new Error(located(source, error.reason), { cause: error });
        },
      );
  } finally {
    await session.close();
  }
  if (!id) return;
  const startedAt = Date.now();
  const name = settings["pipeline.name"];
  let state = "";
  await waitFor(
    `${name} has ended`,
    async () => {
      state = await flink.state(id);
      progress(`${name}: ${state.toLowerCase()}, ${Math.round((Date.now() - startedAt) / 1000)} s`);
      return ["FINISHED", "FAILED", "CANCELED"].includes(state);
    },
    { intervalMs: 500, timeoutMs: jobMsMax },
  );
  if (state !== "FINISHED") throw new Error(`${name} has ${state.toLowerCase()}: ${await flink.failure(id)}`);
}

const derived = (text: string): SourcedStatement => ({ text, source: "derived from pipeline.ts" });

/** A job's file over the files' records: its tables of events are staging ones, all others swallow their rows. */
function boundedJob(pipeline: PipelineFolder, job: Job, sources: SourcedStatement[]): Job {
  const own = job.statements.filter(({ source }) => source !== sources[0]?.source);
  const filled = filledTables(pipeline).map(({ name }) => name);
  const others = pipeline.tables.filter(({ name }) => !filled.includes(name));
  const name = job.name.slice(pipeline.name.length + 1);
  return {
    ...job,
    settings: { ...job.settings, "pipeline.name": batchName(pipeline.name, name) },
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

/** The day's rows into the staging tables, by the same SQL that lands the stream. */
async function stage(
  engines: Engines,
  pipeline: PipelineFolder,
  folder: string,
  progress: Progress,
): Promise<void> {
  const files = (name: string) => `file://${join(folder, name)}`;
  const topics = Object.entries(pipeline.topics);
  const sources = topics.flatMap(([name, topic]) =>
    [recordsFromFile(name, topic, files(recordsFile(name))), eventsView(name, topic)].map(derived),
  );
  const filled = filledTables(pipeline);
  const fills = ({ statements }: Job) =>
    insertsOf(statements.at(-1)?.text ?? "").some(({ table }) => filled.some(({ name }) => name === table));
  const jobs = jobsOf(pipeline).filter((job) => job.name !== `${pipeline.name}/${logJob}` && fills(job));
  const isUpdated = jobs.some((job) => keepsState(job.statements.at(-1)?.text ?? ""));
  const tables = filled.map((table) => ({
    text: stagingTable(table, isUpdated),
    source: `${table.file.path}:1`,
  }));
  const reading = readStatements(
    topics.map(([name]) => name),
    files(badRowsFile),
  ).map(derived);
  const settings = { "pipeline.name": batchName(pipeline.name, "rows"), "parallelism.default": "1" };
  await runBounded(
    engines,
    pipeline,
    { settings, statements: [...tables, ...sources, ...reading] },
    progress,
  );
  for (const job of jobs) await runBounded(engines, pipeline, boundedJob(pipeline, job, sources), progress);
}

/** Commits of running jobs may come between; the statement then begins anew, and nothing of it was done. */
const movedOnce = ({ lake }: Engines, sql: string) =>
  pRetry(() => lake.query(sql), {
    retries: 8,
    minTimeout: 500,
    shouldRetry: ({ error }) =>
      error instanceof TrinoError && /COMMIT|CONFLICT/.test(`${error.code} ${error.reason.toUpperCase()}`),
  });

/** Moves staged rows into the live tables and proves that they are there. Returns counts of events. */
async function moveAll(
  engines: Engines,
  pipeline: PipelineFolder,
  progress: Progress,
): Promise<{ read: number; given: number; landed: number }> {
  const { rows } = await engines.lake.query(countsQuery(pipeline));
  const [read = 0, given = 0, landed = 0] = (rows[0] ?? []).map(Number);
  for (const { table, clean, move, missing } of moves(pipeline)) {
    progress(`moving rows into ${table}`);
    if (clean) await movedOnce(engines, clean);
    await movedOnce(engines, move);
    const lacking = Number((await engines.lake.query(missing)).rows[0]?.[0]);
    if (lacking > 0)
      throw new Error(
        `lake.${pipeline.name}.${table} lacks ${lacking} rows that were just moved into it. ` +
          "Run the backfill again: it adds what is missing, and nothing twice.",
      );
  }
  await movedOnce(engines, quarantineMove(pipeline.name));
  return { read, given, landed };
}

async function backfillAlone(
  engines: Engines,
  pipeline: PipelineFolder,
  batch: Batch,
  progress: Progress,
): Promise<Backfilled> {
  const { name } = pipeline;
  // Beside the checkpoints: Flink and this machine see that folder under one path, in every mode.
  const folder = join(engines.connection.checkpoints, "backfill", name);
  await clear(engines, pipeline, folder);
  mkdirSync(folder, { recursive: true, mode: 0o777 });
  try {
    const { accepted, ...counts } = await writeRows(pipeline, batch, folder, ({ read, accepted }) =>
      progress(`${read.toLocaleString("en")} rows read, ${accepted.toLocaleString("en")} of ${batch.date}`),
    );
    await stage(engines, pipeline, folder, progress);
    const { read, given, landed } = await moveAll(engines, pipeline, progress);
    const filtered = read - given;
    const filled = filledTables(pipeline).map((table) => table.name);
    const done: Backfilled = {
      pipeline: name,
      date: batch.date,
      ...counts,
      landed,
      alreadyThere: accepted - landed - filtered,
      filtered,
      untouched: pipeline.tables.filter((table) => !filled.includes(table.name)).map((table) => table.name),
    };
    await engines.store.addHistory("backfill", name, done);
    return done;
  } finally {
    await clear(engines, pipeline, folder).catch(() => undefined); // the next run clears it
  }
}

/**
 * Runs a batch. Throws where another one of the pipeline runs, a file can't be read, or an engine fails:
 * then what is in the live tables is right, and running it again adds the rest.
 */
export async function runBackfill(
  engines: Engines,
  pipeline: PipelineFolder,
  batch: Batch,
  progress: Progress = () => {},
): Promise<Backfilled> {
  const done = await engines.store.withLease(
    () => backfillAlone(engines, pipeline, batch, progress),
    false,
    `backfill ${pipeline.name}`,
  );
  if (!done) throw new Error(`Another backfill of ${pipeline.name} is running: wait for its end.`);
  return done;
}
