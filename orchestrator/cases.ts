// Runs a case through the same job files on real Flink: its sources end, its tables are files.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Case, type Change, differences, misjudged, recordsOf, rowsAfter } from "../flink-sql/cases.ts";
import type { PipelineFolder } from "../flink-sql/folders.ts";
import { logJob } from "../flink-sql/log.ts";
import { render } from "../flink-sql/render.ts";
import { jobsOf, resetsOf, tableStatements } from "../flink-sql/script.ts";
import { eventsView, recordsFromFile } from "../flink-sql/source.ts";
import { withoutSink } from "../flink-sql/statements.ts";
import { declaredTables } from "../flink-sql/tables.ts";
import type { Connection } from "./connection.ts";
import { openSession } from "./gateway.ts";
import { located } from "./validate.ts";

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
  // What a table with a key gets are changes: a row may replace another, or take it back.
  const sink = (table: string) => {
    const format = keyOf(pipeline, table).length > 0 ? "debezium-json" : "json";
    return (
      `'connector' = 'filesystem', 'path' = 'file://${join(folder, table)}', 'format' = '${format}', ` +
      `'${format}.timestamp-format.standard' = 'ISO-8601', '${format}.encode.decimal-as-plain-number' = 'true'`
    );
  };
  const run = async (text: string, source: string) =>
    session.execute(render(text, connection.sqlValues)).catch((error: Error & { reason?: string }) => {
      throw new Error(located(source, error.reason ?? error.message), { cause: error });
    });
  try {
    for (const [name, topic] of Object.entries(pipeline.topics)) {
      await run(
        recordsFromFile(name, topic, `file://${join(folder, `${name}.jsonl`)}`),
        "derived from pipeline.ts",
      );
      await run(eventsView(name, topic), "derived from pipeline.ts");
    }
    for (const { text, source } of tableStatements(pipeline)) {
      const table = pipeline.tables.find((file) => source.startsWith(`${file.path}:`))?.name;
      if (table) await run(withoutSink(text, sink(table)), source);
    }
    for (const job of jobsOf(pipeline).filter(({ name }) => !name.endsWith(`/${logJob}`)))
      for (const { text, source } of [...job.statements, ...resetsOf(job)])
        if (!/^CREATE TEMPORARY (TABLE|VIEW) /.test(text)) await run(text, source);
  } finally {
    await session.close();
  }
  return Object.fromEntries(
    pipeline.tables.map(({ name }) => {
      const [key, written] = [keyOf(pipeline, name), readRows(join(folder, name))];
      return [name, key.length > 0 ? rowsAfter(written as unknown as Change[], key) : written];
    }),
  );
}

const keyOf = (pipeline: PipelineFolder, table: string): string[] =>
  declaredTables(pipeline).find(({ file }) => file.name === table)?.key ?? [];

/** In the order in which they were written: a file's name ends in its number. */
function readRows(folder: string): Record<string, unknown>[] {
  if (!existsSync(folder)) return [];
  const numberOf = (file: string) => Number(file.slice(file.lastIndexOf("-") + 1));
  return readdirSync(folder)
    .filter((file) => file.startsWith("part-"))
    .sort((a, b) => numberOf(a) - numberOf(b))
    .flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n").filter(Boolean))
    .map((line) => JSON.parse(line));
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
