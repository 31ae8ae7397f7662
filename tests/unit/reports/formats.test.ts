import { describe, expect, test } from "vitest";
import { renderCsv, renderJson, renderTable } from "../../../orchestrator/reports/formats.ts";
import type { Result } from "../../../orchestrator/reports/result.ts";

const members: Result = {
  report: {
    name: "members_by_guild",
    title: "Members by guild",
    question: "How many players are in each guild?",
    chart: { kind: "bar", x: "guild_name", y: "members" },
    parameters: [],
    sql: "SELECT guild_name, COUNT(*) AS members\nFROM lake.game.guilds WHERE a < 'b' GROUP BY 1",
  },
  columns: [
    { name: "guild_name", type: "varchar" },
    { name: "members", type: "bigint" },
  ],
  rows: [
    ["Nightwatch", "9223372036854775807"],
    [null, 7],
  ],
};

const nothing: Result = { ...members, rows: [] };

describe("renderTable", () => {
  test("numbers stand to the right, null is empty, and the rows are counted", () => {
    expect(renderTable(members).split("\n")).toEqual([
      "Members by guild (members_by_guild)",
      "How many players are in each guild?",
      "┌────────────┬─────────────────────┐",
      "│ guild_name │             members │",
      "├────────────┼─────────────────────┤",
      "│ Nightwatch │ 9223372036854775807 │",
      "│            │                   7 │",
      "└────────────┴─────────────────────┘",
      "2 rows",
    ]);
  });

  test("shows the first rows only, and says how to get the rest", () => {
    const rows = Array.from({ length: 30 }, (_, n) => [`guild-${n}`, n]);
    const table = renderTable({ ...members, rows }, 3);
    expect(table).toContain("guild-2");
    expect(table).not.toContain("guild-3");
    expect(table).toMatch(/30 rows, the first 3 shown; --rows and --format csv give more$/);
  });

  test("an empty answer shows its columns", () => {
    expect(renderTable(nothing)).toMatch(/guild_name.*members[\s\S]*no rows$/);
  });

  test("long text is cut so that the table fits 100 columns; numbers stay whole", () => {
    const rows = [["g".repeat(500), "9223372036854775807"]];
    const lines = renderTable({ ...members, rows }).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBe(100);
    expect(lines[5]).toMatch(/g… │ 9223372036854775807 │$/);
  });

  test("text can't drive the terminal", () => {
    const table = renderTable({ ...members, rows: [["\u001b[31mred\u0007\n\u202Eabc", 1]] });
    expect(table).toContain("\\u001b[31mred\\u0007\\u000a\\u202eabc");
    expect(table).not.toContain("\u001b");
  });
});

describe("renderJson", () => {
  test("keeps big values exact, nulls null and text as it is", () => {
    const [answer] = JSON.parse(renderJson([members]));
    expect(answer).toMatchObject({ report: "members_by_guild", title: "Members by guild" });
    expect(answer.columns).toEqual(members.columns);
    expect(answer.rows).toEqual([
      { guild_name: "Nightwatch", members: "9223372036854775807" },
      { guild_name: null, members: 7 },
    ]);
    const text = `</script>"'\\\u0000`;
    expect(JSON.parse(renderJson([{ ...members, rows: [[text, 1]] }]))[0].rows[0].guild_name).toBe(text);
    expect(renderJson([{ ...members, rows: [["a", 2n ** 63n - 1n]] }])).toContain('"9223372036854775807"');
  });

  test("an empty answer has no rows, no answers are an empty array", () => {
    expect(JSON.parse(renderJson([nothing]))[0].rows).toEqual([]);
    expect(renderJson([])).toBe("[]");
  });
});

describe("renderCsv", () => {
  const csv = (...values: unknown[]) => renderCsv({ ...members, rows: values.map((value) => [value, 1]) });

  test("names, exact ids, null apart from empty text", () => {
    expect(renderCsv(members)).toBe("guild_name,members\nNightwatch,9223372036854775807\n,7\n");
    expect(csv("", null)).toBe('guild_name,members\n"",1\n,1\n');
    expect(renderCsv(nothing)).toBe("guild_name,members\n");
  });

  test("quotes, commas and line ends are quoted; nested values are JSON", () => {
    expect(csv('a"b', "c,d", "e\nf")).toBe('guild_name,members\n"a""b",1\n"c,d",1\n"e\nf",1\n');
    expect(csv(["x", 1])).toContain('"[""x"",1]"');
  });

  test("text that a spreadsheet would run becomes text; negative numbers stay numbers", () => {
    expect(csv("=1+1", "@SUM(A1)", "-2")).toBe("guild_name,members\n'=1+1,1\n'@SUM(A1),1\n'-2,1\n");
    expect(renderCsv({ ...members, rows: [["a", "-5"]] })).toContain("a,-5");
  });
});
