// What came of one fault: the figures of its line and whether it passed. Pure.
import type { JournalCheck } from "../../orchestrator/ledger/journal.ts";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import type { Problem } from "../../orchestrator/ledger/problems.ts";

export type Account = Ledger & { journal: JournalCheck };

export interface Seen {
  fault: string;
  /** From the fault to the first new snapshot of the slowest job, in ms; undefined where none came. */
  firstSnapshotMs: number | undefined;
  /** The longest time without a new snapshot of a job, in ms. */
  pauseMs: number | undefined;
  /** Undefined where it couldn't be taken. */
  account: Account | undefined;
  /** The account before the fault. */
  before: Pick<Ledger, "landed" | "problems">;
  /** Declared jobs, and how many runs of each there are. */
  jobs: { name: string; runs: number }[];
  /** What else went wrong, as sentences. */
  troubles: string[];
  /** Where the fault struck. */
  note?: string;
}

export interface Line {
  fault: string;
  firstSnapshotSeconds: number | null;
  pauseSeconds: number | null;
  acked: number;
  landed: number;
  unknown: number;
  lost: number;
  doubled: number;
  /** Declared jobs that run exactly once, of how many. */
  jobs: string;
  passed: boolean;
  reasons: string[];
  note?: string;
}

const placeOf = ({ kind, topic, partition, offset }: Problem) => `${kind} ${topic} ${partition} ${offset}`;

/** Problems that an earlier account didn't have: a fault isn't blamed for what another did. */
export function newProblems(before: Problem[], after: Problem[]): Problem[] {
  const known = new Set(before.map(placeOf));
  return after.filter((problem) => !known.has(placeOf(problem)));
}

const kinds = {
  lost: ["lost", "missing in the log", "in flight"],
  doubled: ["doubled", "doubled in the log", "not from the topic"],
};
const sentences = { lost: /isn't stored/, doubled: /counts \d+ times|isn't in the journal/ };

function countOf(what: keyof typeof kinds, problems: Problem[], disagreements: string[]): number {
  const places = problems.filter(({ kind }) => kinds[what].includes(kind)).length;
  const events = disagreements.filter((sentence) => sentences[what].test(sentence)).length;
  return Math.max(places, events);
}

const secondsOf = (ms: number | undefined) => (ms === undefined ? null : Math.round(ms / 100) / 10);

/** The line of a fault. `lost` and `doubled` are at least so many: an account names the first 20 of each kind. */
export function judge({
  fault,
  firstSnapshotMs,
  pauseMs,
  account,
  before,
  jobs,
  troubles,
  note,
}: Seen): Line {
  const problems = newProblems(before.problems, account?.problems ?? []);
  const journal = account?.journal;
  const disagreements = journal?.disagreements ?? [];
  const landed = (account?.landed ?? before.landed) - before.landed;
  const once = jobs.filter(({ runs }) => runs === 1);
  const reasons = [...troubles];
  if (!account || !journal) reasons.push("the ledger couldn't be taken");
  else {
    if (journal.acked === 0) reasons.push("no event was acked: nothing was tested");
    const expected = journal.acked + journal.unknownStored;
    if (problems.length === 0 && landed !== expected)
      reasons.push(`${landed} events landed, and ${expected} are stored of those that were sent`);
    if (journal.rejected > 0) reasons.push(`${journal.rejected} sound events were refused`);
  }
  for (const { kind, topic, partition, offset, detail } of problems)
    reasons.push(`${kind}: ${topic} partition ${partition} offset ${offset}: ${detail}`);
  reasons.push(...disagreements);
  if (firstSnapshotMs === undefined) reasons.push("no new snapshot came");
  for (const { name, runs } of jobs) if (runs !== 1) reasons.push(`job ${name} has ${runs} runs`);
  return {
    fault,
    firstSnapshotSeconds: secondsOf(firstSnapshotMs),
    pauseSeconds: secondsOf(pauseMs),
    acked: journal?.acked ?? 0,
    landed,
    unknown: journal?.unknown ?? 0,
    lost: countOf("lost", problems, disagreements),
    doubled: countOf("doubled", problems, disagreements),
    jobs: `${once.length} of ${jobs.length}`,
    passed: reasons.length === 0,
    reasons,
    ...(note === undefined ? {} : { note }),
  };
}

export const tableHead = [
  "fault",
  "first snapshot, s",
  "longest pause, s",
  "acked",
  "landed",
  "unknown",
  "lost",
  "doubled",
  "jobs",
  "verdict",
];

export const tableRow = (line: Line): (string | number | null)[] => [
  line.fault,
  line.firstSnapshotSeconds,
  line.pauseSeconds,
  line.acked,
  line.landed,
  line.unknown,
  line.lost,
  line.doubled,
  line.jobs,
  line.passed ? "ok" : "FAILED",
];
