// The only templating of SQL: ${NAME} inside a string literal, strict both ways.
import { tokenize } from "./statements.ts";

/**
 * Fills ${NAME} inside string literals. Throws one error that lists every name without a value
 * and every ${…} outside a literal. Values are escaped.
 */
export function render(sql: string, values: Record<string, string>): string {
  const problems: string[] = [];
  const rendered = tokenize(sql).map((token) => {
    if (token.kind === "comment") return token.text;
    if (token.kind !== "string") return token.text;
    return token.text.replace(/\$\{([A-Z0-9_]+)\}/g, (whole, name: string) => {
      const value = values[name];
      if (value === undefined) {
        problems.push(
          `line ${token.line}: \${${name}} has no value. Known: ${Object.keys(values).join(", ")}`,
        );
        return whole;
      }
      return value.replaceAll("'", "''");
    });
  });
  const text = rendered.join("");
  for (const token of tokenize(text))
    if (token.text === "$" || (token.kind === "word" && token.text.startsWith("$")))
      problems.push(`line ${token.line}: \${NAME} is only filled inside a string literal`);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return text;
}
