import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { continueJournal, createJournal, summarizeJournal } from "../../../loadgen/journal.ts";
import { readKey } from "../../../loadgen/key.ts";
import { describeFiles } from "../../../loadgen/replay/input-files.ts";
import { readProgress, rowId } from "../../../loadgen/replay/resume.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "resume-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}
const csv = (...paths: string[]) => describeFiles(paths.map((path) => ({ path, form: "csv" })));

describe("a journal of a replay", () => {
  const start = (run: string, rows: number) => {
    const files = csv(file("a.csv", "x"));
    const path = join(folder, "j.ndjson");
    const header = { run, pipeline: "p", url: "u", startedAt: "", files };
    const journal = createJournal(path, header);
    for (let line = 2; line < 2 + rows; line++) {
      const id = rowId(run, files[0]!, line);
      if (line % 10 === 0) journal.write({ id, outcome: "unread", file: "a.csv", line, reason: "x" });
      else journal.write({ id, type: "t", outcome: "acked", partition: 0, offset: line });
    }
    journal.close();
    return { files, path };
  };

  it.each([
    0, 1, 5000,
  ])("of %i rows tells how far they are settled, whatever a kill left of the next", async (rows) => {
    const { files, path } = start("r-1", rows);
    const whole = readFileSync(path);
    appendFileSync(path, '{"id":"r-1-half a li');
    const progress = await readProgress(path, "r-1", files);
    const unread = rows === 0 ? 0 : Math.floor((rows + 1) / 10);
    expect(progress).toEqual({
      wholeBytes: whole.length,
      counts: { acked: rows - unread, rejected: 0, unknown: 0, unread },
      ...(rows > 0 ? { last: { hash: files[0]!.hash, line: rows + 1 } } : {}),
    });
    const journal = continueJournal(path, progress.wholeBytes);
    journal.write({ id: "r-1-x", type: "t", outcome: "acked" });
    journal.close();
    const text = readFileSync(path, "utf8");
    expect(text.startsWith(whole.toString())).toBe(true);
    expect(text.slice(whole.length)).toBe('{"id":"r-1-x","type":"t","outcome":"acked"}\n');
    expect((await summarizeJournal(path)).events).toMatchObject({ acked: rows - unread + 1 });
  });

  it("of another run or other files is refused", async () => {
    const { files, path } = start("r", 1);
    await expect(readProgress(path, "s", files)).rejects.toThrow(/journal of another replay \(run r\)/);
    await expect(readProgress(path, "r", csv(file("b.csv", "x")))).rejects.toThrow(/another replay/);
  });
});

describe("the files of a replay", () => {
  it("are known by name, size and content, wherever they are", () => {
    const [one] = csv(file("a.csv", "x"));
    const [other] = csv(file("a.csv", "y"));
    expect(one!.hash).not.toBe(other!.hash);
    expect(csv(file("a.csv", "x"))[0]!.hash).toBe(one!.hash);
  });

  it("are refused where one is given twice, or isn't there", () => {
    const path = file("a.csv", "x");
    expect(() => csv(path, path)).toThrow(/are the same file: give it once/);
    expect(() => csv(join(folder, "no.csv"))).toThrow(/--csv '.*no\.csv' can't be read: ENOENT/);
  });
});

describe("readKey", () => {
  it("takes the file before the environment, and no key for none", () => {
    expect(readKey(file("key", "from-file\n"), "from-environment")).toBe("from-file");
    expect(readKey(undefined, "from-environment")).toBe("from-environment");
    expect(readKey(undefined, " ")).toBeUndefined();
  });

  it("refuses what is no key without saying what it is", () => {
    const path = file("key", "secret one\nsecret two");
    expect(() => readKey(path, undefined)).toThrow(/^--key-file '.*key' holds no key: give one line/);
    expect(() => readKey(path, undefined)).not.toThrow(/secret/);
    expect(() => readKey(join(folder, "none"), undefined)).toThrow(/can't be read: ENOENT/);
  });
});
