// The header of a report file: `-- Title`, `-- question: …`, to draw it `-- chart: bar x=… y=…`, and
// `-- param: month = 2019-10  Month, yyyy-MM` for each value that its reader may choose.
// Reads text only: what Trino thinks of the SQL, and whether the chart's columns exist, shows elsewhere.
import type { SqlFile } from "../../flink-sql/folders.ts";
import { type Token, tokenize } from "../../flink-sql/statements.ts";
import { type Parameter, parseParameter, templateProblems } from "./parameters.ts";

export const chartKinds = ["bar", "line", "scatter"] as const;

export interface Chart {
  kind: (typeof chartKinds)[number];
  /** Columns of the answer. */
  x: string;
  y: string;
  color?: string;
}

export interface Report {
  name: string;
  title: string;
  question: string;
  chart?: Chart;
  /** What its reader may choose; the SQL says ${NAME} inside string literals. */
  parameters: Parameter[];
  /**
   * One statement, without the header and without the `;` that Trino's client interface refuses. Its
   * parameters are not filled in: fillReport does that.
   */
  sql: string;
}

type ProblemAt = (line: number) => (what: string) => void;

const identifier = /^[a-z][a-z0-9_]{0,62}$/;
const example = "'-- chart: bar x=guild_name y=members'";

/** The one statement of a report's SQL, without its `;`; its line counts from `line`. */
function onlyStatement(sql: string, line: number, problemAt: ProblemAt): string {
  let tokens: Token[] = [];
  try {
    tokens = tokenize(sql);
  } catch (error) {
    const [, unclosed = "1", what] = /^line (\d+): (.*)$/.exec((error as Error).message) ?? [];
    problemAt(line + Number(unclosed) - 1)(`${what ?? (error as Error).message}: close it`);
    return "";
  }
  const says = (token: Token) => token.kind !== "space" && token.kind !== "comment";
  const end = tokens.findIndex((token) => token.kind === "symbol" && token.text === ";");
  const statement = end < 0 ? tokens : tokens.slice(0, end);
  const after = end < 0 ? undefined : tokens.slice(end + 1).find(says);
  if (!statement.some(says)) problemAt(line)("no SQL after the header: write the question as one SELECT");
  else if (after)
    problemAt(line + after.line - 1)(
      `'${after.text}' starts a second statement: keep one, or make it a report of its own`,
    );
  return statement
    .map((token) => token.text)
    .join("")
    .trim();
}

/** Reads `bar x=a y=b color=c`; says what is wrong through `problem`. */
function parseChart(text: string, problem: (what: string) => void): Chart | undefined {
  const [kind = "", ...settings] = text.split(/\s+/);
  let good = true;
  const wrong = (what: string) => {
    good = false;
    problem(what);
  };
  if (!chartKinds.some((known) => known === kind))
    wrong(`chart kind '${kind}' is unknown: use ${chartKinds.join(", ")}`);
  const columns = new Map<string, string>();
  for (const setting of settings) {
    const [, key = "", column = ""] = /^([^=]*)=(.*)$/.exec(setting) ?? [];
    if (!["x", "y", "color"].includes(key))
      wrong(`chart setting '${setting}' is unknown: use x=, y= or color=, as in ${example}`);
    else if (columns.has(key)) wrong(`chart setting '${setting}' repeats ${key}=: keep one`);
    else {
      columns.set(key, column);
      if (!identifier.test(column))
        wrong(`chart column '${column}' is no SQL identifier: use a-z, 0-9 and _, a letter first`);
    }
  }
  for (const key of ["x", "y"])
    if (!columns.has(key)) wrong(`chart '${text}' has no ${key}=: name a column, as in ${example}`);
  if (!good) return undefined;
  const color = columns.get("color");
  return {
    kind: kind as Chart["kind"],
    x: columns.get("x")!,
    y: columns.get("y")!,
    ...(color ? { color } : {}),
  };
}

/** The report in a file. Throws one error with a line "file:line: what is wrong" per mistake. */
export function parseReport(file: SqlFile): Report {
  const problems: string[] = [];
  const problemAt: ProblemAt = (line) => (what) => problems.push(`${file.path}:${line}: ${what}`);
  const lines = file.text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const end = lines.findIndex((line) => !line.startsWith("--"));
  const header = end < 0 ? lines : lines.slice(0, end);

  if (!identifier.test(file.name))
    problemAt(1)(`report '${file.name}' is no SQL identifier: name the file with a-z, 0-9 and _`);
  const title = /^--\s+(?!question:|chart:|param:)(\S.*)$/.exec(header[0] ?? "")?.[1]?.trim() ?? "";
  if (!title) problemAt(1)(`no title in '${lines[0] ?? ""}': start the file with '-- Members by guild'`);

  const values = new Map<string, { value: string; line: number }>();
  const parameters = new Map<string, { parameter: Parameter; line: number }>();
  header.forEach((text, index) => {
    if (index === 0 && title) return;
    const [, key = "", value = ""] = /^--\s*([\w-]+):\s*(.*?)\s*$/.exec(text) ?? [];
    const problem = problemAt(index + 1);
    if (key === "param") {
      const parameter = parseParameter(value, problem);
      if (parameter && parameters.has(parameter.name))
        problem(`parameter '${parameter.name}' is here a second time: keep one`);
      else if (parameter) parameters.set(parameter.name, { parameter, line: index + 1 });
    } else if (key !== "question" && key !== "chart")
      problem(
        `'${text}' is neither '-- question: …' nor '-- chart: …' nor '-- param: …': put other comments into the SQL`,
      );
    else if (values.has(key)) problem(`'${key}:' is here a second time: keep one`);
    else values.set(key, { value, line: index + 1 });
  });
  const question = values.get("question");
  if (!question?.value)
    problemAt(question?.line ?? 2)(
      "no question: add '-- question: How many different players are in each guild?' after the title",
    );
  const drawn = values.get("chart");
  const chart = drawn && parseChart(drawn.value, problemAt(drawn.line));

  const sql = onlyStatement(lines.slice(header.length).join("\n"), header.length + 1, problemAt);
  // Judged as it stands in the file, whose lines the reader sees.
  const body = "\n".repeat(header.length) + lines.slice(header.length).join("\n");
  if (sql)
    for (const { line, what } of templateProblems(body, [...parameters.values()])) problemAt(line)(what);

  if (problems.length > 0) throw new Error(problems.join("\n"));
  return {
    name: file.name,
    title,
    question: question!.value,
    ...(chart ? { chart } : {}),
    parameters: [...parameters.values()].map(({ parameter }) => parameter),
    sql,
  };
}

/** All reports of a pipeline. Throws one error with the mistakes of all files. */
export function parseReports(files: SqlFile[]): Report[] {
  const problems: string[] = [];
  const reports = files.flatMap((file) => {
    try {
      return [parseReport(file)];
    } catch (error) {
      problems.push((error as Error).message);
      return [];
    }
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return reports;
}
