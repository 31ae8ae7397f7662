// A rebuild as it is written down, and what its job is: the new version under another name, which reads from Kafka's
// first offset and writes tables of the same names in a schema of its own. Pure.
import type { Job, SourcedStatement } from "../../flink-sql/script.ts";
import { declaredTable } from "../../flink-sql/tables.ts";
import type { RecordedJob } from "../engines/store.ts";
import { parsePlan, tableOf } from "../state/plan.ts";
import { surroundingsOf } from "../state/surroundings.ts";
import { judgePlans, type Verdict } from "../state/verdict.ts";

/** What the one commit did to a table, in rows; `rows`: how many it has now. */
export interface Exchanged {
  rows: number;
  inserted: number;
  deleted: number;
}

export interface RebuiltTable {
  name: string;
  columns: string[];
  /** How a row is found again: by the table's key, by its record's place, or not at all. */
  pairing: "key" | "place" | "none";
  key: string[];
  /** Which rows are the job's, as a condition; of a table that is its own, all. */
  own?: string;
  /** Column by whose day the pipeline's retention removes rows. */
  retainedBy?: string;
  /** Current before the exchange; null where nothing had been committed. */
  snapshot?: string | null;
  exchanged?: Exchanged;
}

export interface Rebuild {
  /** The job that fills the tables: flinkJobId is its run, restorePath the savepoint with which it ended. */
  staged: RecordedJob;
  tables: RebuiltTable[];
  why: string | null;
  /** When it began, in ms. */
  begunAt: number;
}

export const rebuildSchema = (pipeline: string): string => `${pipeline}__rebuild`;

export const stagedName = (job: string): string => `${job}.rebuild`;

/** A plan whose tables of the lake are in another schema. */
export const inSchema = (plan: string, from: string, to: string): string =>
  plan.replaceAll(`\`lake\`.\`${from}\`.`, `\`lake\`.\`${to}\`.`);

const makesSource = ({ text }: SourcedStatement) => declaredTable(text)?.options["properties.group.id"];

/** The new version as a job beside the old one: consumer groups of its own, no state, the first offset. */
export function stagedJob(next: RecordedJob, plan: string, run: string): RecordedJob {
  const name = stagedName(next.name);
  const { settings, statements, groups } = next.definition;
  const own = Object.fromEntries(
    Object.entries(groups).map(([topic, readers]) => [topic, readers.map((reader) => stagedName(reader))]),
  );
  return {
    ...next,
    name,
    definition: {
      settings: { ...settings, "pipeline.name": name },
      statements: statements.map((statement) => {
        const group = makesSource(statement);
        if (!group) return statement;
        const asked = `'properties.group.id' = '${group}'`;
        const text = statement.text.replace(asked, `'properties.group.id' = '${stagedName(group)}'`);
        return { ...statement, text };
      }),
      groups: own,
    },
    plan: inSchema(plan, next.pipeline, rebuildSchema(next.pipeline)),
    flinkJobId: run,
    restorePath: null,
  };
}

type Version = Pick<Job, "settings" | "statements">;

/** The new version's plan with the ids of the job that filled its tables: what becomes of each step's state. */
export const moveBack = (staged: string, from: Version, plan: string, to: Version): Verdict =>
  judgePlans({ plan: staged, ...surroundingsOf(from) }, { plan, ...surroundingsOf(to) });

/** Steps whose state can't go on. */
export const stuckOf = ({ steps }: Verdict): string[] =>
  steps.filter(({ verdict }) => verdict === "rebuilt").map(({ name }) => name);

/** Steps whose state could not go from the tables beside the live ones to the live ones; empty where all can. */
export const stuckSteps = (pipeline: string, job: Version, plan: string): string[] =>
  stuckOf(moveBack(inSchema(plan, pipeline, rebuildSchema(pipeline)), job, plan, job));

/** Tables of the lake that a plan reads. */
export const readFromLake = (plan: string): string[] =>
  parsePlan(plan).nodes.flatMap((one) => {
    const table = one.scanTableSource ? tableOf(one) : undefined;
    return table?.startsWith("`lake`.") ? [table.replaceAll("`", "")] : [];
  });
