// Local processes of an instance: started detached, known by a file in run/, ended by id.
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { inheritedEnv } from "./config.ts";
import { type Instance, logFile, writePrivate } from "./instance.ts";
import { waitFor } from "./wait.ts";

export interface Command {
  file: string;
  args: string[];
  env?: Record<string, string>;
  cwd?: string;
}

interface Running {
  pid: number;
  /** Start time as the system tells it: a reused pid has another one. */
  started: string;
}

const runFile = (instance: Pick<Instance, "folder">, name: string) =>
  join(instance.folder, "run", `${name}.json`);

/** When a process started, in the system's own words; undefined where it doesn't run. */
async function startTime(pid: number): Promise<string | undefined> {
  const stat = `/proc/${pid}/stat`;
  if (existsSync("/proc/self/stat")) {
    if (!existsSync(stat)) return undefined;
    const fields = readFileSync(stat, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  }
  const ps = await execa("ps", ["-o", "lstart=", "-p", String(pid)], { reject: false });
  return ps.exitCode === 0 ? ps.stdout.trim() : undefined;
}

/** Pid of a named process that runs; undefined where it ended or never was. */
export async function runningPid(
  instance: Pick<Instance, "folder">,
  name: string,
): Promise<number | undefined> {
  const file = runFile(instance, name);
  if (!existsSync(file)) return undefined;
  const known = JSON.parse(readFileSync(file, "utf8")) as Running;
  return (await startTime(known.pid).catch(() => undefined)) === known.started ? known.pid : undefined;
}

/** Names of processes this instance has started and not yet ended. */
export function knownProcesses(instance: Pick<Instance, "folder">): string[] {
  const folder = join(instance.folder, "run");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file) => (file.endsWith(".json") ? [file.slice(0, -5)] : []));
}

/** Starts a process that outlives this one; its output goes to logs/<name>.log. */
export async function startProcess(instance: Instance, name: string, command: Command): Promise<number> {
  const log = openSync(logFile(instance, name), "a", 0o600);
  const child = spawn(command.file, command.args, {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: command.cwd ?? instance.folder,
    env: { ...inheritedEnv(), ...command.env },
  });
  closeSync(log);
  await new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) =>
      reject(new Error(`${name} can't be started: ${command.file}: ${cause.message}`, { cause })),
    );
  });
  if (!child.pid) throw new Error(`${name} can't be started: ${command.file} has no pid`);
  child.unref();
  const started = (await startTime(child.pid)) ?? "";
  writePrivate(runFile(instance, name), JSON.stringify({ pid: child.pid, started } satisfies Running));
  return child.pid;
}

/** Sends a signal; a process that ended meanwhile needs none. */
export function signal(pid: number, name: "SIGTERM" | "SIGKILL" | "SIGHUP"): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Ends a process by its id: asks first, insists after `graceMs`. Safe where it doesn't run. */
export async function stopProcess(
  instance: Pick<Instance, "folder">,
  name: string,
  graceMs = 60_000,
): Promise<void> {
  const pid = await runningPid(instance, name);
  if (pid) {
    const gone = async () => (await runningPid(instance, name)) === undefined;
    signal(pid, "SIGTERM");
    await waitFor(`${name} ends`, gone, { intervalMs: 50, timeoutMs: graceMs }).catch(() =>
      signal(pid, "SIGKILL"),
    );
    await waitFor(`${name} is killed`, gone, { intervalMs: 20, timeoutMs: 10_000 });
  }
  rmSync(runFile(instance, name), { force: true });
}

/** The last lines of a log, for an error that must say why a process died. */
export function lastLines(path: string, lines = 15): string {
  if (!existsSync(path)) return "(no log was written)";
  return readFileSync(path, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
}
