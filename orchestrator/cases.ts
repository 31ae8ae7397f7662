// Runs a case through the same job files on real Flink: its sources end, its tables and alerts are files.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isLosslessNumber, parse } from "lossless-json";
import { alertNames, alertSink } from "../flink-sql/alerts.ts";
import { type Case, type Change, differences, misjudged, recordsOf, rowsAfter } from "../flink-sql/cases.ts";
import { filteredTable } from "../flink-sql/filters.ts";
import type { PipelineFolder } from "../flink-sql/folders.ts";
import { logJob } from "../flink-sql/log.ts";
import { render } from "../flink-sql/render.ts";
import { derivedSource, jobsOf, resetsOf, tableStatements } from "../flink-sql/script.ts";
import { eventsView, recordsFromFile } from "../flink-sql/source.ts";
import { withoutSink } from "../flink-sql/statements.ts";
import { declaredTable } from "../flink-sql/tables.ts";
import { located } from "./deploy/validate.ts";
import type { Connection } from "./engines/connection.ts";
import { openSession } from "./engines/gateway.ts";

type Rows = Record<string, Record<string, unknown>[]>;

/** Rows of every table after the case; JSON values, times in ISO 8601. */
async function runJobs(
  connection: Connection,
  pipeline: PipelineFolder,
  one: Case,
  folder: string,
): Promise<Rows> {
  const session = await openSession(connection.addresses.gateway, {
    "pipeline.name": `case ${pipeline.name}/${one.name}`,
    "parallelism.default": "1",
    "execution.checkpointing.interval": "500 ms",
    "table.dml-sync": "true",
  });
  const asFile = (name: string, createTable: string) => {
    // What keeps the latest row of a key is written as changes; see rowsAfter.
    const format = (declaredTable(createTable)?.key ?? []).length > 0 ? "debezium-json" : "json";
    return withoutSink(
      createTable,
      `'connector' = 'filesystem', 'path' = 'file://${join(folder, name)}', 'format' = '${format}', ` +
        `'${format}.timestamp-format.standard' = 'ISO-8601', '${format}.encode.decimal-as-plain-number' = 'true'`,
    );
  };
  const run = async (text: string, source: string) =>
    session.execute(render(text, connection.sqlValues)).catch((error: Error & { reason?: string }) => {
      throw new Error(located(source, error.reason ?? error.message), { cause: error });
    });
  try {
    for (const [name, topic] of Object.entries(pipeline.topics)) {
      await run(recordsFromFile(name, topic, `file://${join(folder, `${name}.jsonl`)}`), derivedSource);
      await run(eventsView(name, topic), derivedSource);
    }
    for (const { text, source } of tableStatements(pipeline)) {
      const table = pipeline.tables.find((file) => source.startsWith(`${file.path}:`))?.name;
      if (table) await run(asFile(table, text), source);
    }
    await run(withoutSink(filteredTable), derivedSource);
    for (const { alert, sink } of alertNames(pipeline))
      await run(asFile(sink, alertSink(pipeline, alert)), derivedSource);
    for (const job of jobsOf(pipeline).filter(({ name }) => !name.endsWith(`/${logJob}`)))
      for (const { text, source } of [...job.statements, ...resetsOf(job)])
        if (!source.endsWith(" pipeline.ts")) await run(text, source);
  } finally {
    await session.close();
  }
  const tables = pipeline.tables.map(({ name, text }) => ({ name, key: declaredTable(text)?.key ?? [] }));
  const alerts = alertNames(pipeline).map(({ alert, sink }) => ({
    name: sink,
    key: pipeline.alerts[alert]?.key ?? [],
  }));
  return Object.fromEntries(
    [...tables, ...alerts].map(({ name, key }) => {
      const rows = readRows(join(folder, name));
      return [name, key.length > 0 ? rowsAfter(rows as unknown as Change[], key) : rows];
    }),
  );
}

/** Numbers that JavaScript can't hold are digits in a string. */
const exact = (_key: string, value: unknown) => {
  if (!isLosslessNumber(value)) return value;
  const number = Number(value.value);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? value.value : number;
};

/** Rows in the order in which they were written. */
function readRows(folder: string): Record<string, unknown>[] {
  if (!existsSync(folder)) return [];
  const order = (file: string) => Number(/-(\d+)(\.\w+)?$/.exec(file)?.[1] ?? 0);
  return readdirSync(folder)
    .filter((file) => file.startsWith("part-"))
    .sort((a, b) => order(a) - order(b))
    .flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n").filter(Boolean))
    .map((line) => parse(line, exact) as Record<string, unknown>);
}

/** What differs from the case's expectation, as sentences; empty where it holds. */
export async function runCase(
  connection: Connection,
  pipeline: PipelineFolder,
  one: Case,
): Promise<string[]> {
  const given = recordsOf(pipeline, one);
  // Beside the checkpoints: Flink and this machine see that folder under one path, in every mode.
  const folder = join(connection.checkpoints, "cases", `${pipeline.name}-${one.name}-${process.pid}`);
  mkdirSync(folder, { recursive: true, mode: 0o777 });
  try {
    for (const [topic, records] of given.byTopic)
      writeFileSync(
        join(folder, `${topic}.jsonl`),
        records.map((record) => `${JSON.stringify(record)}\n`).join(""),
      );
    return [
      ...misjudged(one, given),
      ...differences(one.expect, await runJobs(connection, pipeline, one, folder)),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
