// What a job's own WHERE drops: the engine adds to each INSERT one more that writes down who was dropped and by which
// rule, so that the ledger can tell an event that was filtered from one that was lost. Derived from the job's SQL.
import type { Pipeline } from "./pipeline.ts";
import { literal, literals } from "./sql-text.ts";
import { type Token, tokenize } from "./statements.ts";
import { declaredTables, holdsEvents } from "./tables.ts";

/** Name of the engine's table of what was dropped. */
export const filteredName = "filtered";

/** One row per record and table that its rule keeps it from. */
export const filteredTable = `CREATE TABLE IF NOT EXISTS ${filteredName} (
  topic           STRING,
  kafka_partition INT,
  kafka_offset    BIGINT,
  event_id        STRING,
  table_name      STRING,
  rule            STRING
) WITH (
  'format-version' = '2',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '50'
)`;

interface OwnFilter {
  table: string;
  topic: string;
  /** Event types that the INSERT names; those alone can be dropped by its condition. */
  types: string[];
  /** The table as the INSERT reads it, with its other name. */
  from: string;
  condition: string;
}

type Folder = Pick<Pipeline, "topics"> & Parameters<typeof declaredTables>[0];

const upper = (token: Token | undefined) => (token?.kind === "word" ? token.text.toUpperCase() : token?.text);
const plain = (token: Token | undefined) => (token?.text ?? "").replaceAll("`", "");
const isSpoken = ({ kind }: Token) => kind !== "space" && kind !== "comment";
/** What stands between words is one space; what stands within quotes stays. */
const textOf = (tokens: Token[]) =>
  tokens
    .map((token, index) => {
      if (isSpoken(token)) return token.text;
      return index > 0 && isSpoken(tokens[index - 1]!) ? " " : "";
    })
    .join("")
    .trim();

const setStart = /^\s*EXECUTE\s+STATEMENT\s+SET\s+BEGIN\b/i;

/** Tokens of each INSERT of a statement, from INSERT to before its semicolon or the set's END. */
function insertParts(statement: string): Token[][] {
  const tokens = tokenize(statement);
  const last = setStart.test(statement)
    ? tokens.findLastIndex((token) => upper(token) === "END")
    : tokens.length;
  const parts: Token[][] = [];
  let current: Token[] | undefined;
  for (const token of tokens.slice(0, last)) {
    if (upper(token) === "INSERT") {
      current = [];
      parts.push(current);
    }
    if (token.text === ";" && token.kind === "symbol") current = undefined;
    current?.push(token);
  }
  return parts;
}

/** Words after which a row of the result is no longer one event of the topic. */
const reshaping = ["JOIN", "GROUP", "HAVING", "UNION", "EXCEPT", "INTERSECT", "DISTINCT", "ORDER", "LIMIT"];

/** The parts of an INSERT … SELECT … FROM one table WHERE …; undefined where it is anything else. */
function simpleSelect(part: Token[]): { from: Token[]; condition: Token[] } | undefined {
  let depth = 0;
  const at = new Map<string, number>();
  for (const [index, token] of part.entries()) {
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    const word = upper(token) ?? "";
    if (depth > 0) {
      if (word === "SELECT" || word === "OVER") return undefined;
      continue;
    }
    if (reshaping.includes(word) || word === "OVER") return undefined;
    if (["SELECT", "FROM", "WHERE"].includes(word)) {
      if (at.has(word)) return undefined;
      at.set(word, index);
    }
  }
  const [from, where] = [at.get("FROM"), at.get("WHERE")];
  if (from === undefined || where === undefined || where < from) return undefined;
  return { from: part.slice(from + 1, where), condition: part.slice(where + 1) };
}

/** Whether a condition asks for nothing but event types. */
const asksTypesOnly = (condition: Token[], other: string) =>
  condition
    .filter(isSpoken)
    .every(
      (token) =>
        token.kind === "string" ||
        ["=", "(", ")", ",", ".", "IN", "OR", "EVENT_TYPE", "`event_type`", other].includes(
          `${upper(token)}`,
        ) ||
        plain(token) === other,
    );

/** The conditions by which a job's statement keeps events from tables of events. */
export function ownFilters(pipeline: Folder, statement: string): OwnFilter[] {
  const tables = declaredTables(pipeline).filter(holdsEvents);
  return insertParts(statement).flatMap((part): OwnFilter[] => {
    const said = part.filter(isSpoken);
    const table = plain(said[2]);
    const select = simpleSelect(part);
    if (!select || upper(said[1]) !== "INTO" || !tables.some(({ name }) => name === table)) return [];
    const [name, ...alias] = select.from.filter(isSpoken);
    const topic = plain(name);
    const other = plain(alias.at(-1));
    const isNamed = alias.length <= 1 || (alias.length === 2 && upper(alias[0]) === "AS");
    const events = Object.keys(pipeline.topics[topic]?.events ?? {});
    if (events.length === 0 || !isNamed || asksTypesOnly(select.condition, other)) return [];
    const named = said.filter(({ kind }) => kind === "string").map(({ text }) => text.slice(1, -1));
    const types = events.filter((type) => named.includes(type));
    return [
      {
        table,
        topic,
        types: types.length > 0 ? types : events,
        from: textOf(select.from),
        condition: textOf(select.condition),
      },
    ];
  });
}

const ruleLengthMax = 500;

/** A job's statement with one more INSERT for each condition of its own; as it is where it has none. */
export function withFiltered(pipeline: Folder, statement: string): string {
  const inserts = ownFilters(pipeline, statement).map(
    ({ table, topic, types, from, condition }) =>
      `INSERT INTO ${filteredName}\nSELECT ${literal(topic)}, kafka_partition, kafka_offset, event_id, ${literal(table)}, ` +
      `${literal(condition.slice(0, ruleLengthMax))}\nFROM ${from}\n` +
      `WHERE event_type IN (${literals(types)}) AND (${condition}) IS NOT TRUE;`,
  );
  if (inserts.length === 0) return statement;
  const body = setStart.test(statement)
    ? statement.replace(/\bEND\s*$/i, "")
    : `EXECUTE STATEMENT SET BEGIN\n${statement};\n`;
  return `${body}${inserts.join("\n")}\nEND`;
}
