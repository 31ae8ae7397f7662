// The command line `swordlake`: names, options and help; what they do is in commands/.
import { Command, CommanderError } from "commander";
import { swordlakeVersion } from "../stack/versions.ts";

// Loaded when asked for: a short command shouldn't wait for the drivers and pictures of the others.
const deploy = () => import("./commands/deploy.ts");
const stack = () => import("./commands/stack.ts");

/** Collects the values of an option that may be repeated. */
const repeated = (text: string, before: string[]) => [...before, text];

const program = new Command("swordlake")
  .description(
    "Product events over HTTP to Kafka, Flink SQL, Iceberg and Trino reports. A pipeline is a folder.",
  )
  .version(swordlakeVersion)
  .showHelpAfterError()
  .exitOverride()
  .addHelpText(
    "after",
    `
Settings come from the environment: STACK=auto|native|compose|external, STORE=minio|hdfs,
SWORDLAKE_INSTANCE, SWORDLAKE_HOME, SWORDLAKE_CACHE, SWORDLAKE_PIPELINES (more pipeline roots, ':' between),
SWORDLAKE_API_PORT and the like to pin a port. README.md explains them.
Exit codes: 0 done, 1 a fault or an open ledger, 2 wrong usage.`,
  );

program
  .command("up")
  .description("start the engines, the API and the orchestrator, and apply all pipelines")
  .option("--no-apply", "start only: create no topic, table or job")
  .option("--only <pipeline>", "apply only this one; jobs of others that ran go on")
  .action(async (options) => (await stack()).up(options));
program
  .command("down")
  .description("end every process of this instance; its data stays")
  .action(async () => (await stack()).down());
program
  .command("clean")
  .description("end this instance and remove its data; downloads stay in the cache")
  .action(async () => (await stack()).clean());
program
  .command("status")
  .description("what runs: engines, jobs, tables with rows and newest snapshot")
  .option("--json", "print one JSON document")
  .action(async (options) => (await stack()).status(options));
program
  .command("doctor")
  .description("check this machine: JDKs, Maven, Go, Docker, disk, memory, downloads; says what to do")
  .option("--json", "print one JSON document")
  .action(async (options) => (await stack()).doctor(options));
program
  .command("logs")
  .description("print an engine's log")
  .argument("<engine>", "such as kafka, taskmanager, trino, api, orchestrator")
  .option("-n, --lines <number>", "how many of the last lines", "100")
  .option("-f, --follow", "go on printing what is added")
  .action(async (engine, options) => (await stack()).logs(engine, options));
program
  .command("plan")
  .description("what apply would do, and every mistake in the folders; changes nothing")
  .argument("[pipeline]", "only this one")
  .option("--rebuild <job>", "as of apply", repeated, [])
  .option("--json", "print one JSON document")
  .option("--sql", "print the full Flink SQL instead, ready to paste")
  .action(async (pipeline, options) => (await deploy()).plan(pipeline, options));
program
  .command("apply")
  .description("make topics, tables and jobs match the folders; a second time it does nothing")
  .argument("[pipeline]", "only this one")
  .option(
    "--plan <hash>",
    "only what the plan of this hash said: refused, with what moved, where it is another by now",
  )
  .option(
    "--rebuild <job>",
    "fill the tables of this changed job anew from Kafka beside the live ones, then swap; <pipeline>/<file> or <file>; may be repeated",
    repeated,
    [],
  )
  .option("--why <text>", "why, for the history")
  .option("--json", "print one JSON document")
  .action(async (pipeline, options) => (await deploy()).apply(pipeline, options));
program
  .command("history")
  .description("who did what, when and why: deploys, restarts, alerts, keys, care; the newest first")
  .argument("[pipeline]", "only this one")
  .option("--limit <number>", "how many entries at most", "30")
  .option(
    "--since <time>",
    "nothing older: a time such as 2026-02-28T12:30, in UTC, or an age such as 2h, 7d",
  )
  .option("--json", "print one JSON document")
  .action(async (pipeline, options) => (await import("./commands/history.ts")).history(pipeline, options));
program
  .command("stop")
  .description("stop a pipeline's jobs with savepoints; apply goes on from there")
  .argument("[pipeline]", "only this one")
  .option("--json", "print one JSON document")
  .action(async (pipeline, options) => (await deploy()).stop(pipeline, options));
program
  .command("points")
  .description(
    "restore points of a pipeline: savepoints, Kafka offsets and table snapshots that belong together",
  )
  .argument("<pipeline>")
  .option("--take", "take one now; the jobs pause for some seconds, nothing is lost")
  .option("--why <text>", "with --take: what it is for")
  .option("--json", "print one JSON document")
  .action(async (pipeline, options) => (await import("./commands/points.ts")).points(pipeline, options));
