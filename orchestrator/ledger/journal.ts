// Holds a load's journal against the lake, event by event: what the client was told is what happened.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { crc32 } from "node:zlib";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { Engines } from "../engines/engines.ts";
import type { Bound } from "./judge.ts";
import { type Slice, slicesOf, stepOf } from "./slices.ts";
import { eventsQuery } from "./sql.ts";

export interface JournalCheck {
  journal: string;
  agrees: boolean;
  /** Events by what the client was told. */
  acked: number;
  rejected: number;
  unknown: number;
  /** Unknown events that turned out to be stored. */
  unknownStored: number;
  /** The first disagreements, as sentences. */
  disagreements: string[];
}

interface Entry {
  id: string;
  outcome: "acked" | "rejected" | "unknown";
  partition?: number;
  offset?: number;
}

export interface Told {
  outcome: Entry["outcome"];
  places: string[];
}

const rank = { rejected: 0, unknown: 1, acked: 2 };
const disagreementsMax = 20;

/** Of a journal's lines, about 110 bytes each, so many bytes are held at once, beside the rows of the same events. */
const sliceBytes = 64 * 1024 ** 2;

interface Journal {
  run: string;
  told: Map<string, Told>;
}

/** Reads a journal: its run, and the best outcome of each event of a slice with the places of its acks. */
async function readJournal(path: string, { slice, slices }: Slice): Promise<Journal> {
  const lines = createInterface({
    input: createReadStream(path, "utf8"),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  let run: string | undefined;
  const told = new Map<string, Told>();
  let number = 0;
  for await (const line of lines) {
    number += 1;
    let entry: unknown;
    try {
      entry = JSON.parse(line);
    } catch (cause) {
      if (run && line.length > 0) continue; // the last line of a load that was killed
      throw new Error(`${path}:${number}: no journal: the first line must be its header`, { cause });
    }
    if (!run) {
      run = (entry as { run?: string }).run;
      if (!run) throw new Error(`${path}:1: no journal: its header names no run`);
      continue;
    }
    const { id, outcome, partition, offset } = entry as Entry;
    if (!(outcome in rank)) continue; // a row of a replayed file that was never sent
    if (crc32(id) % slices !== slice) continue;
    const known = told.get(id) ?? { outcome, places: [] };
    if (rank[outcome] > rank[known.outcome]) known.outcome = outcome;
    if (partition !== undefined) known.places.push(`${partition}:${offset}`);
    told.set(id, known);
  }
  if (!run) throw new Error(`${path}: the journal is empty`);
  return { run, told };
}

/** Adds to a check what one slice of a journal says beside the rows of the same events (see eventsQuery). Pure but for `check`. */
export function compare(check: JournalCheck, told: Map<string, Told>, rows: unknown[][]): void {
  const stored = new Map<string, { places: Set<string>; kept: number }>();
  for (const [id, partition, offset, verdict] of rows) {
    const known = stored.get(String(id)) ?? { places: new Set(), kept: 0 };
    known.places.add(`${partition}:${offset}`);
    if (verdict !== "duplicate") known.kept += 1;
    stored.set(String(id), known);
  }
  const disagree = (sentence: string) => {
    check.agrees = false;
    if (check.disagreements.length < disagreementsMax) check.disagreements.push(sentence);
  };
  for (const [id, { outcome, places }] of told) {
    check[outcome] += 1;
    const there = stored.get(id);
    if (outcome === "acked" && !there) disagree(`${id} was acked and isn't stored`);
    if (outcome === "rejected" && there)
      disagree(`${id} was refused and is stored at ${[...there.places].join(", ")}`);
    if (outcome === "unknown" && there) check.unknownStored += 1;
    if (there && there.kept !== 1) disagree(`${id} counts ${there.kept} times`);
    for (const place of places)
      if (there && !there.places.has(place))
        disagree(`${id} was acked at ${place}, which holds something else`);
  }
  for (const id of stored.keys()) if (!told.has(id)) disagree(`${id} is stored and isn't in the journal`);
}

/**
 * Compares. Everything acked must be stored once, at the place that was answered; nothing refused. Memory stays the
 * same however long the journal is: events are compared slice by slice.
 */
export async function checkJournal(
  { lake }: Engines,
  pipeline: PipelineFolder,
  bounds: Bound[],
  path: string,
  tell: (step: string) => void,
): Promise<JournalCheck> {
  const all = slicesOf(bounds, Math.ceil((await stat(path)).size / sliceBytes));
  const none = { agrees: true, acked: 0, rejected: 0, unknown: 0, unknownStored: 0 };
  const check: JournalCheck = { journal: path, ...none, disagreements: [] };
  for (const part of all) {
    tell(`the journal, event by event${stepOf(part)}`);
    const { run, told } = await readJournal(path, part);
    const { rows } = await lake.query(eventsQuery(pipeline, bounds, `${run}-`, part));
    compare(check, told, rows);
  }
  return check;
}
