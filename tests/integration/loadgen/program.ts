// Runs a program of loadgen as a person does, as a process of its own.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Sends the signal as soon as `until` holds. */
export async function runProgram(
  main: string,
  argv: string[],
  {
    until,
    signal = "SIGINT",
    env = {},
  }: { until?: () => boolean; signal?: NodeJS.Signals; env?: object } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, ["--import", "tsx", main, ...argv], {
    cwd: root,
    env: { ...process.env, ...env },
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    output.stderr += chunk;
  });
  const waiting = setInterval(() => {
    if (!until?.()) return;
    clearInterval(waiting);
    child.kill(signal);
  }, 10);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(waiting);
  return { code, ...output };
}
