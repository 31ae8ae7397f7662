// Cases of a pipeline: given events or rows of a CSV file, expected rows. Read from cases/*.json; run by
// orchestrator/cases.ts.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { contentId } from "./content-id.ts";
import { createCsvReader } from "./csv-rows.ts";
import { acceptEvent } from "./envelope.ts";
import { eventsOf, type PipelineFolder } from "./folders.ts";
import { createEventMaker, type HeaderMaker } from "./row-events.ts";
import { FormError } from "./row-fields.ts";
import { type UnreadableReason, unreadableReasons } from "./unreadable.ts";

const row = z.record(z.string(), z.unknown());

/** A CSV file, header and rows, as `swordlake load` reads it. */
const csvFile = z
  .strictObject({
    /** Event type of its rows, as --type; without it the header tells. */
    event: z.string().optional(),
    text: z.string().optional(),
    /** Its bytes, where they are no UTF-8. */
    base64: z.base64().optional(),
    /** The file as a whole is refused: part of what the load says. */
    refused: z.string().min(1).optional(),
  })
  .refine(({ text, base64 }) => (text === undefined) !== (base64 === undefined), {
    error: "Give the file as text or as base64",
  });

const reasons = Object.keys(unreadableReasons) as [UnreadableReason, ...UnreadableReason[]];

const caseFile = z
  .strictObject({
    /** What the case shows, in a sentence. */
    shows: z.string().min(1),
    /** Events as a client sends them, in order, each with its event_type. */
    given: z
      .array(z.looseObject({ event_type: z.string() }))
      .min(1)
      .optional(),
    /** Rows as people have them, loaded after `given`. */
    csv: csvFile.optional(),
    /** What the contract refuses: index in `given`, or "line N" of the file, to the path of the field. */
    refused: z.record(z.string(), z.string()).default({}),
    /** Rows of `csv` that can't be read: line to reason. */
    unreadable: z.record(z.string().regex(/^\d+$/), z.enum(reasons)).default({}),
    /** Rows by table, in any order; columns that are left out may hold anything. */
    expect: z.record(z.string(), z.array(row)),
  })
  .refine(({ given, csv }) => given || csv, {
    error: "Give events under 'given', rows under 'csv', or both",
  });

export interface Case extends z.infer<typeof caseFile> {
  name: string;
  path: string;
}

/** All cases of a folder. Throws one error that names every broken file. */
export function loadCases(pipeline: PipelineFolder): Case[] {
  const folder = join(pipeline.path, "cases");
  if (!existsSync(folder)) return [];
  const problems: string[] = [];
  const cases = readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .flatMap((file): Case[] => {
      const path = join(folder, file);
      try {
        const parsed = caseFile.safeParse(JSON.parse(readFileSync(path, "utf8")));
        if (parsed.success) return [{ ...parsed.data, name: file.replace(/\.json$/, ""), path }];
        problems.push(`${path}: ${z.prettifyError(parsed.error)}`);
      } catch (error) {
        problems.push(`${path}: ${(error as Error).message}`);
      }
      return [];
    });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return cases;
}

/** When every event of a case is received, where it gives no time. */
const receivedAt = "2026-01-01T00:00:00.000Z";

export interface GivenRecords {
  /** Records by topic, each with a place, as the topic's source reads them. */
  byTopic: Map<string, object[]>;
  /** Index in `given`, or "line N" of `csv`, to the first field path that was refused. */
  refused: Record<string, string>;
  /** Line of `csv` to the reason why it can't be read. */
  unreadable: Record<string, string>;
  /** What the load says of `csv` as a whole, where it refuses it. */
  fileRefused?: string;
}

/** An event of a case, as it is sent; `at` is its place in the case. */
interface Sent {
  at: string;
  event_type: string;
  input: Record<string, unknown>;
}

/** Rows of a case's file as events, each with the event_id that the load gives it. */
function sentOf(
  pipeline: PipelineFolder,
  { event, text, base64 }: NonNullable<Case["csv"]>,
): { sent: Sent[]; unreadable: Record<string, string>; fileRefused?: string } {
  const bytes = text === undefined ? Buffer.from(base64!, "base64") : Buffer.from(text);
  const sent: Sent[] = [];
  const unreadable: Record<string, string> = {};
  let maker: HeaderMaker | undefined;
  try {
    const events = createEventMaker({ pipeline, type: event });
    const read = createCsvReader({
      delimiter: ",",
      rowBytesMax: 256 * 1024,
      onHeader(columns) {
        maker = events.forHeader(columns, "csv");
      },
    });
    for (const found of read(bytes, true)) {
      const made = "fault" in found ? found : maker!.make(found.cells);
      if ("fault" in made) unreadable[found.line] = made.fault.reason;
      else {
        const { type, eventTime: event_time } = made;
        const own = { ...made.fields, ...(event_time === undefined ? {} : { event_time }) };
        const event_id = contentId(pipeline.name, type, own);
        sent.push({ at: `line ${found.line}`, event_type: type, input: { event_id, ...own } });
      }
    }
    if (!maker) throw new FormError("csv: the file is empty: its first row must name the columns.");
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    return { sent, unreadable, fileRefused: error.message };
  }
  return { sent, unreadable };
}

