// Native mode: the engines as processes of this machine. Starts, watches and ends them.
import pRetry, { AbortError } from "p-retry";
import type { StackConfig } from "./config.ts";
import type { EngineProcess } from "./engine.ts";
import { flinkProcesses } from "./engines/flink.ts";
import { hdfsProcesses } from "./engines/hdfs.ts";
import { kafkaProcess } from "./engines/kafka.ts";
import { minioProcess } from "./engines/minio.ts";
import { postgresProcess } from "./engines/postgres.ts";
import { programProcesses } from "./engines/programs.ts";
import { trinoProcess } from "./engines/trino.ts";
import type { Progress } from "./fetch.ts";
import { type Instance, logFile } from "./instance.ts";
import { findJava } from "./jdk.ts";
import { knownProcesses, lastLines, runningPid, startProcess, stopProcess } from "./processes.ts";
import { readVersions } from "./versions.ts";

export interface NativeContext {
  instance: Instance;
  config: StackConfig;
  versions: Record<string, string>;
  java17: string;
  java25: () => Promise<string>;
}

async function contextOf(config: StackConfig, instance: Instance): Promise<NativeContext> {
  return {
    instance,
    config,
    versions: readVersions(),
    java17: await findJava(17),
    java25: () => findJava(25),
  };
}

/** The processes of an instance, in no order: each names what it needs. */
export async function nativeProcesses(config: StackConfig, instance: Instance): Promise<EngineProcess[]> {
  const context = await contextOf(config, instance);
  const store = instance.store === "minio" ? [minioProcess(context)] : hdfsProcesses(context);
  const engines = [
    await postgresProcess(context),
    kafkaProcess(context),
    ...store,
    ...flinkProcesses(context),
  ];
  return [...engines, trinoProcess(context), ...programProcesses(context)];
}

/** Waits until a started process serves. Throws its last log lines where it died or takes too long. */
async function waitReady(instance: Instance, engine: EngineProcess, abort: AbortSignal): Promise<void> {
  const log = logFile(instance, engine.name);
  let final: Error | undefined;
  const attempt = async () => {
    if (abort.aborted) final = new Error("stopped");
    else if ((await runningPid(instance, engine.name)) === undefined) {
      final = new Error(
        `${engine.name} ended at its start. The last lines of ${log}:\n${lastLines(log)}\n` +
          `The cure is often in these lines; 'npx swordlake doctor' checks the machine, and 'make clean' starts afresh.`,
      );
    }
    if (final) throw new AbortError(final);
    await engine.probe().catch((cause: Error) => {
      throw new Error(cause.message, { cause }); // p-retry gives up on a TypeError, such as half an answer causes
    });
  };
  try {
    await pRetry(attempt, { retries: 1200, minTimeout: 100, maxTimeout: 250, maxRetryTime: 180_000 });
  } catch (cause) {
    if (cause === final) throw cause;
    throw new Error(
      `${engine.name} runs but isn't ready after 180 s (${(cause as Error).message}). The last lines of ${log}:\n` +
        `${lastLines(log)}\nFree memory (the stack takes about 4 GB) or processor time, then run the command again.`,
      { cause },
    );
  }
}

/** Starts one process unless it runs, and waits until it serves. */
export async function startEngine(
  instance: Instance,
  engine: EngineProcess,
  abort: AbortSignal,
): Promise<void> {
  if ((await runningPid(instance, engine.name)) === undefined) {
    await engine.prepare();
    if (abort.aborted) throw new Error("stopped");
    await startProcess(instance, engine.name, await engine.command());
  }
  await waitReady(instance, engine, abort);
}

/**
 * Starts all processes, each as soon as what it needs is ready. What runs already is left alone.
 * On failure or abort everything that this call started is ended again.
 */
export async function startNative(
  instance: Instance,
  engines: EngineProcess[],
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const before = new Set<string>();
  for (const name of knownProcesses(instance)) if (await runningPid(instance, name)) before.add(name);
  const failure = new AbortController();
  const abort = AbortSignal.any([signal, failure.signal]);
  const started = new Map<string, Promise<void>>();
  const start = (engine: EngineProcess): Promise<void> => {
    const known = started.get(engine.name);
    if (known) return known;
    const begun = (async () => {
      await Promise.all(engine.needs.map((name) => start(engines.find((e) => e.name === name)!)));
      if (abort.aborted) throw new Error("stopped");
      const from = Date.now();
      progress(engine.name, "starting");
      await startEngine(instance, engine, abort);
      progress(engine.name, `ready after ${((Date.now() - from) / 1000).toFixed(1)} s at ${engine.address}`);
    })();
    started.set(engine.name, begun);
    begun.catch((error) => failure.abort(error));
    return begun;
  };
  const results = await Promise.allSettled(engines.map(start));
  if (!abort.aborted) return;
  await stopNative(instance, () => {}, before);
  if (signal.aborted) throw signal.reason;
  const causes = results.flatMap((r) =>
    r.status === "rejected" && r.reason.message !== "stopped" ? [r.reason] : [],
  );
  throw causes[0] ?? failure.signal.reason;
}

/** The order of ending: what others need goes last. */
const lastToStop = ["kafka", "minio", "datanode", "namenode", "postgres"];

/** Ends every process of the instance but those in `keep`; first the users, then what they need. */
export async function stopNative(
  instance: Pick<Instance, "folder">,
  progress: (name: string) => void,
  keep: Set<string> = new Set(),
): Promise<void> {
  const names = knownProcesses(instance).filter((name) => !keep.has(name));
  const stop = async (name: string) => {
    await stopProcess(instance, name);
    progress(name);
  };
  const supervisor = names.filter((name) => name === "orchestrator"); // first: it would start the others again
  await Promise.all(supervisor.map(stop));
  await Promise.all(names.filter((n) => !lastToStop.includes(n) && n !== "orchestrator").map(stop));
  await Promise.all(names.filter((n) => lastToStop.includes(n)).map(stop));
}
