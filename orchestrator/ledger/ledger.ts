// The ledger: what the topics accepted equals what landed, was filtered, doubled or quarantined.
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { waitForRest } from "../../stack/wait.ts";
import type { Engines } from "../engines/engines.ts";
import { queryBySlices } from "./by-slices.ts";
import type { JudgedPipeline } from "./judge.ts";
import { committedBy, eventSource, inFlight, type Place, placesNow, refusalSource } from "./places.ts";
import { type Problem, problem } from "./problems.ts";
import { type Refusals, readRefusals } from "./refusals.ts";
import { tableRules } from "./rules.ts";
import { batchTwinsQuery, countsQuery, foreignQuery, gapsQuery, problemsQuery, rowsQuery } from "./sql.ts";

export interface Counts {
  accepted: number;
  landed: number;
  /** Of the landed: the table keeps the latest row of a key, and holds that of a later record. */
  superseded: number;
  filtered: number;
  duplicates: number;
  quarantined: number;
  /** Of a person who was forgotten: the log keeps their place alone. */
  forgotten: number;
  /** Older than their tables keep rows. */
  expired: number;
  /** Accepted, but not yet within a checkpoint that every job has committed. */
  inFlight: number;
}

export const countNames = [
  "accepted",
  "landed",
  "superseded",
  "filtered",
  "duplicates",
  "quarantined",
  "forgotten",
  "expired",
  "inFlight",
] as const satisfies (keyof Counts)[];

export interface Ledger extends Counts {
  pipeline: string;
  closed: boolean;
  filteredBy: Record<string, number>;
  partitions: (Counts & { topic: string; partition: number })[];
  /** What the API refused; no part of the sum, since it was never accepted. */
  refusals: Refusals;
  /** The first of each kind, at most `problemsMax` a kind. */
  problems: Problem[];
}

export interface Taken {
  ledger: Ledger;
  bounds: Place[];
  /** Records of the client that was named, by verdict. */
  ofClient: Record<string, number>;
}

const problemsMax = 20;
const none = { rows: [] as unknown[][] };

/** Order of rows that begin with topic, partition and offset. */
const byPlace = ([topic, partition, offset]: unknown[], [topic2, partition2, offset2]: unknown[]) =>
  `${topic}`.localeCompare(`${topic2}`) ||
  Number(partition) - Number(partition2) ||
  Number(offset) - Number(offset2);

/** Reads the lake below the bounds. In flight is what lies between them and the ends. */
async function readLedger(
  engines: Engines,
  pipeline: JudgedPipeline,
  bounds: Place[],
  refused: Place[],
  userAgent: string | undefined,
  tell: (line: string) => void,
): Promise<Taken> {
  const partitions = bounds.map(({ topic, partition, low, high, upTo }) => ({
    topic,
    partition,
    accepted: high - low,
    landed: 0,
    superseded: 0,
    filtered: 0,
    duplicates: 0,
    quarantined: 0,
    forgotten: 0,
    expired: 0,
    inFlight: high - upTo,
  }));
  const { lake } = engines;
  const filteredBy: Record<string, number> = {};
  const field = {
    landed: "landed",
    filtered: "filtered",
    duplicate: "duplicates",
    quarantined: "quarantined",
    forgotten: "forgotten",
    expired: "expired",
  } as const;
  let wrong = 0;
  const hasTables = tableRules(pipeline).length > 0;
  const [{ refusals, problems: unkept }, counts, held] = await Promise.all([
    readRefusals(engines, pipeline, refused, problemsMax),
    queryBySlices(lake, bounds, (slice) => countsQuery(pipeline, bounds, slice, userAgent), tell),
    hasTables ? lake.query(rowsQuery(pipeline, bounds)) : { rows: [[0]] },
  ]);
  let judged = 0;
  let tableRows = 0;
  const ofClient: Record<string, number> = {};
  for (const [topic, partition, verdict, rule, records, rows, sent] of counts) {
    const row = partitions.find((p) => p.topic === topic && p.partition === partition);
    const name = field[verdict as keyof typeof field];
    judged += Number(records);
    tableRows += Number(rows);
    if (Number(sent) > 0) ofClient[`${verdict}`] = (ofClient[`${verdict}`] ?? 0) + Number(sent);
    if (row && verdict === "superseded") {
      row.landed += Number(records);
      row.superseded += Number(records);
    } else if (row && name) row[name] += Number(records);
    else wrong += Number(records);
    if (verdict === "filtered") filteredBy[`${rule}`] = (filteredBy[`${rule}`] ?? 0) + Number(records);
  }
  // Each number that doesn't fit has a query that finds the first places; where all fit, none is run.
  const below = bounds.reduce((records, bound) => records + bound.upTo - bound.low, 0);
  const twinsQuery = batchTwinsQuery(pipeline, problemsMax);
  const [gaps, foreign, misfits, twins] = await Promise.all([
    judged === below ? none : lake.query(gapsQuery(pipeline, bounds, problemsMax)),
    wrong === 0 && tableRows === Number(held.rows[0]?.[0])
      ? none
      : lake.query(foreignQuery(pipeline, bounds, problemsMax)),
    wrong === 0
      ? []
      : queryBySlices(
          lake,
          bounds,
          (slice) => problemsQuery(pipeline, bounds, problemsMax, slice),
          tell,
          "looking for what is wrong",
        ),
    twinsQuery === "" ? none : lake.query(twinsQuery),
  ]);
  const problems: Problem[] = [
    ...unkept,
    ...gaps.rows.map(([topic, partition, first, last]) =>
      problem("missing in the log", topic, partition, first, `offsets ${first} to ${last}`),
    ),
    ...foreign.rows.map(([table, topic, partition, offset, id]) =>
      problem("not from the topic", topic, partition, offset, `table ${table}, event_id ${id}`),
    ),
    ...twins.rows.map(([table, topic, partition, offset, id]) =>
      problem(
        "doubled",
        topic,
        partition,
        offset,
        `table ${table}, event_id ${id}: a batch brought it before the stream did; the next backfill removes the batch's row`,
      ),
    ),
    ...misfits
      .sort(byPlace)
      .slice(0, problemsMax)
      .map(([topic, partition, offset, id, type, verdict]) =>
        problem(verdict as Problem["kind"], topic, partition, offset, `event_id ${id}, event_type ${type}`),
      ),
  ];
  const sum = (name: keyof Counts) => partitions.reduce((total, partition) => total + partition[name], 0);
  const totals = Object.fromEntries(countNames.map((name) => [name, sum(name)])) as unknown as Counts;
  const { landed, filtered, duplicates, quarantined, forgotten, expired } = totals;
  const adds =
    totals.accepted === landed + filtered + duplicates + quarantined + forgotten + expired + totals.inFlight;
  const ledger = {
    pipeline: pipeline.name,
    closed: adds && problems.length === 0,
    ...totals,
    filteredBy,
    partitions,
    refusals,
    problems,
  };
  return { ledger, bounds, ofClient };
}

