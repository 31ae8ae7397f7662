// What the loop does for jobs, by what is recorded and what Flink runs.
import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dutiesOf } from "../../../orchestrator/deploy/keep.ts";
import { resumePath } from "../../../orchestrator/deploy/submit.ts";
import { newestCheckpoint } from "../../../orchestrator/engines/flink.ts";
import type { RecordedJob } from "../../../orchestrator/engines/store.ts";

const job = (name: string, more: Partial<RecordedJob> = {}): RecordedJob => ({
  name,
  pipeline: "tea",
  sqlHash: "1",
  definition: { settings: {}, statements: [], groups: {} },
  desired: "running",
  flinkJobId: "a",
  restorePath: null,
  ...more,
});
const run = (name: string, id: string) => ({ name, id, state: "RUNNING" });
const none = { adopt: [], cancel: [], resume: [] };

describe("the loop's duties", () => {
  it("are none where each job runs once, or is meant to stand still", () => {
    const recorded = [job("tea/log"), job("tea/still", { desired: "stopped", flinkJobId: null })];
    expect(dutiesOf(recorded, [run("tea/log", "a"), run("somebody else's", "z")], [])).toEqual(none);
  });

  it("are to bring back what Flink forgot", () => {
    const lost = job("tea/log");
    expect(dutiesOf([lost], [], [])).toEqual({ ...none, resume: [lost] });
  });

  it("are to write down the id of a run whose submitter died", () => {
    const asked = job("tea/log", { flinkJobId: null, askedJobId: "a" });
    expect(dutiesOf([asked], [run("tea/log", "a")], [])).toEqual({
      ...none,
      adopt: [{ job: asked, id: "a" }],
    });
  });

  it("are to end a second run, never the one that is recorded or was asked for", () => {
    const runs = [run("tea/log", "b"), run("tea/log", "a")];
    expect(dutiesOf([job("tea/log")], runs, [])).toEqual({ ...none, cancel: [runs[0]] });
    const asked = job("tea/log", { flinkJobId: null, askedJobId: "a" });
    expect(dutiesOf([asked], runs, [])).toMatchObject({ cancel: [runs[0]], adopt: [{ id: "a" }] });
  });

  it("leave a job alone that is being upgraded", () => {
    expect(dutiesOf([job("tea/log")], [], ["tea/log"])).toEqual(none);
  });
});

describe("where a job goes on", () => {
  /** A folder of checkpoints: what a run left, with how old it is in seconds; a negative age marks an unfinished one. */
  function left(runs: Record<string, Record<string, number>>): string {
    const folder = mkdtempSync(join(tmpdir(), "swordlake-checkpoints-"));
    for (const [id, names] of Object.entries(runs))
      for (const [name, age] of Object.entries(names)) {
        mkdirSync(join(folder, id, name), { recursive: true });
        if (age < 0) continue;
        const file = join(folder, id, name, "_metadata");
        writeFileSync(file, "");
        utimesSync(file, Date.now() / 1000 - age, Date.now() / 1000 - age);
      }
    return folder;
  }

  it("is the newest checkpoint that is complete, by its number", () => {
    const folder = left({ a: { "chk-9": 20, "chk-10": 10, "chk-11": -1, shared: -1 } });
    expect(newestCheckpoint(folder, "a")).toBe(`file://${folder}/a/chk-10`);
    expect(newestCheckpoint(folder, "b")).toBeUndefined();
  });

  it("is the savepoint with which a run ended, though nobody wrote it down", () => {
    const folder = left({ a: { "savepoint-a-1": 5 }, b: { "chk-3": 20, "savepoint-b-1": 10 } });
    expect(resumePath(job("tea/log", { restorePath: "file:///older" }), folder)).toBe(
      `file://${folder}/a/savepoint-a-1`,
    );
    expect(newestCheckpoint(folder, "b")).toBe(`file://${folder}/b/savepoint-b-1`);
  });

  it("is a checkpoint again where the run went on after a savepoint", () => {
    const folder = left({ a: { "savepoint-a-1": 20, "chk-4": 10, "savepoint-a-2": -1 } });
    expect(newestCheckpoint(folder, "a")).toBe(`file://${folder}/a/chk-4`);
  });

  it("is what an unconfirmed run got to, else where it was to begin", () => {
    const asked = job("tea/log", { flinkJobId: null, askedJobId: "a", restorePath: "file:///older" });
    const folder = left({ a: { "chk-2": 10 } });
    expect(resumePath(asked, folder)).toBe(`file://${folder}/a/chk-2`);
    expect(resumePath({ ...asked, askedJobId: "b" }, folder)).toBe("file:///older");
  });
});
