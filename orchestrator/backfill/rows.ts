// Rows of files for a batch of one day: read and checked as at the edge, written as records that Flink reads.
// Constant memory: a chunk of a file at a time.
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { finished, pipeline as piped } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { contentId } from "../../flink-sql/content-id.ts";
import { createCsvReader } from "../../flink-sql/csv-rows.ts";
import { acceptEvent } from "../../flink-sql/envelope.ts";
import { eventsOf, type PipelineFolder } from "../../flink-sql/folders.ts";
import { createEventMaker, type HeaderMaker } from "../../flink-sql/row-events.ts";
import { FormError } from "../../flink-sql/row-fields.ts";
import { faultCharsMax, payloadCharsMax } from "../../flink-sql/unreadable.ts";
import { recordsFile } from "../staging/tables.ts";

export interface Batch {
  /** The day, YYYY-MM-DD in UTC. */
  date: string;
  files: string[];
  /** Event type of all rows; without it each file's header tells. */
  type?: string | undefined;
}

/** Rows by what became of them; `read` is the sum of the others. */
export interface RowCounts {
  read: number;
  /** Of another day: left alone. */
  otherDays: number;
  accepted: number;
  quarantined: number;
}

/** A row that is no event: columns of the quarantine by their names. */
interface BadRow {
  topic: string | null;
  reason: string;
  field_path: string | null;
  event_type: string | null;
  message: string;
  payload: string;
  payload_length: number;
  source_file: string;
  source_line: number;
}

/** Name of the file of rows that are no events, beside those of records. */
export const badRowsFile = "backfill_bad_rows.jsonl";

const rowBytesMax = 256 * 1024;

/** The day of an event in UTC; undefined where neither field nor time has one. */
export function dayOf(
  { batchDate }: Pick<PipelineFolder, "batchDate">,
  fields: Record<string, unknown>,
  eventTime: string | undefined,
): string | undefined {
  const own = batchDate === undefined ? undefined : fields[batchDate];
  const told = typeof own === "string" ? own : eventTime;
  if (told === undefined || /^\d{4}-\d\d-\d\d$/.test(told)) return told;
  const at = new Date(told);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString().slice(0, 10);
}

/** Texts by the file that they belong in. */
type Lines = [file: string, line: object][];

/** From a file's bytes to lines of files, counting rows. */
function createRowWriter(pipeline: PipelineFolder, { date, type }: Batch, receivedAt: string) {
  const counts: RowCounts = { read: 0, otherDays: 0, accepted: 0, quarantined: 0 };
  const declared = new Map(eventsOf(pipeline).map((event) => [event.type, event]));
  const makers = createEventMaker({ pipeline, type });
  const edge = {
    receivedAt,
    host: "backfill",
    userAgent: "swordlake-backfill",
    accept: "*/*",
    newId: () => {
      throw new Error("A row's event_id is made from its content.");
    },
  };
  const bad = (row: Omit<BadRow, "payload_length">): Lines => {
    counts.quarantined += 1;
    const payload_length = row.payload.length;
    const message = row.message.slice(0, faultCharsMax);
    return [
      [badRowsFile, { ...row, message, payload: row.payload.slice(0, payloadCharsMax), payload_length }],
    ];
  };

  function accept(
    made: { type: string; fields: Record<string, unknown>; eventTime: string | undefined },
    row: Pick<BadRow, "payload" | "source_file" | "source_line">,
  ): Lines {
    const day = dayOf(pipeline, made.fields, made.eventTime);
    if (day !== undefined && day !== date) {
      counts.otherDays += 1;
      return [];
    }
    const { event, topicName } = declared.get(made.type)!;
    const told = { ...made.fields, ...(made.eventTime === undefined ? {} : { event_time: made.eventTime }) };
    // Where a row tells no time it happened on the batch's day, whenever the batch runs: a second run says the same.
    const input = {
      event_id: contentId(pipeline.name, made.type, told),
      event_time: `${date}T00:00:00.000Z`,
      ...told,
    };
    const verdict = acceptEvent(made.type, event, input, edge);
    if (!verdict.ok)
      return bad({
        ...row,
        topic: topicName,
        reason: "invalid_event",
        field_path: verdict.issues[0]?.path || null,
        event_type: made.type,
        message: verdict.issues
          .map(({ path, message }) => (path ? `${path}: ${message}` : message))
          .join("; "),
      });
    counts.accepted += 1;
    const place = { kafka_partition: 0, kafka_offset: counts.read, kafka_timestamp: receivedAt };
    return [[recordsFile(topicName), { ...verdict.event, ...place }]];
  }

  /** A reader of one file. Throws FormError for a header that doesn't fit. */
  function forFile(path: string): (bytes: Buffer, isLast?: boolean) => Lines {
    const source_file = basename(path);
    let header: HeaderMaker | undefined;
    const read = createCsvReader({
      delimiter: ",",
      rowBytesMax,
      onHeader(columns, line, fault) {
        if (fault) throw new FormError(`${path}:${line}: the header can't be read: ${fault.message}.`);
        header = makers.forHeader(columns, `${path}:${line}`);
      },
    });
    return (bytes, isLast = false) => {
      const lines = read(bytes, isLast).flatMap((row): Lines => {
        counts.read += 1;
        const made = "fault" in row ? row : header!.make(row.cells);
        const payload = "fault" in row ? row.payload : row.text;
        const from = { payload, source_file, source_line: row.line };
        if (!("fault" in made)) return accept(made, from);
        const { reason, message, path: field_path = null } = made.fault;
        return bad({ ...from, topic: null, reason, field_path, event_type: header?.type ?? null, message });
      });
      if (isLast && !header)
        throw new FormError(`${path}: the file is empty: its first row must name the columns.`);
      return lines;
    };
  }
  return { counts, forFile };
}

const unpacked = (path: string): Readable => {
  const source = createReadStream(path);
  if (!path.endsWith(".gz")) return source;
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  return source.pipe(gunzip);
};

/**
 * Writes the day's rows into files of `folder`, which is there: records by topic, and rows that are no
 * events. Throws FormError where a file can't be read as rows of the pipeline at all.
 */
export async function writeRows(
  pipeline: PipelineFolder,
  batch: Batch,
  folder: string,
  progress: (counts: RowCounts) => void = () => {},
): Promise<RowCounts> {
  const { counts, forFile } = createRowWriter(pipeline, batch, new Date().toISOString());
  const names = [...Object.keys(pipeline.topics).map(recordsFile), badRowsFile];
  const sinks = new Map(names.map((name) => [name, createWriteStream(join(folder, name))]));
  const write = async (lines: Lines) => {
    const texts = new Map<string, string>();
    for (const [file, line] of lines) texts.set(file, `${texts.get(file) ?? ""}${JSON.stringify(line)}\n`);
    for (const [file, text] of texts) {
      const sink = sinks.get(file)!;
      if (!sink.write(text)) await once(sink, "drain");
    }
    progress(counts);
  };
  try {
    for (const path of batch.files) {
      const read = forFile(path);
      await piped(unpacked(path), async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) await write(read(chunk));
      });
      await write(read(Buffer.alloc(0), true));
    }
  } finally {
    for (const sink of sinks.values()) sink.end();
    await Promise.all([...sinks.values()].map((sink) => finished(sink)));
  }
  return counts;
}
