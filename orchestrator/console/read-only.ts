// Whether SQL from the page only reads. Pure. Trino checks it a second time: the page's user may only read there.
import { type Token, tokenize } from "../../flink-sql/statements.ts";

const asking = ["SELECT", "WITH", "VALUES", "TABLE", "("];
const telling = ["SHOW", "DESCRIBE", "DESC"];

const listed = "SELECT, WITH, VALUES, TABLE, SHOW, DESCRIBE and EXPLAIN";

/** The token after EXPLAIN's own words: ANALYZE, VERBOSE, and options in brackets. */
function explained(tokens: Token[]): Token | undefined {
  let at = 1;
  while (["ANALYZE", "VERBOSE"].includes(`${tokens[at]?.text.toUpperCase()}`)) at += 1;
  const isOptions = /^(TYPE|FORMAT)$/i.test(`${tokens[at + 1]?.text}`);
  if (tokens[at]?.text === "(" && isOptions)
    at = tokens.findIndex((token, i) => i > at && token.text === ")") + 1;
  return tokens[at];
}

/**
 * The statement without its `;`, or what is wrong with it in one sentence. The first word decides what a statement
 * does in Trino; only EXPLAIN ANALYZE runs what comes behind it.
 */
export function readOnly(sql: string): { sql: string } | { problem: string } {
  let tokens: Token[];
  try {
    tokens = tokenize(sql);
  } catch (error) {
    return { problem: `${(error as Error).message}.` };
  }
  const says = tokens.filter(
    ({ kind }) => kind === "word" || kind === "symbol" || kind === "string" || kind === "name",
  );
  const end = says.findIndex(({ kind, text }) => kind === "symbol" && text === ";");
  if (says.length === 0 || end === 0) return { problem: `There is no statement: ${listed} are taken.` };
  if (end >= 0 && end < says.length - 1)
    return { problem: `'${says[end + 1]!.text.slice(0, 40)}' begins a second statement: ask one at a time.` };
  const first = says[0]!.text.toUpperCase();
  const word = first === "EXPLAIN" ? explained(says)?.text.toUpperCase() : first;
  const isFine = asking.includes(`${word}`) || (first !== "EXPLAIN" && telling.includes(first));
  if (!isFine)
    return {
      problem: `'${(word ?? first).slice(0, 40)}' changes something or is unknown: ${listed} are taken.`,
    };
  const text =
    end < 0
      ? sql
      : tokens
          .slice(0, tokens.indexOf(says[end]!))
          .map((token) => token.text)
          .join("");
  return { sql: text.trim() };
}
