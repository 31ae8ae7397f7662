// The command line and the environment of a replay, read once. Refuses wrong values before anything is
// opened; each message names the flag, the value and the cure.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Command, Option } from "commander";
import { z } from "zod";
import { rootsWith } from "../../flink-sql/folders.ts";
import { type TimeFormat, timeFormats } from "../../flink-sql/row-times.ts";
import { UsageError } from "../errors.ts";
import { readKey } from "../key.ts";
import { address, file, type Kind, oneOf, option, seconds, whole, word, yes } from "../options.ts";
import { describeFiles, type InputFile } from "./input-files.ts";

export interface ReplayConfig {
  files: InputFile[];
  pipeline: string;
  url: string;
  type: string | undefined;
  typeColumn: string | undefined;
  map: Record<string, string>;
  keyColumn: string | undefined;
  eventTime: string | undefined;
  timeFormat: TimeFormat;
  delimiter: string;
  rate: number;
  speedUp: number;
  batch: number;
  connections: number;
  outstanding: number;
  rowBytesMax: number;
  run: string;
  journal: string;
  resume: boolean;
  timeoutMs: number;
  giveUpMs: number;
  key: string | undefined;
  json: boolean;
  pipelinesRoots: string[];
}

export const pairs: Kind<Record<string, string>> = {
  type: z.string().transform((text, context) => {
    const found = text.split(",").map((pair) => pair.split("=").map((part) => part.trim()));
    const bad = found.find((pair) => pair.length !== 2 || pair.includes(""));
    if (bad) context.addIssue({ code: "custom", message: `'${bad.join("=")}' is no column=field` });
    return Object.fromEntries(found) as Record<string, string>;
  }),
  cure: "column=field with commas between, such as player=user_id,sku=sword_type",
};
export const factor: Kind<number> = {
  type: z.coerce.number().positive().max(1e9),
  cure: "a factor above 0, such as 60: an hour of events in a minute",
};
export const character: Kind<string> = {
  type: z
    .string()
    .transform((text) => (text === "tab" ? "\t" : text))
    .refine((text) => /^[\t -~]$/.test(text) && text !== '"'),
  cure: "one ASCII character that is no quote, such as ; or tab",
};
const column: Kind<string> = { type: z.string(), cure: "the name of a column" };

const options = [
  new Option("--csv <file...>", "CSV files with a header row, read in this order; .gz too"),
  new Option("--ndjson <file...>", "NDJSON files, an object per line, read after CSV files; .gz too"),
  option("--pipeline <name>", "PIPELINE", "folder under flink-sql/", word),
  option("--url <url>", "API_URL", "address of the API", address, "http://127.0.0.1:4000"),
  option("--type <event>", "TYPE", "event type of every row", word),
  option(
    "--type-column <name>",
    "TYPE_COLUMN",
    "column of the event type (default: event_type, where no field takes it)",
    column,
  ),
  option("--map <pairs>", "MAP", "column=field,...; columns of equal name need none", pairs),
  option("--key <column>", "KEY_COLUMN", "column of the topic's key field", column),
  option(
    "--event-time <column>",
    "EVENT_TIME",
    "column of the event's time (default: as the contract says, else event_time)",
    column,
  ),
  option("--time-format <form>", "TIME_FORMAT", timeFormats.join(", "), oneOf(...timeFormats), "iso"),
  option("--delimiter <char>", "DELIMITER", "what separates CSV columns, or tab", character, ","),
  option("--rate <n>", "RATE", "rows per second, 0: as fast as it goes", whole(0, 1e7, 500), 0),
  option("--speed-up <x>", "SPEED_UP", "keep the gaps between event times, divided by x", factor),
  option("--batch <n>", "BATCH", "events per request", whole(1, 10_000, 500), 500),
  option(
    "--connections <n>",
    "CONNECTIONS",
    "requests at the same time; 1 keeps the order",
    whole(1, 64, 1),
    1,
  ),
  option(
    "--outstanding <n>",
    "OUTSTANDING",
    "rows without an outcome, at most",
    whole(1, 100_000, 5000),
    5000,
  ),
  option(
    "--row-bytes <n>",
    "ROW_BYTES",
    "longest row, longer ones are unread",
    whole(100, 16_777_216, 1_048_576),
    1_048_576,
  ),
  option("--run <id>", "RUN", "start of every event_id (default: from the files)", word),
  option("--journal <file>", "JOURNAL", "file (default: .swordlake/load/<run>.ndjson)", file),
  option("--resume [yes]", "RESUME", "go on after the last settled row of --journal", yes, false).preset(
    "yes",
  ),
  option("--timeout <seconds>", "TIMEOUT", "longest wait for an answer, in seconds", seconds, 10),
  option("--give-up <seconds>", "GIVE_UP", "longest try for a row's sure outcome", seconds, 120),
  option("--key-file <file>", "KEY_FILE", "file with the API key; else the variable API_KEY", file),
  option("--json [yes]", "JSON", "print the summary as one line of JSON", yes, false).preset("yes"),
];

const help = `
The event_id of a row is <run>-<hash of the file>-<line>: a replay done twice adds nothing to the lake.
Exit codes: 0 every row acked, 1 not so, or it ended early, 2 wrong usage, 130 Ctrl-C.`;

type Given = Omit<ReplayConfig, "files" | "timeoutMs" | "giveUpMs" | "key" | "keyColumn" | "rowBytesMax"> & {
  csv?: string[];
  ndjson?: string[];
  timeout: number;
  giveUp: number;
  keyFile?: string;
  key?: string;
  rowBytes: number;
};

/** Throws UsageError, or commander's own error once it has printed help or what is wrong. */
export function readReplayConfig(argv: string[]): ReplayConfig {
  const command = new Command("replay")
    .description(
      "Sends the rows of CSV or NDJSON files as events and keeps a journal of what became of each.",
    )
    .allowExcessArguments(false)
    .addHelpText("after", help)
    .exitOverride();
  for (const made of options) command.addOption(made);
  const {
    csv = [],
    ndjson = [],
    timeout,
    giveUp,
    keyFile,
    key,
    rowBytes,
    ...given
  } = command.parse(argv, { from: "user" }).opts<Given>();
  const files = describeFiles([
    ...csv.map((path) => ({ path, form: "csv" as const })),
    ...ndjson.map((path) => ({ path, form: "ndjson" as const })),
  ]);
  if (files.length === 0) throw new UsageError("No file is given: name some with --csv or --ndjson.");
  if (!given.pipeline) throw new UsageError("No pipeline is given: name its folder with --pipeline.");
  if (given.type && given.typeColumn)
    throw new UsageError("--type and --type-column both say the events' type: give one of them.");
  if (given.rate > 0 && given.speedUp)
    throw new UsageError("--rate and --speed-up both say how fast: give one of them.");
  const sum = createHash("sha256").update(files.map(({ hash }) => hash).join());
  const run = given.run || `replay-${sum.digest("hex").slice(0, 12)}`;
  return {
    ...given,
    files,
    run,
    type: given.type || undefined,
    typeColumn: given.typeColumn || undefined,
    map: given.map || {},
    keyColumn: key || undefined,
    eventTime: given.eventTime || undefined,
    speedUp: given.speedUp || 0,
    rowBytesMax: rowBytes,
    journal: given.journal || join(".swordlake", "load", `${run}.ndjson`),
    timeoutMs: timeout * 1000,
    giveUpMs: giveUp * 1000,
    key: readKey(keyFile, process.env.API_KEY),
    pipelinesRoots: rootsWith(process.env.SWORDLAKE_PIPELINES),
  };
}
