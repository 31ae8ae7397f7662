// A plan as people see it: each action with the difference it makes to SQL, a name for all of them, and what moved
// between two plans. Pure.
import { createHash } from "node:crypto";
import { structuredPatch } from "diff";
import type { SourcedStatement } from "../../flink-sql/script.ts";
import type { PlanChange, PlanLine } from "../console/api.ts";
import type { RecordedJob } from "../engines/store.ts";
import { type Action, describeAction, pipelineOf } from "./reconcile.ts";

const textOf = ({
  settings,
  statements,
}: {
  settings: Record<string, string>;
  statements: SourcedStatement[];
}) =>
  [
    ...Object.entries(settings)
      .sort()
      .map(([name, value]) => `SET '${name}' = '${value}';`),
    ...statements.map(({ text }) => `${text};`),
  ].join("\n\n");

/** Lines that differ, with a few around them; `…` where lines are left out. */
export function diffLines(before: string, after: string): PlanLine[] {
  const { hunks } = structuredPatch("", "", `${before}\n`, `${after}\n`, "", "", { context: 3 });
  return hunks.flatMap(({ lines, oldStart }, at): PlanLine[] => [
    ...(at > 0 || oldStart > 1 ? [{ mark: "…" as const, text: "" }] : []),
    ...lines
      .filter((line) => !line.startsWith("\\"))
      .map((line): PlanLine => ({ mark: line[0] as PlanLine["mark"], text: line.slice(1) })),
  ]);
}

const added = (text: string): PlanLine[] => text.split("\n").map((line) => ({ mark: "+", text: line }));

function diffOf(action: Action, recorded: RecordedJob[]): PlanLine[] {
  switch (action.kind) {
    case "submit-job":
      return added(action.job.statements.at(-1)?.text ?? "");
    case "upgrade-job":
    case "rebuild-job": {
      const before = recorded.find(({ name }) => name === action.job.name);
      return diffLines(before ? textOf(before.definition) : "", textOf(action.job));
    }
    case "create-tables":
      return action.pipeline.tables
        .filter(({ name }) => action.missing.includes(name))
        .flatMap(({ text }) => added(text.trim()));
    default:
      return [];
  }
}

export const toChanges = (actions: Action[], recorded: RecordedJob[]): PlanChange[] =>
  actions.map((action) => {
    const line = describeAction(action);
    return {
      mark: line[0] as PlanChange["mark"],
      line,
      pipeline: pipelineOf(action),
      diff: diffOf(action, recorded),
    };
  });

/** The same for the same changes to the same state. */
export const nameOf = (changes: PlanChange[]): string =>
  createHash("sha256").update(JSON.stringify(changes)).digest("hex").slice(0, 16);

/** What a plan says now that it didn't say before, and the other way round; a line each. */
export function moved(before: PlanChange[], now: PlanChange[]): string[] {
  const said = (changes: PlanChange[], line: string) => changes.find((change) => change.line === line);
  const gone = before.filter(({ line }) => !said(now, line));
  const fresh = now.filter(({ line }) => !said(before, line));
  const other = now.filter(({ line, diff }) => {
    const known = said(before, line);
    return known && JSON.stringify(known.diff) !== JSON.stringify(diff);
  });
  const lines = [
    ...gone.map(({ line }) => `  planned, and not to be done any more: ${line}`),
    ...fresh.map(({ line }) => `  to be done now, and not planned: ${line}`),
    ...other.map(({ line }) => `  planned with other SQL: ${line}`),
  ];
  return lines.length > 0 ? lines : ["  the same actions, in another order"];
}
