// The flags of a load, read once. Refuses wrong values before anything is opened, all of them at once; each
// message names the flag, the value and the cure. Pure.
import { type TimeFormat, timeFormats } from "../../flink-sql/row-times.ts";
import { UsageError } from "../errors.ts";
import { type Kind, oneOf, seconds, whole, word } from "../options.ts";
import { character, factor, pairs } from "./config.ts";

/** As the command line has them. */
export interface LoadFlags {
  csv?: string[];
  ndjson?: string[];
  type?: string;
  typeColumn?: string;
  map?: string;
  eventTime?: string;
  timeFormat?: string;
  delimiter?: string;
  rate?: string;
  speedUp?: string;
  shiftToNow?: boolean;
  connections?: string;
  batch?: string;
  resume?: boolean;
  journal?: string;
  keyFile?: string;
  giveUp?: string;
  wait?: string;
  json?: boolean;
}

export interface LoadSettings {
  files: { path: string; form: "csv" | "ndjson" }[];
  type: string | undefined;
  typeColumn: string | undefined;
  map: Record<string, string>;
  eventTime: string | undefined;
  timeFormat: TimeFormat;
  delimiter: string;
  pace: { rate: number; speedUp: number };
  shiftToNow: boolean;
  connections: number;
  batch: number;
  rowBytesMax: number;
  timeoutMs: number;
  giveUpMs: number;
  waitMs: number;
}

/** A row of 256 KiB is longer than any that people have; it fits a Kafka record also as JSON. */
const rowBytesMax = 256 * 1024;

/** Throws UsageError that names every flag that is wrong. */
export function readLoadFlags(flags: LoadFlags): LoadSettings {
  const problems: string[] = [];
  function read<T>(flag: string, text: string | undefined, kind: Kind<T>, fallback: T): T {
    if (text === undefined) return fallback;
    const parsed = kind.type.safeParse(text);
    if (parsed.success) return parsed.data;
    problems.push(`${flag} '${text}' is wrong: give ${kind.cure}.`);
    return fallback;
  }
  const settings: LoadSettings = {
    files: [
      ...(flags.csv ?? []).map((path) => ({ path, form: "csv" as const })),
      ...(flags.ndjson ?? []).map((path) => ({ path, form: "ndjson" as const })),
    ],
    type: read("--type", flags.type, word as Kind<string | undefined>, undefined),
    typeColumn: flags.typeColumn,
    map: read("--map", flags.map, pairs, {}),
    eventTime: flags.eventTime,
    timeFormat: read("--time-format", flags.timeFormat, oneOf(...timeFormats), "iso"),
    delimiter: read("--delimiter", flags.delimiter, character, ","),
    pace: {
      rate: read("--rate", flags.rate, whole(0, 1e7, 500), 0),
      speedUp: read("--speed-up", flags.speedUp, factor, 0),
    },
    shiftToNow: flags.shiftToNow ?? false,
    connections: read("--connections", flags.connections, whole(1, 64, 1), 1),
    batch: read("--batch", flags.batch, whole(1, 10_000, 2000), 2000),
    rowBytesMax,
    timeoutMs: 30_000,
    giveUpMs: 1000 * read("--give-up", flags.giveUp, seconds, 120),
    waitMs: 1000 * read("--wait", flags.wait, seconds, 300),
  };
  if (settings.files.length === 0) problems.push("No file is given: name some with --csv or --ndjson.");
  if (settings.type !== undefined && settings.typeColumn !== undefined)
    problems.push("--type and --type-column both say the events' type: give one of them.");
  if (settings.pace.rate > 0 && settings.pace.speedUp > 0)
    problems.push("--rate and --speed-up both say how fast: give one of them.");
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  return settings;
}
