// What a CREATE TABLE declares: columns, key, partitions, options. Read token by token, so that quotes
// and comments can't mislead; the planner alone judges whether it is right.
import type { PipelineFolder, SqlFile } from "./folders.ts";
import { type Token, tokenize } from "./statements.ts";

export interface DeclaredTable {
  name: string;
  columns: { name: string; type: string }[];
  /** Columns of PRIMARY KEY; empty where there is none. */
  key: string[];
  partitionedBy: string[];
  options: Record<string, string>;
}

const plain = (token: Token) => token.text.replaceAll("`", "");
const is = (token: Token | undefined, word: string) => token?.text.toUpperCase() === word;

/** The tokens between a bracket and its end, and the place of that end. */
function bracketed(tokens: Token[], open: number): { within: Token[]; close: number } {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (tokens[at]!.text === "(") depth += 1;
    if (tokens[at]!.text === ")") depth -= 1;
    if (depth === 0) return { within: tokens.slice(open + 1, at), close: at };
  }
  return { within: tokens.slice(open + 1), close: tokens.length };
}

/** Parts of a list, cut at the commas that no bracket hides, as those of DECIMAL(12, 2) and MAP<…, …>. */
function listed(tokens: Token[]): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === "(" || token.text === "<") depth += 1;
    if (token.text === ")" || token.text === ">") depth -= 1;
    if (token.text === "," && depth === 0) parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return parts.filter((part) => part.length > 0);
}

const namesAfter = (tokens: Token[], word: string): string[] => {
  const at = tokens.findIndex((token) => is(token, word));
  const open = at < 0 ? -1 : tokens.findIndex((token, index) => index > at && token.text === "(");
  return open < 0 ? [] : listed(bracketed(tokens, open).within).map(([name]) => plain(name!));
};

const constraints = ["PRIMARY", "CONSTRAINT", "WATERMARK", "UNIQUE"];
/** Words that may follow a column's type. */
const afterType = ["NOT", "NULL", "COMMENT", "PRIMARY", "CONSTRAINT", "AS", "METADATA"];

function columnOf([name, ...rest]: Token[]): DeclaredTable["columns"][number] {
  const end = rest.findIndex((token) => afterType.includes(token.text.toUpperCase()));
  const type = (end < 0 ? rest : rest.slice(0, end)).map((token) => token.text.toUpperCase()).join(" ");
  return { name: plain(name!), type: type.replace(/ ?([(),<>]) ?/g, "$1").replaceAll(",", ", ") };
}

/** The first CREATE TABLE of a text; undefined where it has none with columns. */
export function declaredTable(sql: string): DeclaredTable | undefined {
  const tokens = tokenize(sql).filter((token) => token.kind !== "space" && token.kind !== "comment");
  const open = tokens.findIndex((token) => token.text === "(");
  const name = tokens[open - 1];
  if (!name || !tokens.slice(0, open).some((token) => is(token, "TABLE"))) return undefined;
  const { within, close } = bracketed(tokens, open);
  const parts = listed(within);
  const isColumn = (part: Token[]) =>
    part[0]!.kind === "name" || !constraints.includes(part[0]!.text.toUpperCase());
  const inline = parts.filter((part) => isColumn(part) && part.some((token) => is(token, "PRIMARY")));
  const keys = parts.filter((part) => !isColumn(part)).flatMap((part) => namesAfter(part, "KEY"));
  const after = tokens.slice(close + 1);
  const options = after.findIndex((token) => is(token, "WITH"));
  const text = (token: Token | undefined) => (token?.text ?? "").slice(1, -1).replaceAll("''", "'");
  return {
    name: plain(name),
    columns: parts.filter(isColumn).map(columnOf),
    key: keys.length > 0 ? keys : inline.map(([column]) => plain(column!)),
    partitionedBy: namesAfter(options < 0 ? after : after.slice(0, options), "BY"),
    options: Object.fromEntries(
      options < 0
        ? []
        : listed(bracketed(after, options + 1).within).map((part) => [text(part[0]), text(part.at(-1))]),
    ),
  };
}

/** Columns by which the ledger finds the record that a row came from. */
export const placeColumns = ["kafka_partition", "kafka_offset"];

/** Whether a table's rows are events: each carries its record's place. Aggregates and alerts do not. */
export const holdsEvents = ({ columns }: DeclaredTable): boolean =>
  placeColumns.every((place) => columns.some(({ name }) => name === place));

/** Whether a table keeps the latest row of each key alone. */
export const keepsLatest = ({ key, options }: DeclaredTable): boolean =>
  key.length > 0 && options["write.upsert.enabled"]?.toLowerCase() === "true";

export interface TableFile extends DeclaredTable {
  file: SqlFile;
}

/** The tables of a folder that can be read; of the others the planner says what is wrong. */
export function declaredTables(pipeline: Pick<PipelineFolder, "tables">): TableFile[] {
  return pipeline.tables.flatMap((file) => {
    try {
      const declared = declaredTable(file.text);
      return declared ? [{ ...declared, file }] : [];
    } catch {
      return [];
    }
  });
}
