// The only templating of SQL: ${NAME} inside a string literal, and nothing of it left behind.
import { tokenize } from "./statements.ts";

const placeholder = /\$\{([^}]*)\}?/g;

/** Names that a text asks for as ${NAME} inside its string literals, each once. */
export const namesIn = (sql: string): string[] => [
  ...new Set(
    tokenize(sql).flatMap(({ kind, text }) =>
      kind === "string" ? [...text.matchAll(placeholder)].map((found) => `${found[1]}`) : [],
    ),
  ),
];

/**
 * Fills ${NAME} inside string literals. Throws one error that lists every name without a value
 * and every ${…} outside a literal. Values are escaped.
 */
export function render(sql: string, values: Record<string, string>): string {
  const problems: string[] = [];
  const known = Object.keys(values).join(", ");
  const tokens = tokenize(sql);
  const rendered = tokens.map(({ kind, text, line }, index) => {
    if (kind === "comment") return text;
    if (kind === "string")
      return text.replace(placeholder, (whole, name: string) => {
        if (Object.hasOwn(values, name)) return `${values[name]}`.replaceAll("'", "''");
        problems.push(`line ${line}: \${${name}} has no value. Known: ${known}`);
        return whole;
      });
    const opens = text.endsWith("$") && tokens[index + 1]?.text === "{";
    if (opens || text.includes("${") || (kind === "word" && text.startsWith("$")))
      problems.push(`line ${line}: \${NAME} is only filled inside a string literal`);
    return text;
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return rendered.join("");
}
