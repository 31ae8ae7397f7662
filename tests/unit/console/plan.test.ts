// A plan as the console shows it: what differs in its lines, and a name that stands for all of it.
import { expect, it } from "vitest";
import { diffLines, nameOf, toChanges } from "../../../orchestrator/deploy/changes.ts";
import type { DeclaredJob } from "../../../orchestrator/deploy/reconcile.ts";
import type { RecordedJob } from "../../../orchestrator/engines/store.ts";

const job = (sql: string): DeclaredJob => ({
  name: "p/landing",
  pipeline: "p",
  hash: sql,
  settings: { "pipeline.name": "p/landing" },
  statements: [{ text: sql, source: "landing.sql:1" }],
  groups: {},
});
const recorded = (sql: string): RecordedJob => {
  const { settings, statements, groups } = job(sql);
  const definition = { settings, statements, groups };
  return {
    name: "p/landing",
    pipeline: "p",
    sqlHash: sql,
    definition,
    desired: "running",
    flinkJobId: "1",
    restorePath: null,
  };
};
const before = "INSERT INTO t\nSELECT a\nFROM events";
const after = "INSERT INTO t\nSELECT b\nFROM events";

it("shows the lines that differ, with those around them", () => {
  const [change] = toChanges([{ kind: "upgrade-job", job: job(after), id: "1" }], [recorded(before)]);
  expect(change).toMatchObject({ mark: "~", pipeline: "p" });
  const marked = change!.diff.filter(({ mark }) => mark === "+" || mark === "-");
  expect(marked).toEqual([
    { mark: "-", text: "SELECT a" },
    { mark: "+", text: "SELECT b" },
  ]);
});

it("leaves out what is the same, and says where", () => {
  const long = Array.from({ length: 40 }, (_, n) => `line ${n}`);
  const changed = long.with(5, "first").with(35, "second");
  const diff = diffLines(long.join("\n"), changed.join("\n"));
  expect(diff.filter(({ mark }) => mark === "…")).toHaveLength(2);
  expect(diff.length).toBeLessThan(20);
  expect(diffLines("a", "a")).toEqual([]);
});

it("shows all of a new job", () => {
  const [change] = toChanges([{ kind: "submit-job", job: job(before) }], []);
  expect(change!.diff.map(({ mark, text }) => mark + text)).toEqual(
    before.split("\n").map((line) => `+${line}`),
  );
});

it("has another name where anything differs, and the same where nothing does", () => {
  const name = (sql: string, old = before) =>
    nameOf(toChanges([{ kind: "upgrade-job", job: job(sql), id: "1" }], [recorded(old)]));
  expect(name(after)).toBe(name(after));
  expect(name(after)).toMatch(/^[0-9a-f]{16}$/);
  expect(name(`${after} `)).not.toBe(name(after));
  expect(name(after, "other")).not.toBe(name(after));
});
