// What a pipeline folder declares: topics, the events each carries, their fields. Pure data;
// nothing here opens a connection. Everything else (routes, DDL, load) is derived from it.
import { z } from "zod";

export { amount, byteSize, date, time, Unreadable, unquoted, wholeNumber, yesNo } from "./readers.ts";

/** One event a client may send: its zod fields, and fields computed from them at the edge. */
export interface EventType {
  description: string;
  /** What the client sends beside the envelope (event_id, event_time). */
  fields: z.ZodObject;
  /** Fields the edge adds; clients can't set them. Same zod types as `fields`. */
  computed: Record<string, { type: z.ZodType; from: (event: Record<string, unknown>) => unknown }>;
  /** An extra route, such as "/" for the root page. */
  path?: string;
  /** How its rows look in CSV files that people have. */
  csv?: CsvForm;
}

/** From the columns of a CSV file to the fields of an event; headers are compared without case. */
export interface CsvForm {
  /** Header by field; fields of equal name need none. `event_time` may be named too. */
  columns: Record<string, string>;
  /** Texts that stand for no value, beside the empty one: "NaN", "Unknown". */
  nothing: string[];
  /** By field: from text to the JSON value of the contract; see readers.ts. Throws Unreadable. */
  read: Record<string, (text: string) => unknown>;
}

export interface Topic {
  /** Field whose value keys the Kafka record; one key stays in order in one partition. */
  key: string;
  partitions: number;
  retentionMs: number;
  events: Record<string, EventType>;
}

/** Something a person must hear of, found by a job's SQL: see alerts.ts. */
export interface Alert {
  description: string;
  /** Fields that tell one alert from another; each key is delivered once. */
  key: string[];
  /** What an alert says. */
  fields: z.ZodObject;
}

/** How long a table keeps its rows. */
export interface Retention {
  /** Whole days, UTC; older rows go. */
  days: number;
  /** Column of the table that says how old a row is: a time or a date. */
  by: string;
}

/** How a pipeline's tables are kept fit: see `swordlake maintain`. Times in ms. */
export interface Maintenance {
  /** Cron expression, in UTC; "never" for none. */
  schedule: string;
  /** How long a snapshot stays: `report --as-of` reads it. Each commit writes down all that stay. */
  historyMs: number;
  /** How many restore points of each job are kept: so many that were taken, and so many that commands left. */
  restorePoints: number;
  /** How long a restore point is kept: its snapshots, and all since, stay. */
  restorePointsMs: number;
  /** Age from which a file that no metadata names goes; never less than a checkpoint may take. */
  orphansMs: number;
}

/** A batch that the orchestrator runs by itself: see `swordlake backfill`. */
export interface ScheduledBatch {
  /** Cron expression, in UTC; "never" for none. */
  schedule: string;
  /** Files of a day, from the pipeline's folder: {date} is the day, * in the last part anything; .gz too. */
  csv: string;
  /** Which day is due: so many before the schedule's moment; 1 where it is left out. */
  daysBefore?: number;
  /** Event type of the rows; without it each file's header tells. */
  event?: string;
}

/** All reports as one page, written by the orchestrator: see `swordlake report --format html`. */
export interface ReportPages {
  /** Cron expression, in UTC; "never" for none. A second page of a day replaces the first. */
  schedule: string;
  /** Days after which a page goes; 30 where it is left out. */
  keepDays?: number;
}

export interface Pipeline {
  title: string;
  topics: Record<string, Topic>;
  alerts: Record<string, Alert>;
  /** Values for ${NAME} in the string literals of its jobs, such as a threshold. */
  settings: Record<string, string>;
  /** Checkpoint interval of its jobs: how old the newest row in the lake may be. */
  freshnessMs: number;
  /** How long an event_id is remembered: a retry within this time never doubles a row. */
  deduplicationMs: number;
  parallelism: number;
  /** Field with the day that a row belongs to in a batch (`swordlake backfill`); event_time's where an event has none. */
  batchDate?: string;
  batch?: ScheduledBatch;
  reportPages?: ReportPages;
  /** Columns that name the person an event is about, for `forget`; user_id where there is such a field. */
  person?: string | string[];
  /** By table of the folder; a table that isn't named keeps its rows for good. */
  retention?: Record<string, Retention>;
  maintenance: Maintenance;
}

