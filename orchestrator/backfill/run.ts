// A batch: one day's rows of files through the folder's own SQL, run bounded on Flink into staging tables,
// then moved into the live ones. Whatever a run that died left behind is cleared first; a second run adds nothing.
import { join } from "node:path";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { Engines } from "../engines/engines.ts";
import { commit } from "../maintain/tables.ts";
import { derived, fill, onStaging, type Staging } from "../staging/fill.ts";
import { filledTables } from "../staging/tables.ts";
import { type Batch, badRowsFile, type RowCounts, writeRows } from "./rows.ts";
import { countsQuery, moves, quarantineMove, readStatements } from "./sql.ts";

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
    if (clean) await commit(engines.lake, clean);
    await commit(engines.lake, move);
    const lacking = Number((await engines.lake.query(missing)).rows[0]?.[0]);
    if (lacking > 0)
      throw new Error(
        `lake.${pipeline.name}.${table} lacks ${lacking} rows that were just moved into it. ` +
          "Run the backfill again: it adds what is missing, and nothing twice.",
      );
  }
  await commit(engines.lake, quarantineMove(pipeline.name));
  return { read, given, landed };
}

async function backfillAlone(staging: Staging, batch: Batch): Promise<Backfilled> {
  const { engines, pipeline, folder, progress } = staging;
  const { name } = pipeline;
  const { accepted, ...counts } = await writeRows(pipeline, batch, folder, ({ read, accepted }) =>
    progress(`${read.toLocaleString("en")} rows read, ${accepted.toLocaleString("en")} of ${batch.date}`),
  );
  const filled = filledTables(pipeline);
  const reading = readStatements(Object.keys(pipeline.topics), `file://${join(folder, badRowsFile)}`);
  await fill(staging, filled, { statements: reading.map(derived) });
  const { read, given, landed } = await moveAll(engines, pipeline, progress);
  const filtered = read - given;
  const names = filled.map((table) => table.name);
  const done: Backfilled = {
    pipeline: name,
    date: batch.date,
    ...counts,
    landed,
    alreadyThere: accepted - landed - filtered,
    filtered,
    untouched: pipeline.tables.filter((table) => !names.includes(table.name)).map((table) => table.name),
  };
  await engines.store.addHistory("backfill", name, done);
  return done;
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
    () =>
      onStaging({ engines, pipeline, purpose: "backfill", progress }, (staging) =>
        backfillAlone(staging, batch),
      ),
    false,
    `backfill ${pipeline.name}`,
  );
  if (!done) throw new Error(`Another backfill of ${pipeline.name} is running: wait for its end.`);
  return done;
}
