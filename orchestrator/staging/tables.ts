// Staging tables: they stand beside the live ones in a schema of their own, under the same names, so that the
// folder's SQL fills them as it is. Pure.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { declaredTables, holdsEvents, type TableFile } from "../../flink-sql/tables.ts";

/** What rows are staged for. */
export type Purpose = "backfill" | "replay";

export const stagingSchema = (pipeline: string, purpose: Purpose) => `${pipeline}__${purpose}`;

/** Name of the file, or of the folder of files, with a topic's records in their order. */
export const recordsFile = (topic: string) => `${topic}.jsonl`;

/** Tables that can be filled anew: those of events. Counts and the like are made by their own jobs. */
export const filledTables = (pipeline: PipelineFolder): TableFile[] =>
  declaredTables(pipeline).filter(holdsEvents);

export const stagingOptions = "'format-version' = '2', 'write.parquet.compression-codec' = 'zstd'";

/**
 * A staging table. Without its key where the job only adds rows: then Flink writes plain files, without
 * one delete per row, and the order within a key is that of the records, which kafka_offset has.
 */
export function stagingTable({ name, columns, key, partitionedBy }: TableFile, isUpdated: boolean): string {
  const listed = columns.map((column) => `\`${column.name}\` ${column.type}`);
  const keyed = isUpdated && key.length > 0;
  if (keyed) listed.push(`PRIMARY KEY (${key.map((column) => `\`${column}\``).join(", ")}) NOT ENFORCED`);
  const parts = keyed && partitionedBy.length > 0 ? ` PARTITIONED BY (${partitionedBy.join(", ")})` : "";
  return `CREATE TABLE \`${name}\` (${listed.join(", ")})${parts} WITH (${stagingOptions}${keyed ? ", 'write.upsert.enabled' = 'true'" : ""})`;
}
