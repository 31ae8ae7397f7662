// history: who did what, when and why. The page's timeline reads the same.
import { readStackConfig } from "../../stack/config.ts";
import type { TimelineEntry } from "../console/api.ts";
import { resolveConnection } from "../engines/connection.ts";
import { openStore } from "../engines/store.ts";
import { readTimeline } from "../history.ts";
import { printJson, printLine, textTable } from "./output.ts";

const limitMax = 10_000;
const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Reads --since: an age such as 30m or 7d, or a time; one without an offset is UTC. Throws what would be right. */
export function readSince(text: string, now = new Date()): Date {
  const age = /^(\d{1,6})([smhd])$/.exec(text);
  if (age) return new Date(now.getTime() - Number(age[1]) * units[age[2]!]! * 1000);
  const time = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const date = new Date(time?.[1] && !time[4] ? `${text.replace(" ", "T")}Z` : text.replace(" ", "T"));
  if (time && !Number.isNaN(date.getTime())) return date;
  throw new Error(
    `--since ${text}: give a time such as 2026-02-28T12:30, in UTC, or an age such as 30m, 2h, 7d.`,
  );
}

const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** The reason of an entry, in one line: what its author gave, else what the engine said. */
export function whyOf({ detail }: Pick<TimelineEntry, "detail">): string {
  const { why, reason, restoredFrom, savepoint, changes, state } = detail;
  if (why) return text(why);
  if (state === "closed") return "it is over";
  if (reason) return text(reason).split("\n")[0]!;
  if (Array.isArray(changes) && changes.length > 0)
    return `${text(changes[0]).split("\n")[0]}${changes.length > 1 ? ` and ${changes.length - 1} more` : ""}`;
  if (restoredFrom) return `from ${text(restoredFrom).split("/").at(-1)}`;
  if (savepoint) return `to ${text(savepoint).split("/").at(-1)}`;
  return "";
}

export async function history(
  pipeline: string | undefined,
  options: { limit: string; since?: string; json?: boolean },
): Promise<void> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax)
    throw new Error(`--limit ${options.limit}: give a whole number from 1 to ${limitMax}.`);
  const since = options.since === undefined ? undefined : readSince(options.since);
  const store = await openStore(resolveConnection(readStackConfig()).postgres);
  try {
    const page = await readTimeline(store, { pipeline, since, until: new Date(), offset: 0, limit });
    if (options.json) return void printJson(page);
    if (page.entries.length === 0) return void printLine("Nothing is written down.");
    const rows = page.entries.map((entry) => [
      entry.at,
      entry.who,
      entry.action,
      entry.subject,
      whyOf(entry),
    ]);
    printLine(textTable(["when", "who", "what", "of", "why"], rows));
    const left = page.total - page.entries.length;
    if (left > 0) printLine(`${left} older ones: --limit ${page.entries.length + left} shows them.`);
  } finally {
    await store.close();
  }
}