const hourMs = 3600 * 1000;
const dayMs = 24 * hourMs;

/** A commit every 2 s makes 10,800 snapshots in 6 hours, of which each later commit writes the list. */
const maintenance: Maintenance = {
  schedule: "7 * * * *",
  historyMs: 6 * hourMs,
  restorePoints: 3,
  restorePointsMs: dayMs,
  orphansMs: 3 * dayMs,
};

/** Declares an event. `fields` is a zod shape; unknown fields in requests are refused. */
export function event(
  description: string,
  fields: z.ZodRawShape,
  options: { computed?: EventType["computed"]; path?: string; csv?: Partial<CsvForm> } = {},
): EventType {
  return {
    description,
    fields: z.strictObject(fields),
    computed: options.computed ?? {},
    ...(options.path ? { path: options.path } : {}),
    ...(options.csv ? { csv: { columns: {}, nothing: [], read: {}, ...options.csv } } : {}),
  };
}

/** Declares a topic; it becomes the Kafka topic `<pipeline>.<name>`. */
export function topic(
  declared: Pick<Topic, "key" | "events"> & Partial<Pick<Topic, "partitions" | "retentionMs">>,
): Topic {
  return { partitions: 4, retentionMs: 7 * dayMs, ...declared };
}

/** Declares an alert `<name>`; a job raises it by INSERT INTO <name>_alert. `fields` is a zod shape. */
export function alert(description: string, declared: { key: string[]; fields: z.ZodRawShape }): Alert {
  return { description, key: declared.key, fields: z.strictObject(declared.fields) };
}

/** The default export of every flink-sql/<name>/pipeline.ts. */
export function definePipeline(
  declared: Pick<Pipeline, "title" | "topics"> &
    Partial<Omit<Pipeline, "title" | "topics" | "maintenance">> & { maintenance?: Partial<Maintenance> },
): Pipeline {
  return {
    alerts: {},
    settings: {},
    freshnessMs: 2000,
    deduplicationMs: dayMs,
    parallelism: 1,
    ...declared,
    maintenance: { ...maintenance, ...declared.maintenance },
  };
}

/** Exact decimal: a string in JSON and TypeScript, DECIMAL(precision, scale) in Flink and Trino. */
export function decimal(precision: number, scale: number) {
  const whole = precision > scale ? `\\d{1,${precision - scale}}` : "0";
  const fraction = scale > 0 ? `(\\.\\d{1,${scale}})?` : "";
  return z
    .string()
    .regex(new RegExp(`^-?${whole}${fraction}$`), `Not a DECIMAL(${precision},${scale})`)
    .meta({ flink: `DECIMAL(${precision}, ${scale})` });
}

const id64Max = "9223372036854775807";
const id64Largest = BigInt(id64Max);

/** All that `id64` takes, as one pattern for documents: its check of the size is none that JSON Schema can tell. */
export const id64Pattern = `^(\\d{1,18}|${[...id64Max]
  .flatMap((digit, at) =>
    digit === "0" ? [] : `${id64Max.slice(0, at)}[0-${Number(digit) - 1}]\\d{${id64Max.length - at - 1}}`,
  )
  .join("|")}|${id64Max})$`;

/** 64-bit id: digits in a string in JSON and TypeScript (exact beyond 2^53), BIGINT in the lake. */
export function id64() {
  return z
    .string()
    .regex(/^\d{1,19}$/, { error: "Not a 64-bit id: digits in a string expected", abort: true })
    .refine((digits) => BigInt(digits) <= id64Largest, "Beyond 64 bits")
    .meta({ flink: "BIGINT" });
}
