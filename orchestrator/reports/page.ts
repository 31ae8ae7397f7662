// One web page for a pipeline's reports: self-contained, without scripts, asking no other host for
// anything. Everything that isn't markup written here is escaped.
import { createHash } from "node:crypto";
import { drawPicture } from "./chart.ts";
import { styles } from "./page-styles.ts";
import { type Column, isNumber, isTime, type Result, toParameterLine, toText, toVisible } from "./result.ts";

const rowsShownMax = 200;
const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as HTML, for content and for quoted attributes. */
export const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (mark) => entities[mark]!);

// The hash admits this style sheet alone: neither scripts nor styles in a value could ever take effect.
export const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(styles).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const kindOf = (column: Column) => (isNumber(column) ? "number" : isTime(column) ? "time" : "text");

function renderRows({ report, columns, rows }: Result): string {
  const kind = columns.map((column) => ` class="${kindOf(column)}"`);
  const cell = (value: unknown) =>
    value === null || value === undefined
      ? '<span class="null">none</span>'
      : `<bdi>${escapeHtml(toVisible(toText(value)))}</bdi>`;
  const head = columns.map(
    ({ name }, c) => `<th scope="col"${kind[c]}>${escapeHtml(toVisible(name.replaceAll("_", " ")))}</th>`,
  );
  const body = rows.slice(0, rowsShownMax).map((row) => {
    const cells = columns.map((_, c) =>
      c === 0 && columns.length > 1
        ? `<th scope="row"${kind[c]}>${cell(row[c])}</th>`
        : `<td${kind[c]}>${cell(row[c])}</td>`,
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  const title = escapeHtml(report.title);
  const omitted = rows.length - body.length;
  return `<div class="rows" role="region" tabindex="0" aria-label="${title}: rows">
<table><caption>${title}: ${rows.length === 1 ? "1 row" : `${rows.length} rows`}</caption>
<thead><tr>${head.join("")}</tr></thead>
<tbody>${body.join("\n")}</tbody></table></div>
${omitted > 0 ? `<p class="note">${omitted} more rows: ask for this report as CSV.</p>` : ""}`;
}

/** Two drawings, as a picture for a wide page shrunk to a phone would have letters too small to read. */
async function renderPicture(result: Result): Promise<string> {
  const { report } = result;
  if (!report.chart || result.rows.length === 0) return "";
  const label = escapeHtml(`${report.chart.kind} chart: ${report.title}. The table has the values.`);
  try {
    const wide = await drawPicture(result, report.chart, 760);
    const narrow = await drawPicture(result, report.chart, 330);
    const note = wide.omission && `<figcaption class="note">${escapeHtml(wide.omission)}</figcaption>`;
    if (!wide.svg) return note && `<figure>${note}</figure>`;
    const shown = (kind: string, svg: string) =>
      `<div class="${kind}" role="img" aria-label="${label}">${svg}</div>`;
    return `<figure>${shown("wide", wide.svg)}${shown("narrow", narrow.svg)}${note}</figure>`;
  } catch (error) {
    // One report's picture must not cost the reader the page.
    return `<p class="note">No picture: ${escapeHtml((error as Error).message)}</p>`;
  }
}

async function renderReport(result: Result): Promise<string> {
  const { report } = result;
  const name = escapeHtml(report.name);
  const rows = result.problem
    ? `<p class="note">No answer: ${escapeHtml(toVisible(result.problem))}</p>`
    : result.rows.length === 0
      ? '<p class="note">No rows yet.</p>'
      : renderRows(result);
  const chosen = toParameterLine(result);
  return `<section id="${name}" aria-labelledby="${name}-title">
<h2 id="${name}-title">${escapeHtml(report.title)}</h2>
<p class="question">${escapeHtml(report.question)}</p>
${chosen && `<p class="note parameters"><bdi>${escapeHtml(chosen)}</bdi></p>`}
${await renderPicture(result)}
${rows}
<details><summary>SQL</summary><pre><code>${escapeHtml(report.sql)}</code></pre></details>
</section>`;
}

export interface Page {
  title: string;
  pipeline: string;
  generatedAt: Date;
  results: Result[];
}

/** The page of a pipeline's reports, as one file. */
export async function renderHtml({ title, pipeline, generatedAt, results }: Page): Promise<string> {
  const sections: string[] = [];
  for (const result of results) sections.push(await renderReport(result));
  const links = results.map(
    ({ report }) => `<li><a href="#${escapeHtml(report.name)}">${escapeHtml(report.title)}</a></li>`,
  );
  const time = generatedAt.toISOString();
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(pagePolicy)}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}: reports</title>
<style>${styles}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="note">Reports of the pipeline <b>${escapeHtml(pipeline)}</b>, as of
<time datetime="${time}">${time.slice(0, 19).replace("T", " ")} UTC</time></p>
<nav aria-label="Reports"><ul>${links.join("\n")}</ul></nav>
</header>
<main>
${sections.join("\n")}
</main>
</body>
</html>
`;
}
