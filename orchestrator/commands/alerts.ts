// alerts: what a pipeline's jobs raised, and whether the webhook was told; with --follow, live.
import { setTimeout as delay } from "node:timers/promises";
import type { Pipeline } from "../../flink-sql/pipeline.ts";
import { readStackConfig } from "../../stack/config.ts";
import { type AlertRow, listAlerts } from "../alerts/rows.ts";
import { saidFields } from "../alerts/states.ts";
import { resolveConnection } from "../engines/connection.ts";
import { declaredPipelines, pipelineNamed } from "../engines/engines.ts";
import { openStore } from "../engines/store.ts";
import { abortOnSignal } from "./interrupt.ts";
import { printJson, printLine, textTable } from "./output.ts";

const lookMs = 300;
/** What was written last need not have been committed last. */
const overlapMs = 2000;

const sayingOf = (pipeline: Pipeline) => (row: AlertRow) =>
  saidFields(pipeline, row)
    .map((name) => `${name} ${row.value[name] ?? "–"}`)
    .join(", ");

const delivery = ({ state, attempts, lastError, deliveredAt }: AlertRow) =>
  [
    deliveredAt ? `${state} ${deliveredAt.toISOString()}` : state,
    ...(attempts > 1 ? [`${attempts} tries`] : []),
    ...(lastError ? [lastError] : []),
  ].join(", ");

export async function alerts(
  name: string,
  options: { follow?: boolean; json?: boolean; rows: string },
): Promise<void> {
  const limit = Number(options.rows);
  if (!Number.isInteger(limit) || limit < 1)
    throw new Error(`--rows ${options.rows}: give a whole number, 1 or more.`);
  const config = readStackConfig();
  const pipeline = pipelineNamed(await declaredPipelines(config), name);
  const store = await openStore(resolveConnection(config).postgres);
  const list = (since?: Date) =>
    store.transaction((client) =>
      listAlerts(client, since ? { pipeline: name, since } : { pipeline: name, limit }),
    );
  const saying = sayingOf(pipeline);
  const tellLine = (row: AlertRow) => {
    if (options.json) process.stdout.write(`${JSON.stringify(row)}\n`);
    else printLine(`${row.raisedAt.toISOString()}  ${row.alert}: ${saying(row)}  [${delivery(row)}]`);
  };
  try {
    const rows = await list();
    if (options.follow) await follow(rows, list, tellLine);
    else if (options.json) printJson(rows);
    else if (rows.length === 0) printLine("No alert was raised.");
    else
      printLine(
        textTable(
          ["raised", "alert", "says", "webhook"],
          rows.map((row) => [row.raisedAt.toISOString(), row.alert, saying(row), delivery(row)]),
        ),
      );
  } finally {
    await store.close();
  }
}

/** Tells what is there, then every change, until a signal comes. */
async function follow(
  rows: AlertRow[],
  list: (since: Date) => Promise<AlertRow[]>,
  tellLine: (row: AlertRow) => void,
): Promise<void> {
  const signal = abortOnSignal();
  const told = new Map<string, number>();
  let lastMs = 0;
  const tellNew = (found: AlertRow[]) => {
    for (const row of found) {
      const changedMs = row.updatedAt.getTime();
      if (told.get(row.id) === changedMs) continue;
      told.set(row.id, changedMs);
      lastMs = Math.max(lastMs, changedMs);
      tellLine(row);
    }
    for (const [id, changedMs] of told) if (changedMs < lastMs - overlapMs) told.delete(id);
  };
  tellNew(rows.toReversed());
  while (!signal.aborted) {
    await delay(lookMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) tellNew(await list(new Date(Math.max(0, lastMs - overlapMs))));
  }
  process.exitCode = 0;
}
