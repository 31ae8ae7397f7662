// Alerts as the page shows them. Pure.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { AlertRow } from "../alerts/rows.ts";
import { saidFields } from "../alerts/states.ts";
import type { AlertEntry } from "./api.ts";

const text = (value: unknown) =>
  value === null || value === undefined
    ? ""
    : typeof value === "object"
      ? JSON.stringify(value)
      : String(value);

export function alertEntry(pipeline: PipelineFolder, row: AlertRow): AlertEntry {
  const tries = row.attempts > 1 ? `, ${row.attempts} tries` : "";
  return {
    id: row.id,
    pipeline: row.pipeline,
    alert: row.alert,
    description: pipeline.alerts[row.alert]?.description ?? "",
    raisedAt: row.raisedAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    says: saidFields(pipeline, row).map((name) => [name, text(row.value[name])]),
    delivery: `${row.state}${tries}${row.lastError ? `: ${row.lastError}` : ""}`,
  };
}
