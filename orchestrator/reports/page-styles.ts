// The style sheet of the report page, light and dark. Names no font or image of another host.

export const styles = `
:root {
  color-scheme: light dark;
  --page: #f4f5f8; --card: #ffffff; --text: #1b2130; --quiet: #596275; --line: #dfe3ea;
  --accent: #2a5db0; --stripe: #f7f8fb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10141b; --card: #181e28; --text: #e4e8ef; --quiet: #9ca7b8; --line: #2b3443;
    --accent: #8bb4f5; --stripe: #1c232f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 54rem;
  background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
  overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 1.75rem; line-height: 1.25; }
h2 { margin: 0; font-size: 1.25rem; line-height: 1.3; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.note, .question { color: var(--quiet); }
.note { margin: .5rem 0 0; font-size: .875rem; }
.question { margin: .25rem 0 1rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1.25rem 0 0; padding: 0; list-style: none; }
nav a {
  display: block; padding: .25rem .75rem; border: 1px solid var(--line); border-radius: 1rem;
  background: var(--card); font-size: .875rem; text-decoration: none;
}
nav a:hover { border-color: var(--accent); }
section {
  margin-top: 1.5rem; padding: 1.25rem; scroll-margin-top: 1rem;
  border: 1px solid var(--line); border-radius: .75rem; background: var(--card);
}
figure { margin: 0 0 1rem; }
svg { display: block; max-width: 100%; height: auto; }
.narrow { display: none; }
.rows { max-height: 26rem; overflow: auto; border: 1px solid var(--line); border-radius: .5rem; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
caption {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
th, td { padding: .4rem .75rem; text-align: left; vertical-align: top; overflow-wrap: normal; }
thead th {
  position: sticky; top: 0; background: var(--card); box-shadow: inset 0 -1px var(--line);
  color: var(--quiet); font-weight: 600;
}
tbody th { font-weight: 500; }
tbody .text { min-width: 9.5rem; overflow-wrap: anywhere; }
.time { white-space: nowrap; }
tbody tr:nth-child(even) { background: var(--stripe); }
.number { text-align: right; }
.null { color: var(--quiet); font-style: italic; }
details { margin-top: 1rem; }
summary { color: var(--accent); font-size: .875rem; cursor: pointer; }
pre {
  margin: .5rem 0 0; padding: .75rem 1rem; overflow-x: auto; border-radius: .5rem;
  background: var(--page); font: .8125rem/1.5 ui-monospace, monospace;
}
@media (max-width: 48rem) {
  body { padding: 1.25rem .75rem 3rem; }
  section { padding: 1rem .875rem; }
  th, td { padding: .4rem .5rem; }
  tbody .text { min-width: 8.25rem; }
  .wide { display: none; }
  .narrow { display: block; }
}
@media print {
  body { max-width: none; padding: 0; }
  section { break-inside: avoid; }
  .rows { max-height: none; overflow: visible; }
  nav, details { display: none; }
}
`;
