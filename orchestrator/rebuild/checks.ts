// Whether a job can be rebuilt: every reason against it, with its cure; and what is rebuilt. Pure.
import { alertNames } from "../../flink-sql/alerts.ts";
import { filteredName, filteredTable } from "../../flink-sql/filters.ts";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { logJob } from "../../flink-sql/log.ts";
import { literals } from "../../flink-sql/sql-text.ts";
import { writtenTables } from "../../flink-sql/statements.ts";
import { type DeclaredTable, declaredTable, declaredTables, holdsEvents } from "../../flink-sql/tables.ts";
import type { DeclaredJob } from "../deploy/reconcile.ts";
import type { RecordedJob } from "../engines/store.ts";
import { writes } from "../maintain/tables.ts";
import type { Verdict } from "../state/verdict.ts";
import { type RebuiltTable, readFromLake, stuckSteps } from "./staged.ts";

/** What there is now, of one job. */
export interface Present {
  /** Of the partitions that it reads: the first offset that Kafka keeps. */
  places: { topic: string; partition: number; low: number }[];
  recorded: RecordedJob[];
  /** Whether its old version is RUNNING. */
  isRunning: boolean;
  freeSlots: number;
  /** Rows without a place, by table: of batches, which Kafka does not hold. */
  batches: Map<string, number>;
  /** When a person was forgotten first: Kafka may hold their records still. */
  forgottenAt: Date | undefined;
}

/** Jobs that are meant by `<pipeline>/<file>` or `<file>`, and what is wrong with the names. */
export function namedJobs(
  names: string[],
  jobs: { name: string }[],
): { found: string[]; problems: string[] } {
  const found: string[] = [];
  const problems: string[] = [];
  const known = jobs.map(({ name }) => name).join(", ") || "none";
  for (const asked of new Set(names)) {
    const meant = jobs.filter(({ name }) => name === asked || name.split("/")[1] === asked);
    const [only] = meant;
    if (only && meant.length === 1) found.push(only.name);
    else if (only)
      problems.push(
        `--rebuild ${asked}: several jobs have this name. Give one of ${meant.map(({ name }) => name).join(", ")}.`,
      );
    else problems.push(`--rebuild ${asked}: there is no such job. Jobs: ${known}.`);
  }
  return { found: [...new Set(found)], problems };
}

/** What of a job's tables is compared and exchanged; `old`: the version that wrote them. */
export function rebuiltTables(
  folder: PipelineFolder,
  job: DeclaredJob,
  old: RecordedJob | undefined,
): RebuiltTable[] {
  const ownOf = (statements: { text: string }[]) =>
    writtenTables(statements).filter((table) => table !== filteredName);
  const names = [...new Set(ownOf(job.statements))];
  const declared = declaredTables(folder);
  const toTable = (table: DeclaredTable): RebuiltTable => {
    const retention = folder.retention?.[table.name];
    return {
      name: table.name,
      columns: table.columns.map(({ name }) => name),
      pairing: table.key.length > 0 ? "key" : holdsEvents(table) ? "place" : "none",
      key: table.key,
      ...(retention ? { retainedBy: retention.by } : {}),
    };
  };
  const dropped = [...new Set([...names, ...ownOf(old?.definition.statements ?? [])])];
  return [
    ...names.flatMap((name) => {
      const found = declared.find((table) => table.name === name);
      return found ? [toTable(found)] : [];
    }),
    { ...toTable(declaredTable(filteredTable)!), own: `table_name IN (${literals(dropped)})` },
  ];
}

function tableProblems(folder: PipelineFolder, job: DeclaredJob, { recorded, batches }: Present): string[] {
  const declared = declaredTables(folder).map(({ name }) => name);
  const sinks = alertNames(folder);
  const tables = [...new Set(writtenTables(job.statements))].filter((table) => table !== filteredName);
  const others = recorded.filter((other) => other.pipeline === job.pipeline && other.name !== job.name);
  return tables.flatMap((table) => {
    const alert = sinks.find(({ sink }) => sink === table)?.alert;
    if (alert)
      return [
        `it raises alert '${alert}': all alerts since the topic's start would be raised and told again`,
      ];
    if (!declared.includes(table))
      return [
        `it writes ${table}, which no file under tables/ declares: what it wrote there would come twice`,
      ];
    const rows = batches.get(table) ?? 0;
    return [
      ...others
        .filter(({ definition }) => writes(definition, table))
        .map(({ name }) => `job ${name} writes table ${table} too: its rows would be gone`),
      ...(rows > 0
        ? [
            `table ${table} has ${rows.toLocaleString("en")} rows of batches, which Kafka does not hold: they would be gone`,
          ]
        : []),
    ];
  });
}

function stateProblems(job: DeclaredJob, verdict: Verdict | undefined): string[] {
  if (!verdict) return ["its old version runs from no compiled plan, so that nothing is known of its steps"];
  const read = readFromLake(verdict.plan);
  const stuck = stuckSteps(job.pipeline, job, verdict.plan);
  return [
    ...(read.length > 0 ? [`it reads ${read.join(", ")}: what that held in the past is not known`] : []),
    ...(stuck.length > 0 ? [`state of ${stuck.join(", ")} can't go from one table to another`] : []),
  ];
}

/** Every reason for which the job can't be rebuilt, as sentences with the cure; empty where it can. */
export function rebuildProblems(
  folder: PipelineFolder,
  job: DeclaredJob,
  verdict: Verdict | undefined,
  present: Present,
): string[] {
  const slots = Number(job.settings["parallelism.default"] ?? 1);
  const { places, isRunning, freeSlots, forgottenAt } = present;
  const never = [
    ...(job.name.endsWith(`/${logJob}`) ? ["it is the engine's own, and keeps a row of every record"] : []),
    ...places
      .filter(({ low }) => low > 0)
      .map(
        ({ topic, partition, low }) =>
          `Kafka no longer holds topic ${topic}, partition ${partition} from offset 0: the first kept is ${low}`,
      ),
    ...tableProblems(folder, job, present),
    ...stateProblems(job, verdict),
    ...(forgottenAt
      ? [
          `'forget' has removed a person's rows (${forgottenAt.toISOString()}), and Kafka may hold the records still: they would come back`,
        ]
      : []),
  ].map(
    (reason) =>
      `Job ${job.name} can't be rebuilt: ${reason}. Undo the change, or give the job and its tables new names.`,
  );
  return [
    ...never,
    ...(isRunning
      ? []
      : [
          `Job ${job.name} can't be rebuilt now: its old version doesn't run. 'npx swordlake status' tells why; where it was ` +
            "stopped, undo the change, apply, and change it again.",
        ]),
    ...(freeSlots < slots
      ? [
          `Job ${job.name} can't be rebuilt now: Flink has ${freeSlots} free slots, and a job beside it needs ${slots}. ` +
            "Stop a job that isn't needed, or give Flink more slots.",
        ]
      : []),
  ];
}
