// The command line and the environment of a load, read once. Refuses wrong values before anything is
// opened; each message names the flag, the value and the cure.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Command } from "commander";
import { rootsWith } from "../flink-sql/folders.ts";
import { UsageError } from "./errors.ts";
import { readKey } from "./key.ts";
import { address, file, list, oneOf, option, profile, seconds, share, whole, word, yes } from "./options.ts";
import { eventsOfProfile, type Profile, steadyProfile } from "./profile.ts";

export interface Config {
  pipeline: string;
  url: string;
  events: number;
  users: number;
  /** Empty for all. */
  endpoints: string[];
  connections: number;
  rate: number;
  loop: "closed" | "open";
  /** Of an open loop; empty in a closed one. */
  profile: Profile;
  outstanding: number;
  seed: number;
  batch: number;
  journal: string;
  duplicates: number;
  broken: number;
  run: string;
  timeoutMs: number;
  key: string | undefined;
  allowUnknown: boolean;
  json: boolean;
  series: boolean;
  pipelinesRoots: string[];
}

const localApi = "http://127.0.0.1:4000";
const eventsDefault = 10_000;
const options = [
  option("--pipeline <name>", "PIPELINE", "folder under flink-sql/", word, "game"),
  option("--url <url>", "API_URL", "address of the API", address, localApi),
  option(
    "--events <n>",
    "EVENTS",
    `events to send (default: ${eventsDefault}, or those of --profile)`,
    whole(1, 1e9, eventsDefault),
  ),
  option("--users <n>", "USERS", "keys: user-1 to user-<n>", whole(1, 1e9, 1000), 1000),
  option("--endpoints <list>", "ENDPOINTS", "event types with commas between, or all", list, []),
  option(
    "--loop <kind>",
    "LOOP",
    "closed: a connection waits for its answer before it sends again; open: requests " +
      "leave on schedule (default: open with --rate or --profile, else closed)",
    oneOf("closed", "open"),
  ),
  option("--rate <n>", "RATE", "events per second, 0: as fast as it goes", whole(0, 1e7, 500), 0),
  option(
    "--profile <shape>",
    "PROFILE",
    "open loop: rate/duration,..., such as 100/10s,100-2000/30s,(5000/2s,500/20s)*3",
    profile,
  ),
  option(
    "--connections <n>",
    "CONNECTIONS",
    "closed loop: requests at the same time",
    whole(1, 10_000, 32),
    32,
  ),
  option(
    "--outstanding <n>",
    "OUTSTANDING",
    "open loop: requests under way at most, more are shed",
    whole(1, 10_000, 1000),
    1000,
  ),
  option("--seed <n>", "SEED", "the same seed gives the same events", whole(0, 2 ** 32 - 1, 1), 1),
  option("--batch <n>", "BATCH", "events per request; 1: each on its type's route", whole(1, 10_000, 100), 1),
  option("--duplicates <share>", "DUPLICATES", "share of events sent twice, 0 to 1", share, 0),
  option("--broken <share>", "BROKEN", "share of events the edge must refuse, 0 to 1", share, 0),
  option("--run <id>", "RUN", "start of every event_id (default: random)", word),
  option("--journal <file>", "JOURNAL", "new file (default: .swordlake/load/<run>.ndjson)", file),
  option("--timeout <seconds>", "TIMEOUT", "longest wait for an answer, in seconds", seconds, 10),
  option("--key-file <file>", "KEY_FILE", "file with the API key; else the variable API_KEY", file),
  option("--allow-unknown [yes]", "ALLOW_UNKNOWN", "exit 0 though some are unknown", yes, false).preset(
    "yes",
  ),
  option("--json [yes]", "JSON", "print the summary as one line of JSON", yes, false).preset("yes"),
  option("--series [yes]", "SERIES", "with --json: a line of figures per second too", yes, false).preset(
    "yes",
  ),
];

type Given = Partial<Pick<Config, "loop" | "profile" | "events" | "run" | "journal">> &
  Omit<Config, "loop" | "profile" | "events" | "run" | "journal" | "key" | "timeoutMs"> & {
    timeout: number;
    keyFile?: string;
  };

/** What is sent when: an open loop always has a profile. Throws UsageError for flags that contradict. */
function scheduleOf({ rate, batch, duplicates, ...given }: Given) {
  // An empty value, as from make, is none.
  const [loop, profile, events] = [
    given.loop || undefined,
    given.profile || undefined,
    given.events || undefined,
  ];
  if (profile && rate > 0) throw new UsageError("--profile and --rate both say how fast: give one of them.");
  if (profile && events)
    throw new UsageError(
      `--events ${events} with --profile: the profile says how many, ${eventsOfProfile(profile)}. Leave --events out.`,
    );
  if (profile && loop === "closed")
    throw new UsageError("--profile needs an open loop: leave --loop closed out.");
  if (loop === "open" && !profile && rate === 0)
    throw new UsageError("--loop open needs a schedule: give --rate, such as 500, or --profile.");
  if (rate > 0 && rate < batch)
    throw new UsageError(
      `--rate ${rate} with --batch ${batch} is less than one request per second. ` +
        `Raise --rate to ${batch} or more, or lower --batch to ${rate} or less.`,
    );
  const chosen = loop ?? (profile || rate > 0 ? "open" : "closed");
  if (profile)
    return {
      loop: chosen,
      profile,
      events: Math.max(1, Math.floor(eventsOfProfile(profile) / (1 + duplicates))),
    };
  const count = events ?? eventsDefault;
  const steady = chosen === "open" ? steadyProfile(rate, count * (1 + duplicates)) : [];
  return { loop: chosen, profile: steady, events: count };
}

/** Throws UsageError, or commander's own error once it has printed help or what is wrong. */
export function readConfig(argv: string[]): Config {
  const command = new Command("load")
    .description("Sends a pipeline's events to the API and keeps a journal of what became of each.")
    .allowExcessArguments(false)
    .addHelpText(
      "after",
      "\nExit codes: 0 every event answered as it should be and none shed, 1 not so, 2 wrong usage, 130 Ctrl-C.",
    )
    .exitOverride();
  for (const made of options) command.addOption(made);
  const given = command.parse(argv, { from: "user" }).opts<Given>();
  const { timeout, keyFile, ...config } = given;
  const run = config.run || randomBytes(6).toString("hex");
  return {
    ...config,
    ...scheduleOf(given),
    run,
    journal: config.journal || join(".swordlake", "load", `${run}.ndjson`),
    timeoutMs: timeout * 1000,
    key: readKey(keyFile, process.env.API_KEY),
    pipelinesRoots: rootsWith(process.env.SWORDLAKE_PIPELINES),
  };
}
