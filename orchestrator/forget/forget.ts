// Forgets a person: takes them out of every table of a pipeline, then out of the tables' history, and counts
// what is left. What it can't reach, it says.
import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import { kafkaTopic, type PipelineFolder } from "../../flink-sql/folders.ts";
import { quarantineShape } from "../deploy/reconcile.ts";
import type { Engines } from "../engines/engines.ts";
import { lakeTables } from "../lake-tables.ts";
import { takeLedger } from "../ledger/ledger.ts";
import { commit } from "../maintain/tables.ts";
import { alertsOfPerson, removeAlerts, waitForAlerts } from "./alerts.ts";
import { allowConcurrentDeletes, type HistoryProof, historyProblems, removeHistory } from "./files.ts";
import { countsQuery, eraseStatement, lastRecordsQuery, personColumns, rowsOf, sweepQuery } from "./sql.ts";

export interface Forgotten {
  pipeline: string;
  /** Columns by which the person was looked for. */
  person: string[];
  /** Nothing was found, and an earlier run has proven that nothing is in the tables' past either. */
  nothingLeft: boolean;
  /** When the newest run that went to its end did so, before this one. */
  forgottenAt: string | null;
  /** Rows of the person before: blanked in log and quarantine, deleted elsewhere. */
  rows: Record<string, number>;
  /** The same after; undefined in a dry run. */
  rowsLeft?: Record<string, number>;
  history: HistoryProof[];
  /** Alerts of the person before, deleted from Postgres; and after, undefined in a dry run. */
  alerts: number;
  alertsLeft?: number;
  /** Records of the person that Kafka itself holds, until its retention has passed. */
  kafka: { topic: string; records: number; until: string }[];
  /** Columns that equal the id, but that the pipeline doesn't name as a person's. */
  alsoIn: { column: string; rows: number }[];
  ledgerClosed?: boolean;
  /** No row, no alert, no older snapshot, no stray file, and the ledger closed. */
  proven: boolean;
}

/** Nobody waits at this command's end: rather slow than open. */
const inFlightMs = 600_000;

/** One at a time: a second run would take the first one's new files for stray ones. */
const eraseLock = 7_270_403;

/** Runs `work` while no other forget or retain does, on any machine. */
export const alone = <T>({ store }: Engines, work: () => Promise<T>): Promise<T> =>
  store.transaction(async (client) => {
    const { rows } = await client.query("SELECT pg_try_advisory_xact_lock($1) AS held", [eraseLock]);
    if (!rows[0].held)
      throw new Error(
        "Another 'forget' or 'retain' is under way: wait until it has ended and run this again.",
      );
    return work();
  });

// An id is easily guessed, so that its hash must be slow to make and salted: the history never tells who it was.
const hashOf = (id: string, salt: string) => scryptSync(id, salt, 32);

/** When this person's newest run began and when one has ended, from the history; a run that broke off has no end. */
async function earlierRuns(
  { store }: Engines,
  pipeline: PipelineFolder,
  id: string,
): Promise<{ endedAt: string | null; brokeOff: boolean }> {
  const { rows } = await store.transaction((client) =>
    client.query(
      "SELECT at, action, detail FROM history WHERE subject = $1 AND action LIKE 'forget-%' ORDER BY history.id",
      [pipeline.name],
    ),
  );
  const own = rows.filter(
    ({ detail }) =>
      detail.salt && timingSafeEqual(Buffer.from(detail.person, "hex"), hashOf(id, detail.salt)),
  );
  const ended = own.findLast(({ action }) => action === "forget-proven");
  return { endedAt: ended ? ended.at.toISOString() : null, brokeOff: own.length > 0 && own.at(-1) !== ended };
}

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, n) => total + n, 0);

/**
 * Forgets the person `id` of a pipeline. Waits for what is in flight, and for every job's commits after the
 * rewrite; may be run again after whatever broke it off. Throws all reasons for which it can't be done, before
 * anything is touched.
 */