program
  .command("rewind")
  .description("take a pipeline's jobs, offsets and tables back to a restore point together, or refuse")
  .argument("<pipeline>")
  .requiredOption("--to <point>", "number of the restore point, as 'points' shows it")
  .option("--drop-batches", "also where rows of backfills, replays and other statements go by it")
  .option("--dry-run", "check only: change nothing")
  .option("--json", "print one JSON document")
  .action(async (pipeline, options) => (await import("./commands/rewind.ts")).rewind(pipeline, options));
program
  .command("rollback")
  .description("take the job that was upgraded last back to its version and state before, with its tables")
  .argument("<pipeline>")
  .option("--drop-batches", "also where rows of backfills, replays and other statements go by it")
  .option("--dry-run", "check only: change nothing")
  .option("--json", "print one JSON document")
  .action(async (pipeline, options) => (await import("./commands/rewind.ts")).rollback(pipeline, options));
program
  .command("lock")
  .description("write contract.lock.json: what is agreed with clients; breaking changes are refused")
  .argument("[pipeline]", "only this one")
  .option("--check", "write nothing; exit 1 where a lock isn't current")
  .option("--accept-breaking", "write breaking changes down as agreed to; apply lets them pass then")
  .action(async (pipeline, options) => (await import("./commands/lock.ts")).lock(pipeline, options));
program
  .command("new")
  .description("write the folder of a new pipeline, which runs as it stands")
  .argument("<name>", "a SQL identifier")
  .option("--root <folder>", "folder to write it in; SWORDLAKE_PIPELINES must name it (default: flink-sql/)")
  .action(async (name, options) => (await import("./commands/new.ts")).create(name, options));
program
  .command("test")
  .description("run cases/*.json through the same job files on real Flink; exit 1 where any differs")
  .argument("[pipeline]", "only this one")
  .option("--live", "instead, ask Trino whether the rows that landed are what the tables assert")
  .option("--json", "print one JSON document")
  .action(async (pipeline, options) => (await import("./commands/test.ts")).test(pipeline, options));
program
  .command("report")
  .description("print a pipeline's reports")
  .argument("<pipeline>")
  .argument("[report...]", "only these, by name")
  .option("--format <format>", "table, json, csv or html (one page with pictures)", "table")
  .option("--rows <number>", "rows of each table on the terminal", "20")
  .option("--out <file>", "write to a file instead")
  .option(
    "--param <name=value>",
    "a value of the report's own, such as month=2019-11; --list names them; may be repeated",
    repeated,
    [],
  )
  .option(
    "--as-of <moment>",
    "read the tables as they were: a snapshot's number, or a time such as 2026-02-28T12:30",
  )
  .option("--answers <file>", "compare with the exact answers that generate wrote; exit 1 where any differs")
  .option("--again", "with --answers: the files were loaded more than once, so leave out what counts copies")
  .option("--list", "print the reports, their questions and their parameters instead")
  .action(async (pipeline, names, options) =>
    (await import("./commands/report.ts")).report(pipeline, names, options),
  );
program
  .command("sql")
  .description("run a query on Trino: catalog lake, a schema per pipeline")
  .argument("<query>", 'such as "SELECT count(*) FROM lake.game.purchases"')
  .option("--json", "print { columns, rows }: BIGINT and DECIMAL as strings, exact")
  .action(async (query, options) => (await import("./commands/sql.ts")).sql(query, options));
program
  .command("ledger")
  .description("account for every accepted event; exit 1 where the sum doesn't close")
  .argument("<pipeline>")
  .option("--json", "print one JSON document")
  .option("--watch [seconds]", "take it again and again, one line each, until Ctrl-C")
  .option("--journal <file>", "compare with a load's journal too, event by event")
  .option("--wait <seconds>", "how long to wait while nothing in flight moves; 0 counts it as such", "120")
  .action(async (pipeline, options) => (await import("./commands/ledger.ts")).ledger(pipeline, options));
const quarantine = program.command("quarantine").description("what was refused: seen, mended, sent again");
const quarantineCommands = () => import("./commands/quarantine.ts");
const filtered = (name: string, about: string, limit?: string) =>
  quarantine
    .command(name)
    .description(about)
    .argument("<pipeline>")
    .option("--reason <code>", "only of this reason")
    .option("--stage <stage>", "edge (refused by the API) or flink (poison in Kafka)")
    .option("--field <path>", "only where this field is at fault")
    .option("--type <event>", "only of this event type")
    .option("--limit <number>", `how many events at most${limit ? "" : "; all without it"}`, limit)
    .option("--json", "print one JSON document");
