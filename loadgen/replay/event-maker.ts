// From a row's columns to an event of the contract: which column feeds which field, and text read as the
// field's type. Pure. Decides nothing that the contract decides: what it refuses, the API refuses.
import { isLosslessNumber } from "lossless-json";
import { z } from "zod";
import { unwrap } from "../../flink-sql/columns.ts";
import { requestType } from "../../flink-sql/envelope.ts";
import { eventsOf } from "../../flink-sql/folders.ts";
import type { Pipeline } from "../../flink-sql/pipeline.ts";
import { type ReadText, textReader } from "../../flink-sql/text.ts";
import { UsageError } from "../errors.ts";
import { readTime, type TimeFormat } from "./time.ts";

export interface MakerOptions {
  pipeline: Pipeline;
  /** Type of every row; without it `typeColumn` tells. */
  type: string | undefined;
  typeColumn: string;
  /** Field by column; columns of equal name need no word. */
  map: Record<string, string>;
  /** Column of the event's key field. */
  key: string | undefined;
  eventTime: string | undefined;
  timeFormat: TimeFormat;
}

/** A row by column name; undefined where it lacks the column. */
export type Columns = (name: string) => unknown;

export type Made =
  | { type: string; fields: Record<string, unknown>; atMs: number | undefined }
  | { reason: string };

export interface EventMaker {
  make(columns: Columns): Made;
  /** Throws UsageError for a header that can't give the type's events; returns the columns not sent. */
  checkHeader(columns: string[]): string[];
}

interface Feed {
  field: string;
  column: string;
  read: (value: unknown) => unknown;
  isRequired: boolean;
}

/** What a value of a row is in the event; undefined leaves the field out. */
function reader(type: z.ZodType): Feed["read"] {
  const readText: ReadText = textReader(type) ?? ((text) => text);
  const inner = unwrap(type);
  const isText = !(inner instanceof z.ZodNumber) && !(inner instanceof z.ZodBoolean);
  const keepsEmpty = inner instanceof z.ZodString && !type.safeParse(undefined).success;
  return (value) => {
    if (value === "") return keepsEmpty ? "" : undefined;
    if (typeof value === "string") return readText(value);
    if (!isLosslessNumber(value)) return value;
    // Digits of ids and decimals stay as they are written.
    return isText ? value.value : readText(value.value);
  };
}

export function createEventMaker(options: MakerOptions): EventMaker {
  const { pipeline, type: only, typeColumn, map, key, eventTime, timeFormat } = options;
  const declared = eventsOf(pipeline);
  const known = declared.map(({ type }) => type);
  if (only !== undefined && !known.includes(only))
    throw new UsageError(`--type '${only}' isn't declared. Use any of: ${known.join(", ")}.`);
  const feeds = new Map<string, Feed[]>();
  for (const { type, event, topic } of declared.filter(({ type }) => only === undefined || type === only)) {
    const { event_id: _, event_time: __, ...shape } = requestType(event).shape as Record<string, z.ZodType>;
    const columnOf = new Map(Object.entries(map).map(([column, field]) => [field, column]));
    if (key !== undefined) columnOf.set(topic.key, key);
    const own = Object.entries(shape).map(([field, zod]) => ({
      field,
      column: columnOf.get(field) ?? field,
      read: reader(zod),
      isRequired: !zod.safeParse(undefined).success,
    }));
    feeds.set(type, own);
  }
  const fields = new Set([...feeds.values()].flat().map(({ field }) => field));
  const foreign = Object.values(map).filter((field) => !fields.has(field));
  if (foreign.length > 0)
    throw new UsageError(
      `--map names '${foreign.join("', '")}', no field that is sent. The fields: ${[...fields].join(", ")}. ` +
        "The time goes by --event-time; the event_id is made of file and line.",
    );
  const timeColumn = eventTime ?? "event_time";

  return {
    make(columns) {
      const type = only ?? String(columns(typeColumn) ?? "");
      const fields: Record<string, unknown> = {};
      for (const { field, column, read } of feeds.get(type) ?? []) {
        const value = columns(column);
        const made = value === undefined ? undefined : read(value);
        if (made !== undefined) fields[field] = made;
      }
      const given = columns(timeColumn);
      if (given === undefined || given === null || given === "") return { type, fields, atMs: undefined };
      const time = readTime(isLosslessNumber(given) ? given.value : String(given), timeFormat);
      if (!time) return { reason: `${timeColumn} '${String(given).slice(0, 50)}' is no ${timeFormat} time` };
      fields.event_time = time.text;
      return { type, fields, atMs: time.ms };
    },
    checkHeader(columns) {
      const twice = columns.filter((name, i) => columns.indexOf(name) !== i);
      const named = [...Object.keys(map), key, eventTime, only === undefined ? typeColumn : undefined];
      const absent = named.filter((name) => name !== undefined && !columns.includes(name));
      const of = `The header is: ${columns.join(", ").slice(0, 500)}.`;
      if (twice.length > 0) throw new UsageError(`Two columns are named '${twice[0]}': rename one. ${of}`);
      const cure = absent.includes(typeColumn) ? " Say the events' type with --type or --type-column." : "";
      if (absent.length > 0)
        throw new UsageError(`No column is named '${absent.join("', '")}'.${cure} ${of}`);
      const used = new Set([
        timeColumn,
        typeColumn,
        ...[...feeds.values()].flat().map(({ column }) => column),
      ]);
      const missing =
        only === undefined
          ? []
          : feeds.get(only)!.filter((feed) => feed.isRequired && !columns.includes(feed.column));
      if (missing.length > 0)
        throw new UsageError(
          `No column gives '${missing.map(({ field }) => field).join("', '")}' of '${only}'. ` +
            `Name it with --map column=field. ${of}`,
        );
      return columns.filter((name) => !used.has(name));
    },
  };
}
