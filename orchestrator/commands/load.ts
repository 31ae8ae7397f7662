// load: rows of files into a pipeline, each accounted for: read = landed + duplicates + quarantined.
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import { createEventMaker } from "../../flink-sql/row-events.ts";
import { createInterrupt, faultOf } from "../../loadgen/ending.ts";
import { readKey } from "../../loadgen/key.ts";
import { checkReachable } from "../../loadgen/reach.ts";
import { describeFiles, type InputFile } from "../../loadgen/replay/input-files.ts";
import { type Load, startLoad } from "../../loadgen/replay/load.ts";
import { type LoadFlags, type LoadSettings, readLoadFlags } from "../../loadgen/replay/load-config.ts";
import {
  type LoadProgress,
  newestJournal,
  type OpenJournal,
  resumeJournal,
  startJournal,
} from "../../loadgen/replay/load-journal.ts";
import { replayLine } from "../../loadgen/replay/report.ts";
import { inheritedEnv, readStackConfig } from "../../stack/config.ts";
import { type Connection, resolveConnection } from "../engines/connection.ts";
import { declaredPipelines, type Engines, pipelineNamed, withEngines } from "../engines/engines.ts";
import { findStored } from "../engines/object-store.ts";
import { takeLedger } from "../ledger/ledger.ts";
import { type LoadCounts, runQuarantineQuery, sumUp } from "../load-counts.ts";
import { printJson, printLine, progressLine } from "./output.ts";

/** Local files, and those of the object store. */
async function describe(files: LoadSettings["files"], connection: Connection): Promise<InputFile[]> {
  const isStored = ({ path }: { path: string }) => path.startsWith("s3://");
  const local = describeFiles(files.filter((file) => !isStored(file)));
  return Promise.all(
    files.map(async (file) =>
      isStored(file)
        ? { ...file, ...(await findStored(connection, file.path)) }
        : local.find(({ path, form }) => path === file.path && form === file.form)!,
    ),
  );
}

async function openJournal(
  pipeline: string,
  url: string,
  files: InputFile[],
  folder: string,
  flags: LoadFlags,
): Promise<OpenJournal> {
  const sum = createHash("sha256").update(files.map(({ hash }) => hash).join());
  const name = `${pipeline}-${sum.digest("hex").slice(0, 8)}-`;
  if (flags.resume) return resumeJournal(flags.journal ?? newestJournal(folder, name), pipeline, files);
  const run = `${name}${Date.now().toString(36)}`;
  return startJournal(flags.journal ?? join(folder, `${run}.ndjson`), {
    run,
    kind: "load",
    pipeline,
    url,
    startedAt: new Date().toISOString(),
    files: files.map(({ path, size, hash }) => ({ path, size, hash })),
  });
}

/** Sends, with its progress on stderr; ends early on a signal. */
async function send(start: () => Load, files: InputFile[], before: LoadProgress) {
  const startedMs = performance.now();
  const loading = start();
  const bytesOfAll = files.reduce((sum, { size }) => sum + size, 0);
  const resumed = before.acked + before.rejected;
  const line = progressLine();
  const show = () => {
    const { progress, bytesRead } = loading.state;
    const rows = progress.acked + progress.rejected;
    const ms = performance.now() - startedMs;
    line.tell(replayLine(bytesRead, bytesOfAll, rows, { rows: rows - resumed, bytes: bytesRead, ms }));
  };
  const timer = setInterval(show, 250);
  const interrupt = createInterrupt(loading.stop);
  process.on("SIGINT", interrupt.hear).on("SIGTERM", interrupt.hear);
  const { failure } = await loading.done;
  clearInterval(timer);
  show();
  line.end();
  const { progress, sender } = loading.state;
  const sent = progress.acked + progress.rejected - resumed;
  const ms = Math.max(1, Math.round(performance.now() - startedMs));
  return {
    failure,
    exitCode: interrupt.exitCode(),
    progress,
    resumed,
    sendMs: ms,
    rowsPerSecond: Math.round((sent / ms) * 1000),
    requests: sender.requests,
  };
}

