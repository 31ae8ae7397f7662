// The stack as a whole, whichever way it runs: choose the mode, start, stop, look.
import { existsSync, rmSync } from "node:fs";
import { startCompose, stopCompose } from "./compose.ts";
import { composeEngineStates } from "./compose-states.ts";
import type { StackConfig } from "./config.ts";
import { type EngineName, type EngineProcess, engineNames } from "./engine.ts";
import { programProcesses } from "./engines/programs.ts";
import { fetchEngines, type Progress } from "./fetch.ts";
import { type Instance, instanceFolder, openInstance, readInstance } from "./instance.ts";
import { chooseMode } from "./mode.ts";
import { nativeProcesses, startNative, stopNative } from "./native.ts";
import { knownProcesses, runningPid } from "./processes.ts";

export interface EngineState {
  name: EngineName;
  version: string;
  address: string;
  /** Null where it doesn't run, or where it isn't ours to know. */
  pid: number | null;
  healthy: boolean;
}

async function portsHeld(config: StackConfig): Promise<Set<number>> {
  const instance = readInstance(config);
  if (!instance) return new Set();
  const running = await Promise.all(knownProcesses(instance).map((name) => runningPid(instance, name)));
  const states = instance.mode === "compose" ? await composeEngineStates(instance) : [];
  const any = running.some(Boolean) || states.some((state) => state.running);
  return new Set(any ? Object.values(instance.ports) : []);
}

/** Starts whatever doesn't run yet. Throws with the cure; then nothing that this call started runs on. */
export async function startStack(
  config: StackConfig,
  progress: Progress,
  signal: AbortSignal,
): Promise<Instance> {
  const mode = await chooseMode(config);
  if (mode === "external")
    throw new Error("STACK=external starts nothing: run 'npx swordlake apply' against your engines.");
  const store = readInstance(config)?.store ?? config.store ?? "minio";
  if (mode === "native") await fetchEngines(config, store, progress);
  signal.throwIfAborted();
  const instance = await openInstance(config, mode, await portsHeld(config));
  if (mode === "compose") await startCompose(config, instance, progress, signal);
  else await startNative(instance, await nativeProcesses(config, instance), progress, signal);
  return instance;
}

/** Ends every process of the instance; its data stays. */
export async function stopStack(config: StackConfig, progress: (name: string) => void): Promise<void> {
  const folder = instanceFolder(config);
  if (!existsSync(folder)) return;
  const instance = readInstance(config);
  await stopNative({ folder }, progress);
  if (instance?.mode === "compose") await stopCompose(config, instance, {});
}

/** Ends the instance and removes its folder with all data. Downloads stay in the cache. */
export async function cleanStack(config: StackConfig, progress: (name: string) => void): Promise<void> {
  const instance = readInstance(config);
  await stopStack(config, progress);
  if (instance?.mode === "compose") await stopCompose(config, instance, { removeVolumes: true });
  rmSync(instanceFolder(config), { recursive: true, force: true });
}

const probeTimeoutMs = 8000;

/** Whether a process really serves; a probe that hangs counts as no. */
async function isHealthy(engine: EngineProcess): Promise<boolean> {
  const timeout = new Promise<boolean>((resolve) => setTimeout(resolve, probeTimeoutMs, false).unref());
  return Promise.race([
    engine.probe().then(
      () => true,
      () => false,
    ),
    timeout,
  ]);
}

/** One state per engine, in a fixed order. */
export async function engineStates(config: StackConfig, instance: Instance): Promise<EngineState[]> {
  const processes =
    instance.mode === "native"
      ? await nativeProcesses(config, instance)
      : programProcesses({ instance, config });
  const own = await Promise.all(
    processes.map(async (engine) => {
      const pid = (await runningPid(instance, engine.name)) ?? null;
      const healthy = pid !== null && (await isHealthy(engine));
      return { name: engine.engine, version: engine.version, address: engine.address, pid, healthy };
    }),
  );
  const containers = instance.mode === "compose" ? await composeEngineStates(instance) : [];
  const all: EngineState[] = [...own, ...containers.map(({ running: _, ...state }) => state)];
  return engineNames.flatMap((name) => {
    const parts = all.filter((state) => state.name === name);
    const first = parts[0];
    return first ? [{ ...first, healthy: parts.every((part) => part.healthy) }] : [];
  });
}
