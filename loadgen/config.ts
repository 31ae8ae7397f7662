// The command line and the environment of loadgen, read once. Refuses wrong values before anything is
// opened; each message names the flag, the value and the cure.
import { randomBytes } from "node:crypto";
import { delimiter, join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { pipelinesRoot } from "../flink-sql/folders.ts";
import { UsageError } from "./errors.ts";

export interface Config {
  pipeline: string;
  url: string;
  events: number;
  users: number;
  /** Empty for all. */
  endpoints: string[];
  connections: number;
  rate: number;
  seed: number;
  batch: number;
  journal: string;
  duplicates: number;
  broken: number;
  run: string;
  timeoutMs: number;
  allowUnknown: boolean;
  json: boolean;
  pipelinesRoots: string[];
}

/** A kind of value: how it is read, and how to give it right. */
interface Kind<T> {
  type: z.ZodType<T>;
  cure: string;
}

const whole = (min: number, max: number, example: number): Kind<number> => ({
  type: z.coerce.number().int().min(min).max(max),
  cure: `a whole number from ${min} to ${max}, such as ${example}`,
});
const share: Kind<number> = {
  type: z.coerce.number().min(0).max(1),
  cure: "a share from 0 to 1, such as 0.01",
};
const seconds: Kind<number> = {
  type: z.coerce.number().min(1).max(3600),
  cure: "seconds from 1 to 3600, such as 10",
};
const address: Kind<string> = {
  type: z.url({ protocol: /^https?$/ }),
  cure: "an http address, such as http://127.0.0.1:4000",
};
const word: Kind<string> = {
  type: z.string().regex(/^[A-Za-z0-9_.:-]{1,100}$/),
  cure: "1 to 100 of A-Z a-z 0-9 _ . : -",
};
const file: Kind<string> = { type: z.string(), cure: "a file name" };
const list: Kind<string[]> = {
  type: z.string().transform((names) => {
    const given = names.split(",").map((name) => name.trim());
    return given.includes("all") ? [] : given.filter((name) => name !== "");
  }),
  cure: "event types with commas between, or all",
};
const yes: Kind<boolean> = {
  type: z.enum(["1", "true", "yes", "0", "false", "no"]).transform((v) => ["1", "true", "yes"].includes(v)),
  cure: "yes or no",
};

/** An option that can come by environment too; an empty value, as from make, means the default. */
function option<T>(flags: string, env: string, text: string, kind: Kind<T>, fallback?: T): Option {
  const made = new Option(flags, text).env(env).argParser((value) => {
    if (value.trim() === "") return fallback;
    const parsed = kind.type.safeParse(value);
    if (!parsed.success) throw new InvalidArgumentError(`Give ${kind.cure}.`);
    return parsed.data;
  });
  return fallback === undefined ? made : made.default(fallback, Array.isArray(fallback) ? "all" : undefined);
}

const localApi = "http://127.0.0.1:4000";
const options = [
  option("--pipeline <name>", "PIPELINE", "folder under flink-sql/", word, "game"),
  option("--url <url>", "API_URL", "address of the API", address, localApi),
  option("--events <n>", "EVENTS", "events to send", whole(1, 1e9, 10_000), 10_000),
  option("--users <n>", "USERS", "keys: user-1 to user-<n>", whole(1, 1e9, 1000), 1000),
  option("--endpoints <list>", "ENDPOINTS", "event types with commas between, or all", list, []),
  option("--connections <n>", "CONNECTIONS", "requests at the same time", whole(1, 10_000, 32), 32),
  option("--rate <n>", "RATE", "events per second, 0: as fast as it goes", whole(0, 1e7, 500), 0),
  option("--seed <n>", "SEED", "the same seed gives the same events", whole(0, 2 ** 32 - 1, 1), 1),
  option("--batch <n>", "BATCH", "events per request; 1: each on its type's route", whole(1, 10_000, 100), 1),
  option("--duplicates <share>", "DUPLICATES", "share of events sent twice, 0 to 1", share, 0),
  option("--broken <share>", "BROKEN", "share of events the edge must refuse, 0 to 1", share, 0),
  option("--run <id>", "RUN", "start of every event_id (default: random)", word),
  option("--journal <file>", "JOURNAL", "new file (default: .swordlake/load/<run>.ndjson)", file),
  option("--timeout <seconds>", "TIMEOUT", "longest wait for an answer, in seconds", seconds, 10),
  option("--allow-unknown [yes]", "ALLOW_UNKNOWN", "exit 0 though some are unknown", yes, false).preset(
    "yes",
  ),
  option("--json [yes]", "JSON", "print the summary as one line of JSON", yes, false).preset("yes"),
];

/** Throws UsageError, or commander's own error once it has printed help or what is wrong. */
export function readConfig(argv: string[]): Config {
  const command = new Command("load")
    .description("Sends a pipeline's events to the API and keeps a journal of what became of each.")
    .allowExcessArguments(false)
    .addHelpText(
      "after",
      "\nExit codes: 0 every event answered as it should be, 1 not so, 2 wrong usage, 130 Ctrl-C.",
    )
    .exitOverride();
  for (const made of options) command.addOption(made);
  const given = command.parse(argv, { from: "user" }).opts<Partial<Config> & { timeout: number }>();
  const { timeout, ...config } = given as Config & { timeout: number };
  if (config.rate > 0 && config.rate < config.batch)
    throw new UsageError(
      `--rate ${config.rate} with --batch ${config.batch} is less than one request per second. ` +
        `Raise --rate to ${config.batch} or more, or lower --batch to ${config.rate} or less.`,
    );
  const roots = process.env.SWORDLAKE_PIPELINES?.split(delimiter).filter(Boolean) ?? [];
  const run = config.run || randomBytes(6).toString("hex");
  return {
    ...config,
    run,
    journal: config.journal || join(".swordlake", "load", `${run}.ndjson`),
    timeoutMs: timeout * 1000,
    pipelinesRoots: [pipelinesRoot, ...roots],
  };
}