/** Waits until all that was sent is in the lake, and counts it there. */
async function account(
  engines: Engines,
  pipeline: PipelineFolder,
  userAgent: string,
  progress: LoadProgress,
  waitMs: number,
): Promise<LoadCounts & { ledgerClosed: boolean }> {
  const line = progressLine();
  const { ledger, ofClient } = await takeLedger(engines, pipeline, {
    waitMs,
    userAgent,
    progress: line.tell,
  });
  const refused = await engines.lake.query(runQuarantineQuery(pipeline, userAgent));
  line.end();
  return { ...sumUp(progress, ofClient, refused.rows), ledgerClosed: ledger.closed };
}

const n = (value: number) => value.toLocaleString("en-US");

function printCounts(
  counts: LoadCounts & { ledgerClosed: boolean },
  pipeline: string,
  userAgent: string,
): void {
  const { read, landed, duplicates, filtered, quarantined } = counts;
  const sum = [`landed ${n(landed)}`, `duplicates ${n(duplicates)}`, `quarantined ${n(quarantined)}`];
  if (filtered > 0) sum.push(`filtered ${n(filtered)}`);
  printLine(`rows read ${n(read)} = ${sum.join(" + ")}`);
  if (counts.copies > 0)
    printLine(`${n(counts.copies)} rows are in Kafka twice, as they were sent again: counted once.`);
  for (const [reason, rows] of Object.entries(counts.quarantinedBy))
    printLine(`  quarantined: ${n(rows)} ${reason}`);
  if (quarantined > 0)
    printLine(
      `  each: npx swordlake sql "SELECT source_file, source_line, reason, message, payload FROM ` +
        `lake.${pipeline}.quarantine WHERE user_agent = '${userAgent}'"`,
    );
  for (const problem of counts.problems) process.stderr.write(`${problem}\n`);
  printLine(counts.holds ? "The sum holds: every row is accounted for." : "The sum DOES NOT HOLD.");
  if (!counts.ledgerClosed)
    process.stderr.write(`The ledger of all of '${pipeline}' is open: npx swordlake ledger ${pipeline}\n`);
}

async function loadFiles(name: string, flags: LoadFlags): Promise<number> {
  const settings = readLoadFlags(flags);
  const config = readStackConfig();
  const connection = resolveConnection(config);
  const url = connection.addresses.api;
  const pipeline = pipelineNamed(await declaredPipelines(config), name);
  const files = await describe(settings.files, connection);
  const maker = createEventMaker({ ...settings, pipeline });
  const key = readKey(flags.keyFile, inheritedEnv().API_KEY);
  await checkReachable(url);
  const opened = await openJournal(name, url, files, join(config.home, "load"), flags);
  const { journal, run, before, isResumed } = opened;
  const userAgent = `swordlake-load/${run}`;
  const sent = await send(
    () =>
      startLoad({
        ...settings,
        files,
        maker,
        journal,
        before,
        isResumed,
        url,
        key,
        userAgent,
        pipeline: name,
        onNote: (note) => process.stderr.write(`${note}\n`),
      }),
    files,
    before,
  );
  journal.close();
  const { failure, exitCode, progress, ...speed } = sent;
  if (failure !== undefined || exitCode !== undefined)
    process.stderr.write(
      `${n(progress.acked + progress.rejected)} rows are settled. Give the same command with --resume to go on.\n`,
    );
  if (failure !== undefined) throw failure;
  if (exitCode !== undefined) return exitCode;
  const counts = await withEngines((engines) =>
    account(engines, pipeline, userAgent, progress, settings.waitMs),
  );
  const { acked, rejected, sentAgain } = progress;
  if (flags.json)
    printJson({
      pipeline: name,
      run,
      journal: journal.path,
      ...counts,
      acked,
      rejected,
      sentAgain,
      ...speed,
    });
  else {
    printLine(
      `${n(speed.rowsPerSecond)} rows/s over ${(speed.sendMs / 1000).toFixed(1)} s; journal ${journal.path}`,
    );
    printCounts(counts, name, userAgent);
  }
  return counts.holds ? 0 : 1;
}

/** Sets the exit code: 0 where every row is accounted for, 1 where not so, 2 for wrong usage, 130 for Ctrl-C. */
export async function load(name: string, flags: LoadFlags): Promise<void> {
  try {
    process.exitCode = await loadFiles(name, flags);
  } catch (error) {
    process.exitCode = faultOf(error).exitCode;
    throw error;
  }
}
