// Keeps each table's rows for as long as the pipeline says: days that are over go, with their history.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { Retention } from "../../flink-sql/pipeline.ts";
import type { Engines } from "../engines/engines.ts";
import { fullName, type LakeTable, lakeTables } from "../lake-tables.ts";
import { commit } from "../maintain/tables.ts";
import { allowConcurrentDeletes, type HistoryProof, historyProblems, removeHistory } from "./files.ts";
import { alone } from "./forget.ts";
import { fieldsOf } from "./sql.ts";

export interface Retained {
  pipeline: string;
  /** Rows before `cutoff`, the first moment that is kept: removed, or in a dry run to be removed. */
  tables: { table: string; cutoff: string; rows: number }[];
  history: HistoryProof[];
}

const dayMs = 24 * 3600 * 1000;

/** First day that is kept, YYYY-MM-DD in UTC: `days` whole days before today. */
export const cutoffOf = ({ days }: Retention, now: Date): string =>
  new Date(Math.floor(now.getTime() / dayMs) * dayMs - days * dayMs).toISOString().slice(0, 10);

/** True for rows before a day. Throws for a column that tells no time. */
function isBefore({ name, type }: LakeTable["columns"][number], day: string): string {
  const column = `"${name.replaceAll('"', '""')}"`;
  if (type.includes("with time zone")) return `${column} < TIMESTAMP '${day} 00:00:00 UTC'`;
  if (type.startsWith("timestamp")) return `${column} < TIMESTAMP '${day} 00:00:00'`;
  if (type === "date") return `${column} < DATE '${day}'`;
  throw new Error(`column '${name}' has type ${type}: name one that holds a time or a date`);
}

/** What is to go: one condition per table. Throws every mistake of the declaration at once. */
export function expiredRows(
  pipeline: PipelineFolder,
  tables: LakeTable[],
  now: Date,
): { table: string; cutoff: string; condition: string }[] {
  const problems: string[] = [];
  const expired = Object.entries(pipeline.retention ?? {}).flatMap(([table, retention]) => {
    const where = `Pipeline '${pipeline.name}', retention of '${table}'`;
    const known = tables.find(({ name }) => name === table);
    if (!pipeline.tables.some(({ name }) => name === table)) {
      const own = pipeline.tables.map(({ name }) => name).join(", ") || "none";
      problems.push(
        `${where}: no table of the folder. Tables: ${own}; log and quarantine stay, the ledger is read from them.`,
      );
      return [];
    }
    if (!Number.isInteger(retention.days) || retention.days < 1) {
      problems.push(`${where}: days: ${retention.days}: give a whole number, 1 or more.`);
      return [];
    }
    const column = known?.columns.find(({ name }) => name === retention.by);
    if (!column) {
      const columns =
        known?.columns.map(({ name }) => name).join(", ") ?? "none yet: apply the pipeline first";
      problems.push(`${where}: no column '${retention.by}'. Columns: ${columns}.`);
      return [];
    }
    const fields = ["event_time", "received_at", ...fieldsOf(pipeline)];
    if (known?.columns.some(({ name }) => name === "kafka_offset") && !fields.includes(retention.by)) {
      problems.push(
        `${where}: '${retention.by}' is no field of an event, by which the ledger tells an old record from a lost one. ` +
          "Use event_time, or another of its fields.",
      );
      return [];
    }
    const cutoff = cutoffOf(retention, now);
    try {
      return [{ table, cutoff, condition: isBefore(column, cutoff) }];
    } catch (error) {
      problems.push(`${where}: ${(error as Error).message}.`);
      return [];
    }
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return expired;
}

/** Removes what is older than the pipeline's retention; where nothing is, does nothing. */
export async function retain(
  engines: Engines,
  pipeline: PipelineFolder,
  { dryRun, tell, now = new Date() }: { dryRun: boolean; tell: (line: string) => void; now?: Date },
): Promise<Retained> {
  const { lake, store } = engines;
  if (!pipeline.retention || Object.keys(pipeline.retention).length === 0)
    throw new Error(
      `Pipeline '${pipeline.name}' says no retention: add retention: { <table>: { days: 400, by: "event_time" } } ` +
        "to its definePipeline.",
    );
  const expired = expiredRows(pipeline, await lakeTables(engines, pipeline), now);
  const tables: Retained["tables"] = [];
  for (const { table, cutoff, condition } of expired) {
    tell(`counting ${table}`);
    const { rows } = await lake.query(`SELECT count(*) FROM ${fullName(pipeline, table)} WHERE ${condition}`);
    tables.push({ table, cutoff, rows: Number(rows[0]![0]) });
  }
  const due = expired.filter(({ table }) => tables.some((of) => of.table === table && of.rows > 0));
  const done: Retained = { pipeline: pipeline.name, tables, history: [] };
  if (dryRun || due.length === 0) return done;
  const names = due.map(({ table }) => table);
  const problems = await historyProblems(engines, pipeline, names);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return alone(engines, async () => {
    // Before the rows go: whoever asks where they are finds the day.
    await store.addHistory("retain", pipeline.name, { tables: tables.filter(({ rows }) => rows > 0) });
    await allowConcurrentDeletes(engines, pipeline, names);
    for (const { table, condition } of due) {
      tell(`removing rows of ${table}`);
      await commit(lake, `DELETE FROM ${fullName(pipeline, table)} WHERE ${condition}`);
    }
    return { ...done, history: await removeHistory(engines, pipeline, names, tell) };
  });
}
