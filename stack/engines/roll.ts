// Has the API of an instance read the contracts again, with no request refused meanwhile.
import axios from "axios";
import { addressesOf } from "../addresses.ts";
import type { StackConfig } from "../config.ts";
import { type Instance, logFile } from "../instance.ts";
import { startEngine } from "../native.ts";
import { lastLines, runningPid, signal, stopProcess } from "../processes.ts";
import { waitFor } from "../wait.ts";
import { programProcesses } from "./programs.ts";

interface Health {
  rolls?: number;
  rollFailed?: string;
}

/** One that doesn't answer just now says nothing. */
async function healthOf(instance: Instance): Promise<Health> {
  const answer = await axios
    .get(`${addressesOf(instance).api}/health`, { timeout: 5000, headers: { connection: "close" } })
    .catch(() => undefined);
  return (answer?.data ?? {}) as Health;
}

/**
 * Replaces the API's workers one by one; a process alone is started again. Where it doesn't run, does nothing:
 * it will read the contracts at its start. Throws where the old workers had to stay.
 */
export async function rollApi(config: StackConfig, instance: Instance): Promise<void> {
  const pid = await runningPid(instance, "api");
  if (pid === undefined) return;
  const { rolls } = await healthOf(instance);
  if (rolls === undefined) {
    const api = programProcesses({ instance, config }).find(({ name }) => name === "api")!;
    await stopProcess(instance, "api");
    return startEngine(instance, api, AbortSignal.timeout(60_000));
  }
  signal(pid, "SIGHUP");
  let health: Health = {};
  await waitFor(
    "the API's workers are replaced",
    async () => {
      health = await healthOf(instance);
      return (health.rolls ?? 0) > rolls;
    },
    { intervalMs: 200, timeoutMs: 300_000 },
  );
  if (health.rollFailed === undefined) return;
  const log = logFile(instance, "api");
  throw new Error(
    `The API serves the contracts of before: ${health.rollFailed}. The last lines of ${log}:\n${lastLines(log)}\n` +
      "Mend what they say and run the command again.",
  );
}
