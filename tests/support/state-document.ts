// docs/state.md: what it says, and the table of what was seen.
import type { Verdict } from "../../orchestrator/state/verdict.ts";

export interface Seen {
  job: string;
  what: string;
  verdict: Verdict;
  plain: "right" | "wrong" | "refused" | "failed";
  ours: "right" | "wrong" | "refused" | "failed" | "not run";
  /** Of Flink, where it refused or failed. */
  reasons: string[];
}

const plainWords: Record<Seen["plain"], string> = {
  right: "restores, rows right",
  wrong: "**restores, rows wrong**",
  refused: "refuses the savepoint",
  failed: "fails at run time",
};
const ourWords: Record<Seen["ours"], string> = {
  right: "restores, rows right",
  wrong: "**restores, rows wrong**",
  refused: "**Flink refuses**",
  failed: "**fails**",
  "not run": "refused before anything is stopped",
};

/** Kinds of steps that are not kept, each once. */
const stepsOf = ({ steps }: Verdict, verdict: string) => [
  ...new Set(
    steps
      .filter((step) => step.verdict === verdict)
      .map(({ name, kind }) => (kind === "stateful" ? name.replace(/\(.*/s, "") : `${kind} ${name}`)),
  ),
];

const verdictOf = (verdict: Verdict): string => {
  const parts = ["rebuilt", "new", "dropped"].flatMap((word) => {
    const steps = stepsOf(verdict, word);
    return steps.length > 0 ? [`${word}: ${steps.join(", ")}`] : [];
  });
  return parts.length > 0 ? parts.join("; ") : "all kept";
};

const text = `# What becomes of a job's state when its SQL changes

Flink finds state by the number of the step that wrote it. Numbered anew after each change, a step may be given
another's state: plain Flink SQL then refuses the savepoint, fails, or goes on with numbers that mean something else. Here a
job runs from a compiled plan, which is kept beside the job. When its SQL changes, the new plan's steps are compared with
the old one's. A step that holds exactly what it would hold had the new SQL run from the start keeps its number, and with
it its state; every other step gets a number that was never used. \`plan\` says so, step by step:

- **kept**: the same step over the same rows; its state goes on.
- **new**: it begins with nothing, and nothing is missing: a new table gets rows from now on, a new topic is read from its start.
- **dropped**: no step of the new SQL needs it.
- **rebuilt**: its state would be wrong or is not there. Then \`apply\` refuses, before anything is stopped. The way out is
  \`apply --rebuild\`: the job's tables are filled from the start of the topic beside the live ones, while the old version
  goes on, and then exchanged.

What isn't known for sure to be the same counts as another step. The engine's own de-duplication by \`event_id\` alone is kept
whatever changes before it: copies of an event are one event under any rule.

## Seen

Each change was made three times on a real Flink: as plain statements from a savepoint of plain statements, from a plan, and as a
clean run of the new SQL over all rows; the rows written were compared. Between savepoint and restart came new rows and
copies of old ones. \`npm test -- state\` does it again and fails where this page says something else;
\`npm test -- state -u\` writes it anew.
`;

/** The whole page. */
export function stateDocument(seen: Seen[]): string {
  const tables = [...new Set(seen.map(({ job }) => job))].map((job) => {
    const rows = seen.filter((one) => one.job === job);
    const lines = rows.map(
      ({ what, verdict, plain, ours }) =>
        `| ${what} | ${verdictOf(verdict)} | ${plainWords[plain]} | ${ourWords[ours]} |`,
    );
    return `\n### ${job}\n\n| change | verdict | plain Flink SQL | Swordlake |\n|---|---|---|---|\n${lines.join("\n")}\n`;
  });
  const count = (of: (one: Seen) => boolean) => seen.filter(of).length;
  const sum =
    `\n## Sum\n\n${seen.length} changes. Plain Flink SQL: ${count(({ plain }) => plain === "right")} right, ` +
    `${count(({ plain }) => plain === "wrong")} silently wrong, ${count(({ plain }) => plain === "refused")} refused, ` +
    `${count(({ plain }) => plain === "failed")} failed. Swordlake: ${count(({ ours }) => ours === "right")} right, ` +
    `${count(({ ours }) => ours === "not run")} refused before anything is stopped, none wrong. In ` +
    `${count(({ plain, ours }) => plain !== "right" && ours === "right")} it kept state where plain Flink SQL could not, in ` +
    `${count(({ plain, ours }) => plain === "right" && ours === "not run")} it refused what would have gone well.\n`;
  return text + tables.join("") + sum;
}