export async function forget(
  engines: Engines,
  pipeline: PipelineFolder,
  id: string,
  { dryRun, tell }: { dryRun: boolean; tell: (line: string) => void },
): Promise<Forgotten> {
  if (id === "" || id.length > 1000)
    throw new Error("--user: give the person's id, of 1 to 1000 characters.");
  const { lake, store } = engines;
  const person = personColumns(pipeline);
  const tables = await lakeTables(engines, pipeline);
  const names = tables.map(({ name }) => name);
  const conditions = new Map(
    tables.flatMap((table): [string, string][] => {
      const condition = rowsOf(table, person, id);
      return condition ? [[table.name, condition]] : [];
    }),
  );
  const count = async () => {
    const { rows } = await lake.query(countsQuery(pipeline, conditions));
    return Object.fromEntries(rows.map(([table, n]) => [String(table), Number(n)]));
  };
  const sweep = async () => {
    const query = sweepQuery(pipeline, tables, id);
    const found = query ? (await lake.query(query)).rows : [];
    return found
      .map(([column, n]) => ({ column: String(column), rows: Number(n) }))
      .filter(({ column }) => !person.includes(column.slice(column.indexOf(".") + 1)));
  };
  const alerted = { pipeline: pipeline.name, fields: person, id };
  const problems = await historyProblems(engines, pipeline, names);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  if (!dryRun) {
    tell("waiting for what is in flight");
    await takeLedger(engines, pipeline, { waitMs: inFlightMs, settleMs: 0, progress: tell });
    await waitForAlerts(engines, pipeline);
  }
  tell("counting");
  const rows = await count();
  const { alerts, copies } = await alertsOfPerson(engines, alerted);
  const { endedAt, brokeOff } = await earlierRuns(engines, pipeline, id);
  const found: Forgotten = {
    pipeline: pipeline.name,
    person,
    nothingLeft: sum(rows) + alerts === 0 && endedAt !== null && !brokeOff,
    forgottenAt: endedAt,
    rows,
    alerts,
    history: [],
    kafka: [...(sum(rows) > 0 ? await kafkaCopies(engines, pipeline, conditions) : []), ...copies],
    alsoIn: await sweep(),
    proven: false,
  };
  if (found.nothingLeft) return { ...found, proven: true };
  if (dryRun) return found;
  return alone(engines, async () => {
    const salt = randomBytes(16).toString("hex");
    const audit = { salt, person: hashOf(id, salt).toString("hex") };
    await store.addHistory("forget-begun", pipeline.name, { ...audit, rows });
    await allowConcurrentDeletes(engines, pipeline, [...conditions.keys()]);
    // The log first: a row that is gone from a table while the log has the event would be a loss.
    const order = [...conditions].sort(([a], [b]) => Number(b === "log") - Number(a === "log"));
    for (const [table, condition] of order) {
      tell(`removing rows of ${table}`);
      await commit(lake, eraseStatement(pipeline, table, condition, { id, salt }));
    }
    const history = await removeHistory(engines, pipeline, names, tell);
    // After the jobs' commits: what they raised from the person's last events is read by now.
    await waitForAlerts(engines, pipeline);
    const alertsLeft = await removeAlerts(engines, alerted);
    tell("counting what is left");
    const rowsLeft = await count();
    const { ledger } = await takeLedger(engines, pipeline, { waitMs: inFlightMs, progress: tell });
    const clean = history.every((of) => of.olderSnapshots === 0 && of.strayFiles === 0);
    const proven = sum(rowsLeft) + alertsLeft === 0 && clean && ledger.closed;
    await store.addHistory(proven ? "forget-proven" : "forget-open", pipeline.name, {
      ...audit,
      rows,
      rowsLeft,
      alerts,
      history,
    });
    return { ...found, rowsLeft, alertsLeft, history, ledgerClosed: ledger.closed, proven };
  });
}

/** Kafka deletes nothing but whole old segments: its copies go by time alone, as the topic is declared. */
async function kafkaCopies(
  { lake }: Engines,
  pipeline: PipelineFolder,
  conditions: Map<string, string>,
): Promise<Forgotten["kafka"]> {
  const { rows } = await lake.query(lastRecordsQuery(pipeline, conditions));
  return rows.map(([topic, records, last]) => {
    const { retentionMs } = pipeline.topics[String(topic)] ?? quarantineShape;
    return {
      topic: kafkaTopic(pipeline.name, String(topic)),
      records: Number(records),
      until: new Date(Date.parse(String(last)) + retentionMs).toISOString(),
    };
  });
}
