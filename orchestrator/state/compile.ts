// Compiled plans through the SQL Gateway: made of a job's SQL, and run. Decides nothing about state.
import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { render } from "../../flink-sql/render.ts";
import { catalogStatements, type Job, type SourcedStatement } from "../../flink-sql/script.ts";
import { declaredTable } from "../../flink-sql/tables.ts";
import { located } from "../deploy/validate.ts";
import type { Connection } from "../engines/connection.ts";
import { FlinkSqlError, openSession } from "../engines/gateway.ts";
import { parsePlan, printPlan, tableColumns } from "./plan.ts";

type Place = Pick<Connection, "addresses" | "checkpoints" | "sqlValues" | "store">;

/** A DESCRIBE with the columns that it must list. */
interface CheckedStatement extends SourcedStatement {
  columns?: string[];
}

/** Runs statements in a session of their own; the last one's job id is returned. */
export async function runStatements(
  { addresses, sqlValues }: Place,
  settings: Record<string, string>,
  statements: CheckedStatement[],
): Promise<string | undefined> {
  const session = await openSession(addresses.gateway, settings);
  try {
    let jobId: string | undefined;
    for (const { text, source, columns } of statements) {
      try {
        const result = await session.execute(render(text, sqlValues));
        jobId = result.jobId;
        const found = result.rows.map(([name]) => name).join(", ");
        if (columns && found !== columns.join(", "))
          throw new Error(
            `${source}: ${text.replace("DESCRIBE ", "")} has other columns than the job was made for: ${found} ` +
              `instead of ${columns.join(", ")}. 'npx swordlake apply' makes the job anew.`,
          );
      } catch (error) {
        if (!(error instanceof FlinkSqlError)) throw error;
        throw new Error(located(source, error.reason), { cause: error });
      }
    }
    return jobId;
  } finally {
    await session.close();
  }
}

/** Works with a path that Flink and this machine see alike; what is there afterwards is removed. */
async function withPlanFile<T>({ checkpoints }: Place, work: (path: string) => Promise<T>): Promise<T> {
  const folder = join(checkpoints, "plans");
  mkdirSync(folder, { recursive: true });
  // Flink may be another user, in a container.
  chmodSync(folder, 0o777);
  const path = join(folder, `${randomUUID()}.json`);
  try {
    return await work(path);
  } finally {
    rmSync(path, { force: true });
  }
}

/** Tables are in a plan by name and columns, never by address, so that it runs where engines have moved. */
const planSettings = { "table.plan.compile.catalog-objects": "SCHEMA" };

type PlannedJob = Pick<Job, "name" | "settings" | "statements"> & { pipeline: string };

const makesTable = ({ text }: SourcedStatement) => /^CREATE\s+TEMPORARY\s+TABLE\b/i.test(text);
const makesView = ({ text }: SourcedStatement) => /^CREATE\s+(TEMPORARY\s+)?VIEW\b/i.test(text);

/**
 * Temporary tables under names outside the lake: run from a plan, Flink 2.1 would take every table of a catalog that has
 * connectors of its own for one of those, temporary or not.
 */
function outsideTheLake(plan: string, { pipeline, statements }: PlannedJob): string {
  const quoted = (...parts: string[]) => JSON.stringify(parts.map((part) => `\`${part}\``).join("."));
  return statements.filter(makesTable).reduce((text, statement) => {
    const name = declaredTable(statement.text)?.name ?? "";
    return text.replaceAll(
      quoted("lake", pipeline, name),
      quoted("default_catalog", "default_database", name),
    );
  }, plan);
}

/** The compiled plan of a job's last statement, JSON as Flink writes it. `tables`: run first, in the same session. */
export async function compilePlan(
  place: Place,
  job: PlannedJob,
  tables: SourcedStatement[] = [],
): Promise<string> {
  const last = job.statements.at(-1);
  if (!last || !/^(INSERT|EXECUTE\s+STATEMENT)\b/i.test(last.text))
    throw new Error(
      `Job ${job.name} starts nothing: its last statement must be an INSERT or a statement set.`,
    );
  return withPlanFile(place, async (path) => {
    const text = `COMPILE PLAN 'file://${path}' FOR ${last.text.replace(/^EXECUTE\s+(?=STATEMENT\b)/i, "")}`;
    await runStatements(place, { ...job.settings, ...planSettings }, [
      ...catalogStatements(job.pipeline, place.store),
      ...tables,
      ...job.statements.slice(0, -1),
      { text, source: last.source },
    ]);
    return outsideTheLake(readFileSync(path, "utf8"), job);
  });
}

/** Statements that fail where a table of the lake no longer has the columns that the plan writes or reads. */
function columnChecks(plan: string, pipeline: string, source: string): CheckedStatement[] {
  return tableColumns(plan)
    .filter(({ table }) => table.startsWith(`\`lake\`.\`${pipeline}\`.`))
    .map(({ table, columns }) => ({ text: `DESCRIBE ${table}`, source, columns }));
}

/**
 * The plan with tables by their names alone. Flink would compare what it says of their keys too, and Iceberg names
 * each key anew whenever it is asked; columnChecks compares the columns.
 */
function withNamesOnly(plan: string): string {
  const bare = (spec: unknown) => {
    const { table, ...rest } = spec as { table?: { identifier?: unknown } };
    return { ...rest, table: { identifier: table?.identifier } };
  };
  const read = parsePlan(plan);
  const nodes = read.nodes.map((one) => ({
    ...one,
    ...(one.scanTableSource ? { scanTableSource: bare(one.scanTableSource) } : {}),
    ...(one.dynamicTableSink ? { dynamicTableSink: bare(one.dynamicTableSink) } : {}),
  }));
  return printPlan({ ...read, nodes });
}

/** Runs a plan as the job it was compiled of. Returns Flink's job id. */
export async function executePlan(
  place: Place,
  job: PlannedJob,
  plan: string,
  restore: Record<string, string>,
): Promise<string | undefined> {
  // Views are in the plan already.
  const before = job.statements.slice(0, -1).filter((statement) => !makesView(statement));
  const source = `the plan of job ${job.name}`;
  return withPlanFile(place, async (path) => {
    writeFileSync(path, withNamesOnly(plan), { mode: 0o644 });
    return runStatements(place, { ...job.settings, ...restore }, [
      ...catalogStatements(job.pipeline, place.store),
      ...columnChecks(plan, job.pipeline, source),
      ...before.filter((statement) => !makesTable(statement)),
      { text: "USE CATALOG default_catalog", source },
      ...before.filter(makesTable),
      { text: `EXECUTE PLAN 'file://${path}'`, source },
    ]);
  });
}
