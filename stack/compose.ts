// Compose mode: the engines as containers, the API and the orchestrator as processes of this machine.
import { existsSync, readdirSync } from "node:fs";
import pRetry, { AbortError } from "p-retry";
import { checkpointsFolder, savepointsFolder } from "./addresses.ts";
import {
  compose,
  containersOf,
  explainFailure,
  lastContainerLines,
  serviceEvent,
} from "./compose-containers.ts";
import { fetchConnectors } from "./compose-jars.ts";
import { writeComposeSettings } from "./compose-settings.ts";
import type { StackConfig } from "./config.ts";
import { dockerAnswers } from "./docker.ts";
import type { EngineProcess } from "./engine.ts";
import { flinkProcesses } from "./engines/flink.ts";
import { hdfsProcesses } from "./engines/hdfs.ts";
import { kafkaProcess } from "./engines/kafka.ts";
import { minioProcess } from "./engines/minio.ts";
import { postgresProcess } from "./engines/postgres.ts";
import { programProcesses } from "./engines/programs.ts";
import { trinoProcess } from "./engines/trino.ts";
import type { Progress } from "./fetch.ts";
import type { Instance } from "./instance.ts";
import { startEngine, stopNative } from "./native.ts";
import { knownProcesses, runningPid } from "./processes.ts";
import { readVersions } from "./versions.ts";

const allProfiles = ["--profile", "minio", "--profile", "hdfs"];

/** The engines by native mode's definitions: the same addresses, versions and probes. */
export async function composeEngines(config: StackConfig, instance: Instance): Promise<EngineProcess[]> {
  const noJava = { java17: "", java25: async () => "" }; // their commands are never asked for
  const context = { instance, config, versions: readVersions(), ...noJava };
  const store = instance.store === "minio" ? [minioProcess(context)] : hdfsProcesses(context);
  const flink = flinkProcesses(context);
  return [await postgresProcess(context), kafkaProcess(context), ...store, ...flink, trinoProcess(context)];
}

/** Waits until a container's engine really serves. Throws its last lines where it doesn't. */
async function waitReady(instance: Instance, engine: EngineProcess, signal: AbortSignal): Promise<void> {
  const attempt = async () => {
    if (signal.aborted) throw new AbortError("stopped");
    await engine.probe().catch((cause: Error) => {
      throw new Error(cause.message, { cause }); // p-retry gives up on a TypeError, such as half an answer causes
    });
  };
  try {
    await pRetry(attempt, { retries: 1200, minTimeout: 100, maxTimeout: 500, maxRetryTime: 120_000 });
  } catch (cause) {
    if (signal.aborted) throw cause;
    const container = (await containersOf(instance)).find((c) => c.service === engine.name);
    const lines = container ? await lastContainerLines(container) : "(it has no container)";
    throw new Error(
      `${engine.name} runs in Docker but isn't ready (${(cause as Error).message}). Its last lines:\n${lines}\n` +
        "Free memory (the stack takes about 4 GB; Docker Desktop has a limit of its own), then run the command again.",
      { cause },
    );
  }
}

/** Runs `docker compose up` to its end; tells what becomes of each service. */
async function startContainers(instance: Instance, progress: Progress, signal: AbortSignal): Promise<void> {
  const told = new Map<string, string>();
  const tell = (line: string) => {
    const event = serviceEvent(line);
    if (!event || told.get(event.service) === event.state) return;
    told.set(event.service, event.state);
    progress(event.service, event.state);
  };
  const wait = ["--wait", "--wait-timeout", "600"];
  const up = await compose(instance, ["--profile", instance.store, "up", "-d", ...wait], { tell, signal });
  signal.throwIfAborted();
  if (up.exitCode !== 0) throw new Error(await explainFailure(instance, up.all), { cause: up });
}

async function startAll(
  config: StackConfig,
  instance: Instance,
  progress: Progress,
  abort: AbortSignal,
): Promise<void> {
  const from = Date.now();
  await startContainers(instance, progress, abort);
  const ready = async (engine: EngineProcess, work: Promise<void>) => {
    await work;
    progress(engine.name, `ready after ${((Date.now() - from) / 1000).toFixed(1)} s at ${engine.address}`);
  };
  const engines = await composeEngines(config, instance);
  await Promise.all(engines.map((engine) => ready(engine, waitReady(instance, engine, abort))));
  const programs = programProcesses({ instance, config });
  await Promise.all(programs.map((program) => ready(program, startEngine(instance, program, abort))));
}

/**
 * Starts what doesn't run yet and waits until all of it serves. On failure or abort, what this call
 * started is ended again, and the error names the service with its last lines and a cure.
 */
export async function startCompose(
  config: StackConfig,
  instance: Instance,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  if (!(await dockerAnswers()))
    throw new Error(
      "STACK=compose needs Docker with Compose, and it doesn't answer ('docker info', 'docker compose version'). " +
        "Start Docker, or use STACK=native, which needs none.",
    );
  await fetchConnectors(config.cache, (line) => progress("jars", line));
  signal.throwIfAborted();
  writeComposeSettings(config, instance);
  const services = (await containersOf(instance)).filter((c) => c.running).map((c) => c.service);
  const programs = new Set<string>();
  for (const name of knownProcesses(instance)) if (await runningPid(instance, name)) programs.add(name);
  const failure = new AbortController();
  try {
    await startAll(config, instance, progress, AbortSignal.any([signal, failure.signal]));
  } catch (error) {
    failure.abort(error);
    progress("docker", "ending what was started");
    await stopNative(instance, () => {}, programs);
    await stopServices(instance, services);
    throw signal.aborted ? signal.reason : error;
  }
}

/** Ends the containers of all services but those to keep. */
async function stopServices(instance: Instance, keep: string[]): Promise<void> {
  if (keep.length === 0) return void (await compose(instance, [...allProfiles, "down", "--remove-orphans"]));
  const others = (await containersOf(instance)).map((c) => c.service).filter((s) => !keep.includes(s));
  if (others.length > 0) await compose(instance, [...allProfiles, "rm", "--stop", "--force", ...others]);
}

/** Ends the containers; their volumes stay unless asked otherwise. Programs are the caller's to end. */
export async function stopCompose(
  config: StackConfig,
  instance: Instance,
  { removeVolumes = false }: { removeVolumes?: boolean } = {},
): Promise<void> {
  writeComposeSettings(config, instance);
  if (removeVolumes) await removeCheckpoints(instance);
  const volumes = removeVolumes ? ["--volumes"] : [];
  const down = await compose(instance, [...allProfiles, "down", "--remove-orphans", ...volumes]);
  if (down.exitCode !== 0)
    throw new Error(
      `The containers of instance '${instance.name}' can't be ended:\n${down.all || down.shortMessage}\n` +
        "Start Docker, then run the command again.",
      { cause: down },
    );
}

/** Checkpoints belong to the image's user, so that only a container can surely remove them. */
async function removeCheckpoints(instance: Instance): Promise<void> {
  const folders = [checkpointsFolder(instance), savepointsFolder(instance)];
  if (folders.every((folder) => !existsSync(folder) || readdirSync(folder).length === 0)) return;
  await compose(instance, [...allProfiles, "stop", "jobmanager", "taskmanager", "gateway"]);
  const run = ["run", "--rm", "--no-deps", "-T", "--entrypoint", "find", "taskmanager"];
  await compose(instance, [...run, ...folders, "-mindepth", "1", "-delete"]);
}
