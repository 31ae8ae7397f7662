// How far a load came: a header, then a line per settled batch with the sums so far, in the order of the rows.
// The last whole line is where it goes on; what was refused is in the quarantine, with file and line.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../errors.ts";
import { continueJournal, createJournal, type Journal, readEntries, readJournalHeader } from "../journal.ts";
import type { InputFile } from "./input-files.ts";
import { wholeBytesOf } from "./resume.ts";

export interface LoadHeader {
  run: string;
  kind: "load";
  pipeline: string;
  url: string;
  startedAt: string;
  files: Pick<InputFile, "path" | "size" | "hash">[];
}

/** Sums of all rows up to a line of a file. */
export interface LoadProgress {
  /** Place among the files, from 0, and the last settled line in it. */
  file: number;
  line: number;
  acked: number;
  rejected: number;
  /** Rows that may be in Kafka twice: sent again for want of an answer, or by a resumed load. */
  sentAgain: number;
  /** What event times are moved by. */
  shiftMs: number | null;
  ended?: true;
}

export const noProgress: LoadProgress = {
  file: 0,
  line: 0,
  acked: 0,
  rejected: 0,
  sentAgain: 0,
  shiftMs: null,
};

const hashes = (list: { hash: string }[] = []) => list.map(({ hash }) => hash).join();

export interface OpenJournal {
  journal: Journal<LoadProgress>;
  run: string;
  before: LoadProgress;
  isResumed: boolean;
}

/** Throws UsageError for a journal that exists already. */
export function startJournal(path: string, header: LoadHeader): OpenJournal {
  if (existsSync(path))
    throw new UsageError(`--journal '${path}' exists already. Go on with it by --resume, or name another.`);
  const journal = createJournal<LoadProgress>(path, header);
  return { journal, run: header.run, before: noProgress, isResumed: false };
}

/** Goes on with a journal. Throws UsageError where it is of other files or of another pipeline. */
export async function resumeJournal(
  path: string,
  pipeline: string,
  files: InputFile[],
): Promise<OpenJournal> {
  if (!existsSync(path)) throw new UsageError(`--resume: there is no journal '${path}'.`);
  const wholeBytes = wholeBytesOf(path);
  const header = (await readJournalHeader(path)) as unknown as LoadHeader;
  if (header.kind !== "load" || header.pipeline !== pipeline || hashes(header.files) !== hashes(files))
    throw new UsageError(
      `--resume: '${path}' is the journal of another load (run ${header.run}): other files, another order or ` +
        "content. Give the same files, or name another --journal.",
    );
  let before = noProgress;
  for await (const entry of readEntries(path)) before = entry as unknown as LoadProgress;
  return {
    journal: continueJournal<LoadProgress>(path, wholeBytes),
    run: header.run,
    before,
    isResumed: true,
  };
}

/** The newest journal in a folder whose name begins so. Throws UsageError where there is none. */
export function newestJournal(folder: string, start: string): string {
  const found = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.startsWith(start) && name.endsWith(".ndjson"))
        .map((name) => join(folder, name))
        .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs)
        .at(-1)
    : undefined;
  if (found) return found;
  throw new UsageError(`--resume: no load of these files was begun in ${folder}: load without --resume.`);
}
