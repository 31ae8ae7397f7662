// sql: one question to the lake. Loads what that takes and no more: it is asked often, and by scripts.
import { readStackConfig } from "../../stack/config.ts";
import { resolveConnection } from "../engines/connection.ts";
import { connectTrino, type QueryResult } from "../engines/trino.ts";
import { printJson, printLine, textTable } from "./output.ts";

export async function sql(query: string, options: { json?: boolean }): Promise<void> {
  const lake = connectTrino(resolveConnection(readStackConfig()).addresses.trino);
  const result: QueryResult = await lake.query(query);
  if (options.json) return void printJson(result);
  const text = (value: unknown) =>
    value === null ? null : typeof value === "object" ? JSON.stringify(value) : String(value);
  printLine(
    textTable(
      result.columns.map((column) => column.name),
      result.rows.map((row) => row.map(text)),
    ),
  );
}
