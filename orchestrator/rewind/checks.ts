// Whether a pipeline can go back to a restore point: every reason against it, with its cure. Pure.
import { insertsOf } from "../../flink-sql/statements.ts";
import type { RecordedJob } from "../engines/store.ts";
import { writes } from "../maintain/tables.ts";
import type { RestorePoint } from "./points.ts";
import { leftBehind, type Snapshot } from "./snapshots.ts";

/** A line of history since the point. */
export interface Since {
  action: string;
  at: Date;
  detail: Record<string, unknown>;
}

/** What there is now. */
export interface Present {
  now: Date;
  /** For how long jobs know an event's id again. */
  deduplicationMs: number;
  /** Names of the jobs that the folder declares. */
  declared: string[];
  recorded: RecordedJob[];
  /** By name; none for a table that is gone. */
  tables: Map<string, { columns: string[]; current: string | null; snapshots: Snapshot[] }>;
  /** By full name; none for a topic that is gone. */
  topics: Map<string, { partition: number; low: number; high: number }[]>;
  /** False for a savepoint that is surely gone; undefined where this machine can't see. */
  savepointThere: (path: string) => boolean | undefined;
  since: Since[];
}

/** Whether a job's SQL writes a table, or might read it. */
export const touches = ({ definition }: Pick<RecordedJob, "definition">, table: string): boolean =>
  writes(definition, table) ||
  definition.statements.some(({ text }) => insertsOf(text).some(({ words }) => words.includes(table)));

const time = (at: Date | number) => new Date(at).toISOString().slice(0, 19).replace("T", " ");

function jobProblems({ jobs, tables, pipeline }: RestorePoint, present: Present): string[] {
  const names = jobs.map(({ record }) => record.name);
  const gone = jobs.flatMap(({ record, savepoint }) => [
    ...(present.declared.includes(record.name)
      ? []
      : [`Job ${record.name} is no longer declared: put its file back, or it would be stopped again.`]),
    ...(present.savepointThere(savepoint) === false
      ? [`Job ${record.name}: its savepoint ${savepoint} is gone.`]
      : []),
  ]);
  const others = present.recorded.filter((job) => job.pipeline === pipeline && !names.includes(job.name));
  const shared = tables.flatMap(({ name }) =>
    others
      .filter((job) => touches(job, name))
      .map(
        (job) =>
          `Table ${pipeline}.${name} is also job ${job.name}'s, of which the point knows nothing: its rows would be lost.`,
      ),
  );
  return [...gone, ...shared];
}

function offsetProblems({ jobs }: RestorePoint, { topics }: Present): string[] {
  const problems = jobs.flatMap(({ offsets }) =>
    offsets.flatMap(({ topic, partition, offset }) => {
      const ends = topics.get(topic)?.find((one) => one.partition === partition);
      if (!ends) return [`Kafka has no partition ${partition} of topic ${topic} any more.`];
      if (ends.low > offset)
        return [
          `Kafka no longer holds offset ${offset} of topic ${topic}, partition ${partition}: it begins at ${ends.low}. ` +
            "The records between would be lost.",
        ];
      if (ends.high < offset)
        return [
          `Topic ${topic}, partition ${partition} ends at ${ends.high}, before the point's offset ${offset}: it was made anew.`,
        ];
      return [];
    }),
  );
  return [...new Set(problems)];
}

function tableProblems({ tables, pipeline }: RestorePoint, present: Present): string[] {
  return tables.flatMap(({ name, snapshot, commits, columns }) => {
    const table = present.tables.get(name);
    if (!table) return [`Table ${pipeline}.${name} is gone.`];
    const changed = [
      ...columns.filter((column) => !table.columns.includes(column)).map((column) => `'${column}' is gone`),
      ...table.columns.filter((column) => !columns.includes(column)).map((column) => `'${column}' is new`),
    ];
    const known = new Set(table.snapshots.map(({ id }) => id));
    const expired = [...(snapshot ? [snapshot] : []), ...commits].filter((id) => !known.has(id));
    return [
      ...(changed.length > 0
        ? [
            `Table ${pipeline}.${name} has other columns than then: ${changed.join(", ")}. The jobs of then can't write it.`,
          ]
        : []),
      ...expired.map((id) => `Table ${pipeline}.${name}: snapshot ${id} has expired.`),
    ];
  });
}

const erasing = ["forget-begun", "forget-proven", "forget-open", "retain"];

/** Rows that had to go are in the old snapshots and savepoints: no option lets them come back. */
const erasedProblems = ({ since }: Present): string[] => [
  ...new Set(
    since
      .filter(({ action }) => erasing.includes(action))
      .map(
        ({ action, at }) =>
          `'${action.split("-")[0]}' has removed rows since (${time(at)}): they would come back, which is never done.`,
      ),
  ),
];

const ageProblems = ({ at }: RestorePoint, { now, deduplicationMs }: Present): string[] =>
  now.getTime() - at.getTime() > deduplicationMs
    ? [
        `The point is older than the jobs remember an event_id (deduplicationMs: ${deduplicationMs}): a copy of an event from ` +
          "before it would land a second time.",
      ]
    : [];

/** What the way back takes away that no job makes again, as sentences; the batches by name where history knows them. */
export function batchesLost({ tables, pipeline }: RestorePoint, present: Present): string[] {
  const lost = tables.flatMap(({ name, snapshot }) => {
    const table = present.tables.get(name);
    const found = table ? leftBehind(table.snapshots, table.current, snapshot) : [];
    return found.length > 0
      ? [
          `${found.length} commits to ${pipeline}.${name} that no job made (the last at ${time(found[0]!.at)}, ${found[0]!.operation})`,
        ]
      : [];
  });
  if (lost.length === 0) return [];
  const batches = present.since.flatMap(({ action, at, detail }) => {
    if (action === "backfill") return [`the backfill of ${detail.date} (${time(at)})`];
    if (action === "replay-tables") return [`the replay of ${time(at)}`];
    return [];
  });
  return [...batches, ...lost];
}

/** Every reason for which the pipeline can't go back to the point, with the cure where there is one; empty where it can. */
export function rewindProblems(point: RestorePoint, present: Present, dropBatches: boolean): string[] {
  const lost = dropBatches ? [] : batchesLost(point, present);
  return [
    ...erasedProblems(present),
    ...ageProblems(point, present),
    ...jobProblems(point, present),
    ...offsetProblems(point, present),
    ...tableProblems(point, present),
    ...(lost.length > 0
      ? [
          `What statements of Trino wrote since would be taken away: ${lost.join("; ")}. ` +
            "With --drop-batches it is; run them again afterwards.",
        ]
      : []),
  ];
}
