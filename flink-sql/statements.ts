// Cuts SQL text into statements and tokens. A tokenizer, not a regular expression over the whole:
// quotes, comments and hints hide semicolons, and a statement set has some inside.

export interface Token {
  kind: "word" | "string" | "name" | "symbol" | "comment" | "hint" | "space";
  text: string;
  line: number;
}

const patterns: [Token["kind"], RegExp][] = [
  ["space", /\s+/y],
  ["hint", /\/\*\+[\s\S]*?\*\//y],
  ["comment", /--[^\n]*|\/\*[\s\S]*?\*\//y],
  ["string", /'(?:[^']|'')*'/y],
  ["name", /`(?:[^`]|``)*`|"(?:[^"]|"")*"/y],
  ["word", /[A-Za-z0-9_$]+/y],
  ["symbol", /[\s\S]/y],
];

/** All tokens of a text, with their line; joined they are the text again. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  let line = 1;
  while (position < sql.length) {
    for (const [kind, pattern] of patterns) {
      pattern.lastIndex = position;
      const text = pattern.exec(sql)?.[0];
      if (!text) continue;
      if (kind === "symbol" && (text === "'" || text === "`" || text === '"'))
        throw new Error(`line ${line}: a ${text} is opened and never closed`);
      if (kind === "symbol" && sql.startsWith("/*", position))
        throw new Error(`line ${line}: a comment is opened by /* and never closed`);
      tokens.push({ kind, text, line });
      line += text.split("\n").length - 1;
      position += text.length;
      break;
    }
  }
  return tokens;
}

export interface Statement {
  text: string;
  /** Line of its first word in the file. */
  line: number;
}

const setStart = /^(EXECUTE|EXPLAIN|COMPILE)\b.*\bSTATEMENT SET BEGIN\b/;

/** Statements of a file, without comments; `EXECUTE STATEMENT SET BEGIN … END` is one. */
export function splitStatements(sql: string): Statement[] {
  const statements: Statement[] = [];
  let tokens: Token[] = [];
  // A set ends by the END that follows a semicolon or BEGIN; that of a CASE follows something else.
  const inSet = () => {
    const said = tokens.flatMap((t) => (t.kind === "space" ? [] : [t.text.toUpperCase()]));
    if (!setStart.test(said.slice(0, 20).join(" "))) return false;
    return said.at(-1) !== "END" || ![";", "BEGIN"].includes(`${said.at(-2)}`);
  };
  const finish = () => {
    const text = tokens
      .map((token) => token.text)
      .join("")
      .trim();
    const first = tokens.find((token) => token.kind !== "space");
    if (first) statements.push({ text, line: first.line });
    tokens = [];
  };
  for (const token of tokenize(sql)) {
    if (token.kind === "comment") {
      // Space instead, with its line ends: words stay apart, and lines stay where they were.
      tokens.push({ ...token, kind: "space", text: token.text.replace(/[^\n]/g, "") || " " });
      continue;
    }
    if (token.text === ";" && !inSet()) finish();
    else tokens.push(token);
  }
  finish();
  return statements;
}

/** One INSERT of a job file: the table it writes, and the string literals that it compares with. */
export interface Insert {
  table: string;
  literals: string[];
  words: string[];
}

/** The INSERTs of a job, read token by token. */
export function insertsOf(sql: string): Insert[] {
  const inserts: Insert[] = [];
  const tokens = tokenize(sql).filter((token) => token.kind !== "space" && token.kind !== "comment");
  for (const [index, token] of tokens.entries()) {
    const word = token.kind === "word" ? token.text.toUpperCase() : "";
    if (word === "INTO" && tokens[index - 1]?.text.toUpperCase() === "INSERT") {
      let end = index + 1;
      while (tokens[end + 1]?.text === ".") end += 2;
      inserts.push({ table: (tokens[end]?.text ?? "").replaceAll("`", ""), literals: [], words: [] });
    }
    const current = inserts.at(-1);
    if (!current) continue;
    if (token.kind === "string") current.literals.push(token.text.slice(1, -1).replaceAll("''", "'"));
    if (token.kind === "word" || token.kind === "name") current.words.push(token.text.replaceAll("`", ""));
  }
  return inserts;
}

/** A CREATE TABLE as a temporary table of the same columns, by default one that swallows its rows. */
export function withoutSink(createTable: string, options = "'connector' = 'blackhole'"): string {
  const tokens = tokenize(createTable);
  const open = tokens.findIndex((token) => token.text === "(");
  let depth = 0;
  const close = tokens.findIndex((token, index) => {
    if (index < open) return false;
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    return depth === 0;
  });
  const name = tokens.slice(0, open).findLast((token) => token.kind === "word" || token.kind === "name");
  if (open < 0 || close < 0 || !name) return createTable; // the planner will say what is wrong
  const before = tokens
    .slice(0, open)
    .map((token) => token.text.replace(/[^\n]/g, ""))
    .join("");
  const columns = tokens
    .slice(open, close + 1)
    .map((token) => token.text)
    .join("");
  return `CREATE TEMPORARY TABLE ${before}${name.text} ${columns} WITH (${options})`;
}

/** Tables that a job writes: its last statement holds the INSERTs. */
export const writtenTables = (statements: { text: string }[]): string[] =>
  insertsOf(statements.at(-1)?.text ?? "").map(({ table }) => table);
