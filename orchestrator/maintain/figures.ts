// How a table is: files, bytes, snapshots, manifests, as its metadata tells.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { Lake } from "../engines/trino.ts";
import { hasSnapshots, metadata } from "./tables.ts";

/** Of the current snapshot, but for `snapshots`, which counts all that are kept. */
export interface Figures {
  files: number;
  /** Files of deletes, which readers must merge. */
  deleteFiles: number;
  bytes: number;
  manifests: number;
  snapshots: number;
}

export async function readFigures(lake: Lake, pipeline: PipelineFolder, table: string): Promise<Figures> {
  if (!(await hasSnapshots(lake, pipeline, table)))
    return { files: 0, deleteFiles: 0, bytes: 0, manifests: 0, snapshots: 0 };
  const { rows } = await lake.query(
    `SELECT f.files, f.deletes, f.bytes, m.n, s.n
FROM (SELECT count_if(content = 0) AS files, count_if(content > 0) AS deletes,
  coalesce(sum(file_size_in_bytes), 0) AS bytes FROM ${metadata(pipeline, table, "files")}) AS f
CROSS JOIN (SELECT count(*) AS n FROM ${metadata(pipeline, table, "manifests")}) AS m
CROSS JOIN (SELECT count(*) AS n FROM ${metadata(pipeline, table, "snapshots")}) AS s`,
  );
  const [files, deleteFiles, bytes, manifests, snapshots] = rows[0]!.map(Number);
  return {
    files: files!,
    deleteFiles: deleteFiles!,
    bytes: bytes!,
    manifests: manifests!,
    snapshots: snapshots!,
  };
}
