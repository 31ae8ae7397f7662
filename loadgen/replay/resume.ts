// How far a replay came, from nothing but its journal: lines are in the order of the rows, so the last
// whole line is the last settled row. No second file could disagree with it.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { UsageError } from "../errors.ts";
import { readEntries, readJournalHeader } from "../journal.ts";
import { noRows, type RowCounts } from "./book.ts";
import type { InputFile } from "./input-files.ts";

/** First line of a replay's journal. */
export interface ReplayHeader {
  run: string;
  pipeline: string;
  url: string;
  startedAt: string;
  files: Pick<InputFile, "path" | "size" | "hash">[];
}

export interface Progress {
  /** The last settled row; none where nothing was settled yet. */
  last?: { hash: string; line: number };
  counts: RowCounts;
  /** Bytes of the journal that are whole lines. */
  wholeBytes: number;
}

export const rowId = (run: string, { hash }: Pick<InputFile, "hash">, line: number): string =>
  `${run}-${hash}-${line}`;

const blockBytes = 64 * 1024;

/** Bytes up to and with the last line's end. */
export function wholeBytesOf(path: string): number {
  const file = openSync(path, "r");
  try {
    const block = Buffer.alloc(blockBytes);
    for (let end = fstatSync(file).size; end > 0; end -= blockBytes) {
      const start = Math.max(0, end - blockBytes);
      const read = readSync(file, block, 0, end - start, start);
      const at = block.subarray(0, read).lastIndexOf(10);
      if (at >= 0) return start + at + 1;
    }
    return 0;
  } finally {
    closeSync(file);
  }
}

/** Throws UsageError for a journal that belongs to another replay. */
export async function readProgress(path: string, run: string, files: InputFile[]): Promise<Progress> {
  const wholeBytes = wholeBytesOf(path);
  const header = (await readJournalHeader(path)) as unknown as ReplayHeader;
  const hashes = (list: { hash: string }[] = []) => list.map(({ hash }) => hash).join();
  if (header.run !== run || hashes(header.files) !== hashes(files))
    throw new UsageError(
      `--resume: '${path}' is the journal of another replay (run ${header.run}): other files, ` +
        "another order or content. Give the same files, or name another --journal.",
    );
  const counts = noRows();
  let lastId = "";
  for await (const { id, outcome } of readEntries(path)) {
    counts[outcome] += 1;
    lastId = id;
  }
  const [, hash, line] = /-([0-9a-f]+)-(\d+)$/.exec(lastId) ?? [];
  return { counts, wholeBytes, ...(hash ? { last: { hash, line: Number(line) } } : {}) };
}