/** Sends a case's events and rows through the contract, as the edge would. */
export function recordsOf(
  pipeline: PipelineFolder,
  { given = [], csv }: Pick<Case, "given" | "csv">,
): GivenRecords {
  const byTopic = new Map(Object.keys(pipeline.topics).map((topic) => [topic, [] as object[]]));
  const refused: Record<string, string> = {};
  const { sent, ...ofFile } = csv ? sentOf(pipeline, csv) : { sent: [], unreadable: {} };
  const own = given.map(({ event_type, ...input }, index): Sent => ({ at: `${index}`, event_type, input }));
  for (const { at, event_type, input } of [...own, ...sent]) {
    const declared = eventsOf(pipeline).find(({ type }) => type === event_type);
    if (!declared) {
      refused[at] = "event_type";
      continue;
    }
    const edge = {
      receivedAt,
      host: "case",
      userAgent: "case",
      accept: "*/*",
      newId: () => `event-${at}`,
    };
    const verdict = acceptEvent(event_type, declared.event, input, edge);
    if (!verdict.ok) refused[at] = verdict.issues[0]?.path ?? "";
    else {
      const records = byTopic.get(declared.topicName)!;
      const place = { kafka_partition: 0, kafka_offset: records.length, kafka_timestamp: receivedAt };
      records.push({ ...verdict.event, ...place });
    }
  }
  return { byTopic, refused, ...ofFile };
}

/** What the contract and the reading of rows say otherwise than the case expects, as sentences. */
export function misjudged(one: Pick<Case, "csv" | "refused" | "unreadable">, found: GivenRecords): string[] {
  const differing = (what: string, expected: Record<string, string>, said: Record<string, string>) =>
    [...new Set([...Object.keys(said), ...Object.keys(expected)])]
      .filter((at) => said[at] !== expected[at])
      .map(
        (at) =>
          `${what} ${at}: expected ${expected[at] ?? "accepted"}, the contract says ${said[at] ?? "accepted"}`,
      );
  const expected = one.csv?.refused;
  const { fileRefused } = found;
  const isAsExpected =
    expected === undefined ? fileRefused === undefined : (fileRefused?.includes(expected) ?? false);
  return [
    ...differing("given", one.refused, found.refused),
    ...differing("csv line", one.unreadable, found.unreadable),
    ...(isAsExpected
      ? []
      : [
          `csv: expected ${expected ?? "a file that can be loaded"}, the load says ${fileRefused ?? "nothing"}`,
        ]),
  ];
}

/** One change of a table, as Flink's debezium-json writes it: `c` puts a row, `d` takes one back. */
export interface Change {
  op: "c" | "d";
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

/** The rows of a table after its changes, in their order: one for each key. */
export function rowsAfter(changes: Change[], key: string[]): Record<string, unknown>[] {
  const rows = new Map<string, Record<string, unknown>>();
  for (const { op, before, after } of changes) {
    const row = (op === "c" ? after : before) ?? {};
    const held = JSON.stringify(key.map((column) => row[column] ?? null));
    if (op === "c") rows.set(held, row);
    else rows.delete(held);
  }
  return [...rows.values()];
}

/** Differences between expected and actual rows as sentences that name row and column; empty where none. */
export function differences(
  expect: Case["expect"],
  actual: Record<string, Record<string, unknown>[]>,
): string[] {
  return Object.entries(expect).flatMap(([table, wanted]) => {
    const rest = [...(actual[table] ?? [])];
    const found = wanted.flatMap((expected, index) => {
      const fits = (candidate: Record<string, unknown>) =>
        Object.entries(expected).filter(
          ([column, value]) => JSON.stringify(candidate[column] ?? null) !== JSON.stringify(value),
        );
      const best = rest
        .map((candidate, at) => ({ at, wrong: fits(candidate) }))
        .sort((a, b) => a.wrong.length - b.wrong.length)[0];
      if (!best)
        return [`${table} row ${index}: expected ${JSON.stringify(expected)}, and there is no row left`];
      const [candidate] = rest.splice(best.at, 1);
      return best.wrong.map(
        ([column, value]) =>
          `${table} row ${index}, column ${column}: expected ${JSON.stringify(value)}, found ${JSON.stringify(candidate?.[column] ?? null)}`,
      );
    });
    return [...found, ...rest.map((extra) => `${table}: a row nobody expected: ${JSON.stringify(extra)}`)];
  });
}
