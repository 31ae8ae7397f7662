import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Chart } from "../../../orchestrator/reports/header.ts";
import { renderHtml } from "../../../orchestrator/reports/page.ts";
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

const attack = `</script><script>alert(1)</script><img src=x onerror="alert('1')">&amp;]]>-->`;

/** Text of every kind that tries to be markup. */
const hostile: Result = {
  ...members,
  report: { ...members.report, title: attack, question: attack, sql: `SELECT '${attack}'` },
  rows: [
    [attack, 1],
    ['" onload="alert(1)', 2],
  ],
};

const page = (...results: Result[]) =>
  renderHtml({ title: "Game", pipeline: "game", generatedAt: new Date(0), results });
const drawn = (chart: Chart, columns: [string, string][], rows: unknown[][]) =>
  page({
    report: { ...members.report, chart },
    columns: columns.map(([name, type]) => ({ name, type })),
    rows,
  });

test("text of users stays text: no markup, attribute, comment or script comes of it", async () => {
  const html = await renderHtml({
    title: "<b onload=alert(1)>",
    pipeline: "</title><script>",
    generatedAt: new Date(0),
    results: [hostile],
  });
  const tags = [...html.matchAll(/<\/?([a-z0-9]+)/gi)].map((match) => match[1]);
  const ours = `html head meta title style body header h1 h2 p b time nav ul li a main section figure div svg
    rect g path line text table caption thead tbody tr th td bdi details summary pre code`.split(/\s+/);
  expect([...new Set(tags)].filter((tag) => !ours.includes(tag!))).toEqual([]);
  // Inside tags, outside quotes, nothing may look like a handler.
  const attributes = [...html.matchAll(/<[a-z][^<>]*>/gi)].map(([tag]) => tag.replace(/"[^"]*"/g, '""'));
  expect(attributes.filter((tag) => /\son\w+=/i.test(tag))).toEqual([]);
  expect(html).toContain("<bdi>&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x");
  expect(html).toContain("<bdi>&quot; onload=&quot;alert(1)</bdi>");
});

test("the policy admits the page's own style sheet and nothing else, and the page asks no host", async () => {
  const html = await page(members);
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)![1]!;
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!.replaceAll("&#39;", "'");
  expect(policy).toBe(`default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`);
  expect(html).not.toMatch(/\sstyle="/);
  expect(html).not.toMatch(/\s(src|srcset|action|data)=|@import|url\(/);
  expect([...html.matchAll(/\shref="([^"]*)"/g)].map((match) => match[1])).toEqual(["#members_by_guild"]);
});

test("language, headings in order, scoped tables, light and dark, picture with a name, SQL", async () => {
  const html = await page(members, { ...members, report: { ...members.report, name: "again" } });
  expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect([...html.matchAll(/<h(\d)/g)].map((match) => match[1])).toEqual(["1", "2", "2"]);
  expect(html).toContain('<th scope="col" class="text">guild name</th>');
  expect(html).toContain('<th scope="row" class="text"><bdi>Nightwatch</bdi></th>');
  expect(html).toContain('<td class="number"><bdi>9223372036854775807</bdi></td>');
  expect(html).toContain('<span class="null">none</span>');
  expect(html).toContain("prefers-color-scheme: dark");
  expect(html).toContain('role="img" aria-label="bar chart: Members by guild.');
  expect(html).toContain("WHERE a &lt; &#39;b&#39; GROUP BY 1</code></pre></details>");
  expect(html).toContain('<time datetime="1970-01-01T00:00:00.000Z">1970-01-01 00:00:00 UTC</time>');
});

test("an empty answer says so and draws nothing; no report gives a page without sections", async () => {
  const html = await page(nothing);
  expect(html).toContain("No rows yet.");
  expect(html).not.toContain("<svg");
  expect(await page()).not.toContain("<section");
});

test("lines follow time, in UTC, one for each colour", async () => {
  const rows = [
    ["2026-07-01 12:00:00.000 UTC", "sword", 1],
    ["2026-07-01 14:01:00.000 +02:00", "sword", "2"],
    ["2026-07-01 12:00:00.000 UTC", "potion", 3],
    ["2026-07-01 12:02:00.000 Mars/Base", "potion", 4],
    [null, "potion", 4],
  ];
  const columns: [string, string][] = [
    ["minute", "timestamp(3) with time zone"],
    ["kind", "varchar"],
    ["n", "bigint"],
  ];
  const html = await drawn({ kind: "line", x: "minute", y: "n", color: "kind" }, columns, rows);
  expect(html).toContain(">minute (UTC)<");
  for (const label of ["12:00", "12:01", "sword", "potion"]) expect(html).toContain(`>${label}<`);
});

test("a scatter of numbers, and bars along numbers, are drawn", async () => {
  const columns: [string, string][] = [
    ["a", "integer"],
    ["b", "double"],
  ];
  const rows = [
    [1, 2.5],
    [2, "NaN"],
    [3, null],
  ];
  for (const kind of ["scatter", "bar", "line"] as const)
    expect(await drawn({ kind, x: "a", y: "b" }, columns, rows)).toContain("<svg");
});

test("what a picture or table leaves out is said", async () => {
  const rows = Array.from({ length: 300 }, (_, i) => [`guild ${i}`, i]);
  const html = await page({ ...members, rows });
  expect(html).toContain("The first 25 of 300 are drawn.");
  expect(html).toContain("100 more rows: ask for this report as CSV.");
  expect(html).toContain("guild 199<");
  expect(html).not.toContain("guild 200<");
});

test("a chart of a column that the answer lacks costs its picture, not the page", async () => {
  const html = await page({
    ...members,
    report: { ...members.report, chart: { kind: "bar", x: "guild", y: "members" } },
  });
  expect(html).toContain("No picture: Report &#39;members_by_guild&#39; draws guild");
  expect(html).toContain("Name one of guild_name, members");
  expect(html).toContain("<bdi>Nightwatch</bdi>");
});
