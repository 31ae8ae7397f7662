import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createJournal,
  type JournalEntry,
  readJournal,
  readJournalHeader,
  summarizeJournal,
} from "../../../loadgen/journal.ts";

const header = {
  run: "r",
  seed: 1,
  pipeline: "game",
  url: "http://127.0.0.1:4000",
  startedAt: "2026-01-01T00:00:00.000Z",
  events: 3,
  sends: 4,
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "journal-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function collect(path: string): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for await (const entry of readJournal(path)) entries.push(entry);
  return entries;
}

const written: JournalEntry[] = [
  { id: "r-0", type: "level_up", outcome: "acked", status: 202, partition: 3, offset: 12 },
  { id: "r-1", type: "level_up", outcome: "rejected", status: 400, broken: true },
  { id: "r-0", type: "level_up", outcome: "unknown", copy: true },
  { id: "r-2", type: "default", outcome: "unknown", status: 503 },
];

describe("a journal", () => {
  it("comes back as it was written, header first", async () => {
    const journal = createJournal(join(folder, "deep", "j.ndjson"), header);
    for (const entry of written) journal.write(entry);
    journal.close();
    expect(await readJournalHeader(journal.path)).toEqual(header);
    expect(await collect(journal.path)).toEqual(written);
  });

  it("reaches the file while it runs, not only at the end", () => {
    const journal = createJournal(join(folder, "j.ndjson"), header);
    const atStart = statSync(journal.path).size;
    for (let n = 0; n < 3000; n++) journal.write({ id: `r-${n}`, type: "t", outcome: "unknown" });
    expect(statSync(journal.path).size).toBeGreaterThan(atStart + 60_000);
    journal.flush();
    expect(readFileSync(journal.path, "utf8").trimEnd().split("\n")).toHaveLength(3001);
    journal.close();
  });

  it("refuses a file that exists, and says what to do", () => {
    const path = join(folder, "j.ndjson");
    writeFileSync(path, "kept");
    expect(() => createJournal(path, header)).toThrow(
      /--journal '.*j\.ndjson' exists already\. Name another/,
    );
    expect(readFileSync(path, "utf8")).toBe("kept");
  });

  it("cut in its last line by a kill is read up to there", async () => {
    const journal = createJournal(join(folder, "j.ndjson"), header);
    journal.write(written[0]!);
    journal.close();
    appendFileSync(journal.path, '{"id":"r-1","ty');
    expect(await collect(journal.path)).toEqual([written[0]]);
  });

  it("damaged before its last line is refused with file and line", async () => {
    const path = join(folder, "j.ndjson");
    writeFileSync(path, `${JSON.stringify(header)}\nbroken\n${JSON.stringify(written[0])}\n`);
    await expect(collect(path)).rejects.toThrow(/j\.ndjson:2: not a line of JSON/);
  });

  it("without a header is refused", async () => {
    const path = join(folder, "j.ndjson");
    writeFileSync(path, "");
    await expect(readJournalHeader(path)).rejects.toThrow(/no journal header/);
  });
});

describe("summarizeJournal", () => {
  it("counts sends by line and events by what is known of all their sends", async () => {
    const journal = createJournal(join(folder, "j.ndjson"), header);
    // A copy answered before its original: the event is acked though its original isn't known to be.
    journal.write({ id: "r-3", type: "t", outcome: "acked", copy: true });
    for (const entry of written) journal.write(entry);
    journal.write({ id: "r-3", type: "t", outcome: "unknown" });
    journal.close();
    expect(await summarizeJournal(journal.path)).toEqual({
      header,
      sends: { acked: 2, rejected: 1, unknown: 3 },
      events: { acked: 2, rejected: 1, unknown: 1 },
    });
  });
});
