// Alerts as the page shows them. Pure.
import { alertColumns } from "../../flink-sql/alerts.ts";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { AlertRow } from "../alerts/rows.ts";
import type { AlertEntry } from "./api.ts";

const text = (value: unknown) =>
  value === null || value === undefined
    ? ""
    : typeof value === "object"
      ? JSON.stringify(value)
      : String(value);

/** In the order in which the contract has its fields: Postgres keeps another. */
export function alertEntry(pipeline: PipelineFolder, row: AlertRow): AlertEntry {
  const declared = alertColumns(pipeline, row.alert).map(({ name }) => name);
  const names = [...new Set([...declared.filter((name) => name in row.value), ...Object.keys(row.value)])];
  const tries = row.attempts > 1 ? `, ${row.attempts} tries` : "";
  return {
    id: row.id,
    pipeline: row.pipeline,
    alert: row.alert,
    description: pipeline.alerts[row.alert]?.description ?? "",
    raisedAt: row.raisedAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    says: names.map((name) => [name, text(row.value[name])]),
    delivery: `${row.state}${tries}${row.lastError ? `: ${row.lastError}` : ""}`,
  };
}
