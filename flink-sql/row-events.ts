// From a row of a file to an event of the contract: which column feeds which field, and text read as the
// contract's CsvForm says, else as the field's type. Pure. What the contract refuses, the API refuses.
import type { z } from "zod";
import { envelopeFields } from "./envelope.ts";
import { eventsOf } from "./folders.ts";
import type { Pipeline } from "./pipeline.ts";
import { FormError, fieldReader, foldHeader } from "./row-fields.ts";
import { readTime, type TimeFormat } from "./row-times.ts";
import type { RowFault } from "./unreadable.ts";

export interface MakerOptions {
  pipeline: Pipeline;
  /** Type of every row; without it the header or a column tells. */
  type?: string | undefined;
  /** Column of each row's event type. */
  typeColumn?: string | undefined;
  /** Field by column, over what the contract says; columns of equal name need no word. */
  map?: Record<string, string>;
  /** Column of the event's key field. */
  key?: string | undefined;
  /** Column of the event's time. */
  eventTime?: string | undefined;
  /** Of times that the contract has no reader for. */
  timeFormat?: TimeFormat;
}

/** What became of a row: an event, its fields in the order of their names, or why there is none. */
export type Made =
  | { type: string; fields: Record<string, unknown>; eventTime: string | undefined }
  | { fault: RowFault };

/** One file's way from rows to events. */
export interface HeaderMaker {
  /** The type of all its rows; undefined where a column tells. */
  type: string | undefined;
  /** Columns that feed no field. */
  unused: string[];
  make(cells: string[]): Made;
}

export interface EventMaker {
  /** Throws FormError for a header that can't give the events; `file` is named in its message. */
  forHeader(columns: string[], file: string): HeaderMaker;
  /** A row whose values have names, as in NDJSON. */
  forObject(values: Record<string, unknown>): Made;
}

interface Feed {
  field: string;
  column: string;
  read: (value: unknown) => unknown;
  isRequired: boolean;
}

interface EventFeeds {
  type: string;
  /** By name of the field. */
  feeds: Feed[];
  time: Feed;
}

const defaultTypeColumn = "event_type";
const faultAt = (path: string, message: string): RowFault => ({ reason: "value_unreadable", message, path });

/** The text's time where the contract has no reader for it. Throws where it is none. */
function timeReader(format: TimeFormat): Feed["read"] {
  return (value) => {
    const found = readTime(String(value), format);
    if (!found) throw new Error(`'${String(value).slice(0, 50)}' is no ${format} time`);
    return found.text;
  };
}

