import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { render } from "../../../flink-sql/render.ts";
import { tokenize } from "../../../flink-sql/statements.ts";

describe("render", () => {
  it("fills names within string literals", () => {
    expect(render("WITH ('a' = '${A}', 'b' = 'x-${B_2}/${A}')", { A: "1", B_2: "2" })).toBe(
      "WITH ('a' = '1', 'b' = 'x-2/1')",
    );
  });

  it("leaves all else as it is; values that aren't used are no mistake", () => {
    const sql = "SELECT `a`, '$.path' -- ${NOT_HERE}\nFROM t /* ${NOR_HERE} */ /*+ OPTIONS('a'='b') */";
    expect(render(sql, { UNUSED: "1" })).toBe(sql);
  });

  it("lists every name without a value, with its line and what is known", () => {
    expect(() => render("'${ONE}'\n'${TWO}${A}'\n\n'${lower}'", { A: "1", B: "2" })).toThrow(
      [
        "line 1: ${ONE} has no value. Known: A, B",
        "line 2: ${TWO} has no value. Known: A, B",
        "line 4: ${lower} has no value. Known: A, B",
      ].join("\n"),
    );
  });

  it("knows only its own values", () => {
    expect(() => render("'${constructor}'", {})).toThrow("${constructor} has no value");
  });

  it.each([
    "SELECT ${A}",
    "SELECT $A",
    "SELECT a${A}",
    "SELECT `${A}`",
    "FROM t /*+ OPTIONS('x'='${A}') */",
  ])("refuses a name outside a literal: %s", (sql) => {
    expect(() => render(`SELECT 1,\n${sql}`, { A: "1" })).toThrow(
      "line 2: ${NAME} is only filled inside a string literal",
    );
  });

  it("reports names outside and names without a value together", () => {
    expect(() => render("'${X}' ${A}", { A: "1" })).toThrow(/\$\{X\} has no value[\s\S]*only filled inside/);
  });

  it("lets no value out of its literal", () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const tokens = tokenize(render("SET 'a' = '${A}'", { A: value }));
        expect(tokens).toHaveLength(7);
        expect(tokens[6]?.text).toBe(`'${value.replaceAll("'", "''")}'`);
      }),
    );
    expect(render("'${A}'", { A: "'; DROP TABLE t; --" })).toBe("'''; DROP TABLE t; --'");
    expect(render("'${A}'", { A: "$& ${B}" })).toBe("'$& ${B}'");
  });
});
