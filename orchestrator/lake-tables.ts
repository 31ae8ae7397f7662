// The tables of a pipeline as they are in the lake, and their names in Trino's SQL.
import type { PipelineFolder } from "../flink-sql/folders.ts";
import { literal } from "../flink-sql/sql-text.ts";
import type { Engines } from "./engines/engines.ts";
import { TrinoError } from "./engines/trino.ts";

/** A table of the pipeline's schema as Trino has it. */
export interface LakeTable {
  name: string;
  columns: { name: string; type: string }[];
}

export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

export const fullName = (pipeline: Pick<PipelineFolder, "name">, table: string) =>
  `lake.${quoted(pipeline.name)}.${quoted(table)}`;

const columnsQuery = (pipeline: Pick<PipelineFolder, "name">) =>
  `SELECT table_name, column_name, data_type FROM lake.information_schema.columns
WHERE table_schema = ${literal(pipeline.name)} ORDER BY 1, ordinal_position`;

/** Names of all tables in the lake, as `<pipeline>.<table>`; none in a catalog that no one has written to yet. */
export async function tableNames({ lake }: Pick<Engines, "lake">): Promise<string[]> {
  try {
    const { rows } = await lake.query(
      "SELECT table_schema || '.' || table_name FROM lake.information_schema.tables",
    );
    return rows.map(([name]) => String(name));
  } catch (error) {
    if (error instanceof TrinoError && /SQL schema/.test(error.message)) return [];
    throw error;
  }
}

/** The tables of a pipeline that are in the lake. Throws, with the cure, where there is none. */
export async function lakeTables(
  { lake }: Engines,
  pipeline: Pick<PipelineFolder, "name">,
): Promise<LakeTable[]> {
  const tables = new Map<string, LakeTable>();
  for (const [table, name, type] of (await lake.query(columnsQuery(pipeline))).rows.map((row) =>
    row.map(String),
  )) {
    const known = tables.get(table!) ?? { name: table!, columns: [] };
    known.columns.push({ name: name!, type: type! });
    tables.set(table!, known);
  }
  if (tables.size === 0)
    throw new Error(
      `Pipeline '${pipeline.name}' has no table in the lake: 'npx swordlake apply ${pipeline.name}' makes them.`,
    );
  return [...tables.values()];
}