export function createEventMaker(options: MakerOptions): EventMaker {
  const { pipeline, type: only, map = {}, key, eventTime, timeFormat = "iso" } = options;
  const declared = eventsOf(pipeline);
  const known = declared.map(({ type }) => type);
  if (only !== undefined && !known.includes(only))
    throw new FormError(`--type '${only}' isn't declared. Use any of: ${known.join(", ")}.`);

  const columnOf = new Map(Object.entries(map).map(([column, field]) => [field, column]));
  const events: EventFeeds[] = declared
    .filter(({ type }) => only === undefined || type === only)
    .map(({ type, event, topic }) => {
      const form = event.csv;
      const columnFor = (field: string) =>
        columnOf.get(field) ?? (field === topic.key ? key : undefined) ?? form?.columns[field] ?? field;
      const shape = Object.entries(event.fields.shape as Record<string, z.ZodType>);
      const feeds = shape
        .map(([field, zod]) => ({
          field,
          column: columnFor(field),
          read: fieldReader(zod, form, field),
          isRequired: !zod.safeParse(undefined).success,
        }))
        .sort((a, b) => (a.field < b.field ? -1 : 1));
      const column = eventTime ?? columnFor("event_time");
      const readText = form?.read.event_time ?? timeReader(timeFormat);
      const time = {
        field: "event_time",
        column,
        read: fieldReader(
          envelopeFields.event_time,
          { nothing: form?.nothing ?? [], read: { event_time: readText } },
          "event_time",
        ),
        // A contract that says where the time is doesn't mean the time of receipt.
        isRequired: form !== undefined && ("event_time" in form.columns || "event_time" in form.read),
      };
      return { type, feeds, time };
    });
  const fields = new Set(["event_time", ...events.flatMap(({ feeds }) => feeds.map(({ field }) => field))]);
  const foreign = Object.values(map).filter((field) => !fields.has(field));
  if (foreign.length > 0)
    throw new FormError(
      `--map names '${foreign.join("', '")}', no field that is sent. The fields: ${[...fields].join(", ")}. ` +
        "The event_id is made by this program.",
    );

  function makeEvent({ type, feeds, time }: EventFeeds, textOf: (feed: Feed) => unknown): Made {
    const made: Record<string, unknown> = {};
    const faults: RowFault[] = [];
    const take = (feed: Feed): unknown => {
      const value = textOf(feed);
      if (value === undefined) return undefined;
      try {
        return feed.read(value);
      } catch (error) {
        faults.push(faultAt(feed.field, `${feed.column}: ${(error as Error).message}`));
        return undefined;
      }
    };
    for (const feed of feeds) {
      const value = take(feed);
      if (value !== undefined) made[feed.field] = value;
    }
    const eventTime = take(time) as string | undefined;
    if (eventTime === undefined && time.isRequired && faults.length === 0)
      faults.push(faultAt("event_time", `${time.column}: it has no value`));
    if (faults.length === 0) return { type, fields: made, eventTime };
    return { fault: { ...faults[0]!, message: faults.map(({ message }) => message).join("; ") } };
  }

  const feedsOf = ({ feeds, time }: EventFeeds) => [...feeds, time];
  const lacking = (event: EventFeeds, has: (column: string) => boolean) =>
    feedsOf(event).filter((feed) => feed.isRequired && !has(feed.column));

  /** The one event whose required columns are all there; of several, the one whose columns all are. */
  function eventFor(has: (column: string) => boolean): { found?: EventFeeds; fitting: EventFeeds[] } {
    const fitting = events.filter((event) => lacking(event, has).length === 0);
    if (fitting.length === 1) return { found: fitting[0]!, fitting };
    const whole = fitting.filter(({ feeds }) => feeds.every(({ column }) => has(column)));
    return whole.length === 1 ? { found: whole[0]!, fitting } : { fitting };
  }

  const isFed = (column: string) =>
    events.some((event) => feedsOf(event).some((feed) => foldHeader(feed.column) === column));
  const unknownType = (said: string): Made => ({
    fault: {
      reason: "type_unknown",
      message: `${said.slice(0, 100)}: use one of ${events.map(({ type }) => type).join(", ")}`,
      path: "event_type",
    },
  });

  /** Column that tells each row's type, where nothing else does. */
  function typeColumnIn(has: (column: string) => boolean): string | undefined {
    if (only !== undefined) return undefined;
    if (options.typeColumn !== undefined) return options.typeColumn;
    return has(defaultTypeColumn) && !isFed(defaultTypeColumn) ? defaultTypeColumn : undefined;
  }

  /** Throws where the header can't do; says so with what was expected and what is there. */
  function checkColumns(places: Map<string, number>, columns: string[], file: string, names: string[]): void {
    const there = `The header is: ${columns.join(", ").slice(0, 500)}.`;
    const absent = names.filter((name) => !places.has(foldHeader(name)));
    if (absent.length > 0)
      throw new FormError(`${file}: no column is named '${absent.join("', '")}'. ${there}`);
    const folded = columns.map(foldHeader);
    const used = new Set([
      ...events.flatMap((event) => feedsOf(event).map((feed) => foldHeader(feed.column))),
    ]);
    const twice = columns.filter((_, i) => used.has(folded[i]!) && folded.indexOf(folded[i]!) !== i);
    if (twice.length > 0)
      throw new FormError(`${file}: two columns are named '${twice[0]}': rename one. ${there}`);
  }

  function noEvent(
    has: (column: string) => boolean,
    fitting: EventFeeds[],
    columns: string[],
    file: string,
  ): FormError {
    const there = `The header is: ${columns.join(", ").slice(0, 500)}.`;
    if (fitting.length > 1)
      return new FormError(
        `${file}: its columns fit ${fitting.map(({ type }) => type).join(" and ")}: say which with --type. ${there}`,
      );
    const missing = events.map(
      (event) =>
        `'${lacking(event, has)
          .map(({ column }) => column)
          .join("', '")}' for ${event.type}`,
    );
    return new FormError(
      `${file}: no header that fits: it lacks the columns ${missing.join(", ")}. The first row must name the ` +
        `columns; other names go by --map column=field. ${there}`,
    );
  }

  return {
    forHeader(columns, file) {
      const places = new Map(columns.map((name, place) => [foldHeader(name), place]));
      const has = (column: string) => places.has(foldHeader(column));
      const typeColumn = typeColumnIn(has);
      const named = [...Object.keys(map), key, eventTime, options.typeColumn];
      checkColumns(
        places,
        columns,
        file,
        named.filter((name) => name !== undefined),
      );
      const { found, fitting } = typeColumn === undefined ? eventFor(has) : { fitting: events };
      if (typeColumn === undefined && !found) throw noEvent(has, fitting, columns, file);
      const able = found ? [found] : events;
      const placed = new Map(
        able.map((event) => {
          const place = (feed: Feed) => ({ ...feed, place: places.get(foldHeader(feed.column)) ?? -1 });
          return [event.type, { ...event, feeds: event.feeds.map(place), time: place(event.time) }];
        }),
      );
      const used = new Set(able.flatMap((event) => feedsOf(event).map((feed) => foldHeader(feed.column))));
      if (typeColumn !== undefined) used.add(foldHeader(typeColumn));
      const typePlace = typeColumn === undefined ? -1 : places.get(foldHeader(typeColumn))!;
      const single = found && placed.get(found.type);
      return {
        type: found?.type,
        unused: columns.filter((name) => !used.has(foldHeader(name))),
        make(cells) {
          const event = single ?? placed.get(cells[typePlace]!);
          if (!event) return unknownType(`${typeColumn} '${cells[typePlace]}'`);
          return makeEvent(event, (feed) => cells[(feed as Feed & { place: number }).place]);
        },
      };
    },
    forObject(values) {
      const has = (column: string) => Object.hasOwn(values, column);
      const typeColumn = typeColumnIn(has);
      const event =
        only !== undefined
          ? events[0]
          : typeColumn === undefined
            ? eventFor(has).found
            : events.find(({ type }) => type === (has(typeColumn) ? values[typeColumn] : undefined));
      if (!event)
        return unknownType(
          typeColumn === undefined
            ? "its fields fit no event, or several"
            : `${typeColumn} '${values[typeColumn]}'`,
        );
      return makeEvent(event, (feed) => (has(feed.column) ? values[feed.column] : undefined));
    },
  };
}