const each = (value: string, before: string[]) => [...before, value];
filtered("list", "kinds of refusals and how many there are of each", "10000")
  .option("--each", "a line per event, with its place")
  .action(async (pipeline, options) => (await quarantineCommands()).list(pipeline, options));
quarantine
  .command("show")
  .description("everything known of some events")
  .argument("<pipeline>")
  .argument("<place...>", "topic:partition:offset, as 'list --each' prints it")
  .option("--json", "print one JSON document")
  .action(async (pipeline, places, options) => (await quarantineCommands()).show(pipeline, places, options));
filtered("repair", "edit refused events and check them by the contract; keeps those that pass for replay")
  .argument("[place...]", "only these")
  .option("--set <field=value>", "set a field; repeatable", each, [])
  .option("--unset <field>", "take a field away; repeatable", each, [])
  .option("--with <file>", "TypeScript file whose default export is (event, item) => event")
  .option("--dry-run", "check only")
  .action(async (pipeline, places, options) =>
    (await quarantineCommands()).repair(pipeline, places, options),
  );
quarantine
  .command("replay")
  .description("send what is repaired, each under its own event_id; a second time sends nothing")
  .argument("<pipeline>")
  .option("--limit <number>", "how many events at most; all without it")
  .option("--json", "print one JSON document")
  .action(async (pipeline, options) => (await quarantineCommands()).replay(pipeline, options));
program
  .command("backfill")
  .description("run a pipeline's SQL over one day's rows of files; a second time it adds nothing")
  .argument("<pipeline>")
  .requiredOption("--date <day>", "YYYY-MM-DD, in UTC: rows of other days are left alone")
  .requiredOption("--csv <file...>", "files of rows, .gz too")
  .option("--type <event>", "event type of the rows; without it the header tells")
  .option("--json", "print one JSON document")
  .action(async (pipeline, options) => (await import("./commands/backfill.ts")).backfill(pipeline, options));
program
  .command("replay")
  .description(
    "fill tables anew from the lake's log by their SQL as it is now, compare, and make the live ones equal",
  )
  .argument("<pipeline>")
  .option("--table <name...>", "these alone; else all tables of events", [])
  .option("--dry-run", "compare only: change nothing")
  .option("--json", "print one JSON document")
  .action(async (pipeline, options) =>
    (await import("./commands/replay.ts")).replayTables(pipeline, options),
  );
program
  .command("alerts")
  .description("what a pipeline's jobs raised, and whether the webhook was told")
  .argument("<pipeline>")
  .option("--follow", "go on printing what is raised, told or changed")
  .option("--json", "print one JSON document; with --follow, one a line")
  .option("--rows <number>", "how many of the newest", "20")
  .action(async (pipeline, options) => (await import("./commands/alerts.ts")).alerts(pipeline, options));
program
  .command("forget")
  .description("remove a person from every table of a pipeline, history and files included, and prove it")
  .argument("<pipeline>")
  .requiredOption("--user <id>", "the person, as the pipeline's events name them")
  .option("--dry-run", "count only: change nothing")
  .option("--json", "print one JSON document")
  .action(async (pipeline, options) => (await import("./commands/forget.ts")).forget(pipeline, options));
program
  .command("retain")
  .description("remove rows that are older than the pipeline's retention, history and files included")
  .argument("<pipeline>")
  .option("--dry-run", "count only: change nothing")
  .option("--json", "print one JSON document")
  .action(async (pipeline, options) => (await import("./commands/forget.ts")).retain(pipeline, options));
program
  .command("maintain")
  .description("compact a pipeline's tables, expire old snapshots, remove stray files; jobs go on meanwhile")
  .argument("[pipeline]", "only this one")
  .option("--table <name...>", "only these tables")
  .option("--orphans", "look for stray files even if that was done in the last 24 hours")
  .option("--dry-run", "look only: change nothing")
  .option("--json", "print one JSON document")
  .action(async (pipeline, options) => (await import("./commands/maintain.ts")).maintain(pipeline, options));
