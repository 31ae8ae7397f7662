// What a report's reader may choose: read from the file's `-- param:` lines and from --param, filled into
// the SQL by the one templating there is (flink-sql/render.ts), so that no value is ever read as SQL.
import { namesIn, render } from "../../flink-sql/render.ts";
import type { Report } from "./header.ts";

export interface Parameter {
  name: string;
  /** What stands where nothing is chosen. */
  value: string;
  meaning: string;
}

/** More than any name, id or date needs, and far below what an engine takes for one literal. */
export const valueLengthMax = 200;

const form =
  "'-- param: month = 2019-10  Month, yyyy-MM': a name, its default (or ''), two spaces, its meaning";

/** Reads `month = 2019-10  Month, yyyy-MM`; says what is wrong through `problem`. */
export function parseParameter(text: string, problem: (what: string) => void): Parameter | undefined {
  const [, name = "", rest = ""] = /^([^\s=]*)\s*=\s*(.*)$/.exec(text) ?? [];
  // A default in quotes may be empty, hold two spaces, and '' for a quote, as in SQL.
  const [, quoted, bare, meaning = ""] =
    /^(?:'((?:[^']|'')*)'|(\S+(?:\s\S+)*))\s{2,}(\S.*)$/.exec(rest) ?? [];
  const value = quoted === undefined ? bare : quoted.replaceAll("''", "'");
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name) || value === undefined) {
    problem(`parameter '${text}' can't be read: write it as ${form}`);
    return undefined;
  }
  if (value.length > valueLengthMax)
    problem(`the default of parameter '${name}' has ${value.length} characters: ${valueLengthMax} at most`);
  return { name, value, meaning };
}

/**
 * What is wrong between a report's SQL and its parameters, with the line of each: a ${NAME} that no line
 * declares or that stands outside a string literal, and a parameter that the SQL never asks for.
 */
export function templateProblems(
  sql: string,
  declared: { parameter: Parameter; line: number }[],
): { line: number; what: string }[] {
  const used = namesIn(sql);
  const unused = declared
    .filter(({ parameter }) => !used.includes(parameter.name))
    .map(({ parameter, line }) => ({
      line,
      what:
        `parameter '${parameter.name}' is not in the SQL: ` +
        `use it inside a string literal, as in WHERE name = '\${${parameter.name}}', or remove its line`,
    }));
  try {
    render(sql, Object.fromEntries(declared.map(({ parameter }) => [parameter.name, parameter.value])));
    return unused;
  } catch (error) {
    const wrong = (error as Error).message.split("\n").map((message) => {
      const [, line = "1", what = message] = /^line (\d+): (.*)$/.exec(message) ?? [];
      const unknown = /^(\$\{[^}]*\}) has no value/.exec(what)?.[1];
      return {
        line: Number(line),
        what: unknown ? `${unknown} is no parameter of this report: declare it by ${form}` : what,
      };
    });
    return [...unused, ...wrong];
  }
}

const listed = (report: Report) =>
  report.parameters.map(({ name, meaning }) => `${name} (${meaning})`).join(", ") || "none";

/**
 * Reads `--param name=value`s for the reports that are asked for. Throws one error that names each
 * that can't be read, comes twice, is too long, or is no parameter of any of these reports.
 */
export function parseChoices(given: string[], reports: Report[]): Record<string, string> {
  const problems: string[] = [];
  const choices = new Map<string, string>();
  for (const text of given) {
    const [, name = "", value] = /^([^=]*)=([\s\S]*)$/.exec(text) ?? [];
    const of = reports.filter((report) => report.parameters.some((known) => known.name === name));
    const known = reports.map((report) => `report '${report.name}' has ${listed(report)}`).join("; ");
    if (value === undefined) problems.push(`--param ${text}: write it as name=value.`);
    else if (of.length === 0) problems.push(`--param ${text}: there is no parameter '${name}': ${known}.`);
    else if (choices.has(name)) problems.push(`--param ${text}: '${name}' is here a second time: keep one.`);
    else if (value.length > valueLengthMax)
      problems.push(
        `--param ${name}: its value has ${value.length} characters, and report '${of[0]!.name}' ` +
          `takes ${valueLengthMax} at most: shorten it.`,
      );
    else choices.set(name, value);
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return Object.fromEntries(choices);
}

/**
 * A report with its parameters filled in: from `choices` (names that it doesn't have are left aside),
 * else its defaults.
 */
export function fillReport(
  report: Report,
  choices: Record<string, string>,
): { report: Report; parameters: Record<string, string> } {
  const parameters = Object.fromEntries(
    report.parameters.map(({ name, value }) => [
      name,
      Object.hasOwn(choices, name) ? `${choices[name]}` : value,
    ]),
  );
  return { report: { ...report, sql: render(report.sql, parameters) }, parameters };
}