/** By table, the first day (UTC) that `retain` has kept at any time: its history says what was removed. */
export async function keptSince(
  { store }: Engines,
  { name }: Pick<PipelineFolder, "name">,
): Promise<Record<string, string>> {
  const { rows } = await store.transaction((client) =>
    client.query<{ detail: { tables: { table: string; cutoff: string }[] } }>(
      "SELECT detail FROM history WHERE subject = $1 AND action = 'retain'",
      [name],
    ),
  );
  const since: Record<string, string> = {};
  for (const { table, cutoff } of rows.flatMap(({ detail }) => detail.tables))
    if (cutoff > (since[table] ?? "")) since[table] = cutoff;
  return since;
}

/**
 * Accounts for everything that was accepted when the call began. Waits until all of it has been
 * committed, or none has been for `waitMs`; what is still under way then is reported as a problem. A commit to
 * the lake follows a checkpoint by moments, so a ledger that is open is read again for `settleMs`. Records of the
 * client `userAgent` are counted apart as well.
 */
export async function takeLedger(
  engines: Engines,
  pipeline: PipelineFolder,
  {
    waitMs,
    settleMs = 15_000,
    userAgent,
    progress = () => {},
  }: { waitMs: number; settleMs?: number; userAgent?: string; progress?: (line: string) => void },
): Promise<Taken> {
  const [events, refusals] = [eventSource(pipeline), refusalSource(pipeline)];
  let [bounds, refused] = await Promise.all([
    placesNow(engines, pipeline, events),
    placesNow(engines, pipeline, refusals),
  ]);
  const waiting = () => inFlight(bounds) + inFlight(refused);
  const look = async () => {
    bounds = await committedBy(engines, pipeline, events, bounds);
    refused = await committedBy(engines, pipeline, refusals, refused);
  };
  const left = async () => {
    if (waiting() === 0) return 0;
    progress(`${waiting().toLocaleString("en")} records in flight`);
    // A broker that is away for a moment is no news.
    await look().catch(() => undefined);
    return waiting();
  };
  if (waitMs > 0) await waitForRest(left, { stillMs: waitMs });
  const deadline = Date.now() + settleMs;
  const judged: JudgedPipeline = { ...pipeline, keptSince: await keptSince(engines, pipeline) };
  let taken = await readLedger(engines, judged, bounds, refused, userAgent, progress);
  while (!taken.ledger.closed && Date.now() < deadline) {
    progress("once more, since it is open");
    taken = await readLedger(engines, judged, bounds, refused, userAgent, progress);
  }
  const { ledger } = taken;
  const stuck = [...bounds, ...refused].find(({ high, upTo }) => upTo < high);
  if (waitMs > 0 && stuck) {
    const why = `${waiting()} records not committed, and none in ${waitMs / 1000} s: 'npx swordlake status' shows the jobs`;
    ledger.problems.push(problem("in flight", stuck.topic, stuck.partition, stuck.upTo, why));
    ledger.closed = false;
  }
  return taken;
}