program
  .command("load")
  .description(
    "send rows of CSV or NDJSON files (.gz too), and account for each: landed, duplicate or quarantined",
  )
  .argument("<pipeline>")
  .option("--csv <file...>", "CSV files with a header row, in this order; s3://bucket/key too")
  .option("--ndjson <file...>", "NDJSON files, an object per line, after CSV files")
  .option("--type <event>", "event type of every row (default: the event that the header fits)")
  .option(
    "--type-column <name>",
    "column of each row's event type (default: event_type, where no field takes it)",
  )
  .option("--map <pairs>", "column=field,... over what the contract says")
  .option(
    "--event-time <column>",
    "column of the event's time (default: as the contract says, else event_time)",
  )
  .option("--time-format <form>", "iso, epoch-ms or epoch-s, where the contract has no reader (default: iso)")
  .option("--delimiter <char>", "what separates CSV columns, or tab (default: ,)")
  .option("--rate <n>", "rows per second (default: as fast as it goes)")
  .option("--speed-up <x>", "keep the gaps between event times, divided by x")
  .option("--shift-to-now", "move all event times so that the first one is now")
  .option("--connections <n>", "requests at the same time (default: 1, which keeps the rows' order)")
  .option("--batch <n>", "rows per request (default: 2000)")
  .option("--resume", "go on after the last settled row of the journal")
  .option("--journal <file>", "how far it came (default: load/<run>.ndjson in SWORDLAKE_HOME)")
  .option("--key-file <file>", "file with the API key; else the variable API_KEY")
  .option("--give-up <seconds>", "longest wait for an API that is away (default: 120)")
  .option("--wait <seconds>", "longest wait for the lake while nothing moves (default: 300)")
  .option("--json", "print one JSON document")
  .action(async (pipeline, options) => (await import("./commands/load.ts")).load(pipeline, options));
const keys = program.command("keys").description("API keys: who may send events or deploy, and how fast");
const keyCommands = () => import("./commands/keys.ts");
keys
  .command("create")
  .description("make a key and print it; it is shown this once")
  .argument("<name>", "who will use it")
  .option(
    "--scope <scope...>",
    "ingest:<pipeline>, ingest:*, metrics, or deploy (changes from the console)",
    ["ingest:*"],
  )
  .option("--rate <events>", "events per second; without it, no limit")
  .option("--expires <time>", "valid for so long, such as 90d, 12h, 30m")
  .option("--json", "print one JSON document")
  .action(async (name, options) => (await keyCommands()).create(name, options));
keys
  .command("list")
  .description("all keys, without their secrets")
  .option("--json", "print one JSON document")
  .action(async (options) => (await keyCommands()).list(options));
keys
  .command("revoke")
  .description("refuse a key from now on; the API knows within 2 seconds")
  .argument("<id>")
  .action(async (id) => (await keyCommands()).revoke(id));
keys
  .command("rotate")
  .description("make a successor with the same scopes; the old key stays valid for the overlap")
  .argument("<id>")
  .option("--overlap <time>", "such as 24h, 30m, 0s", "24h")
  .option("--json", "print one JSON document")
  .action(async (id, options) => (await keyCommands()).rotate(id, options));
program
  .command("client")
  .description("write a pipeline's typed client for Node and browsers: one TypeScript file")
  .argument("<pipeline>")
  .option("--out <file>", "write to a file instead of printing it")
  .option("--force", "overwrite a file that is no generated client")
  .action(async (pipeline, options) => (await import("./commands/client.ts")).client(pipeline, options));
program
  .command("generate")
  .description("make CSV files like those a pipeline's users have, with the exact answers of its reports")
  .argument("<pipeline>")
  .option("--rows <number>", "rows over all files, damage and duplicates included", "100000")
  .option("--seed <number>", "the same seed gives the same bytes", "1")
  .option("--damage <share>", "share of rows that are damaged, 0 to 1", "0.01")
  .option("--out <folder>", "where to write them; SWORDLAKE_HOME/generated/<pipeline> when left out")
  .option("--force", "overwrite files that are there")
  .action(async (pipeline, options) => (await import("./commands/generate.ts")).generate(pipeline, options));
program
  .command("demo")
  .description(
    "generate, load twice, compare every report, take the account: all pipelines that can, or some",
  )
  .argument("[pipeline...]", "only these")
  .option("--rows <number>", "rows of each", "100000")
  .option("--seed <number>", "the same seed gives the same rows", "1")
  .option("--damage <share>", "share of rows that are damaged, 0 to 1", "0.01")
  .action(async (names, options) => (await import("./commands/demo.ts")).demo(names, options));
program
  .command("url")
  .description("print the address of api, console, flink, gateway, trino, kafka or store")
  .argument("<name>")
  .action(async (name) => (await import("./commands/next.ts")).url(name));
program
  .command("next")
  .description("what to try next")
  .action(async () => (await import("./commands/next.ts")).next());
program
  .command("run")
  .description("the orchestrator itself: keeps engines and jobs running (part of up)")
  .action(async () => (await import("./commands/run.ts")).run());

// Whoever read the output has read enough, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    process.stderr.write(`swordlake: ${(error as Error).message}\n`);
    process.exitCode ||= 1; // a signal has said its own
  }
}
