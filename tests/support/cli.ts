// Runs the project's own commands as a person would: as processes, with what they print.
import { execa } from "execa";
import { repository } from "../../stack/config.ts";

export interface Ran {
  exitCode: number;
  stdout: string;
  stderr: string;
}

async function node(file: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const result = await execa(process.execPath, [...file.split(" "), ...args], {
    cwd: repository,
    reject: false,
    env,
    stdin: "ignore",
    timeout: 600_000,
  });
  return { exitCode: result.exitCode ?? 1, stdout: result.stdout, stderr: result.stderr };
}

/** `npx swordlake …`, without npx. */
export const swordlake = (...args: string[]): Promise<Ran> => node("orchestrator/bin.js", args);

/** As above with more environment. */
export const swordlakeWith = (env: Record<string, string>, ...args: string[]): Promise<Ran> =>
  node("orchestrator/bin.js", args, env);

/** What a command prints that must succeed, with more environment. Throws all that it said where it failed. */
export async function succeed(env: Record<string, string>, ...args: string[]): Promise<string> {
  const ran = await swordlakeWith(env, ...args);
  if (ran.exitCode !== 0) throw new Error(`swordlake ${args.join(" ")}:\n${ran.stderr}\n${ran.stdout}`);
  return ran.stdout;
}

/** Starts jobs of pipelines that a file's tests need: a job that runs costs all the others, so each waits for who needs it. */
export async function apply(...pipelines: string[]): Promise<void> {
  for (const name of pipelines) await succeed({}, "apply", name);
}

/** Ends them after the file, for the same reason. */
export async function stop(...pipelines: string[]): Promise<void> {
  for (const name of pipelines) await swordlake("stop", name);
}

/** The document a command prints with --json. Throws what it said where it failed. */
export async function swordlakeJson<T>(...args: string[]): Promise<T> {
  const ran = await swordlake(...args, "--json");
  try {
    return JSON.parse(ran.stdout) as T;
  } catch (cause) {
    throw new Error(`swordlake ${args.join(" ")} printed no JSON (exit ${ran.exitCode}):\n${ran.stderr}`, {
      cause,
    });
  }
}

/** `make load`, without make. */
export const load = (...args: string[]): Promise<Ran> => loadWith({}, ...args);

/** As above with more environment. */
export const loadWith = (env: Record<string, string>, ...args: string[]): Promise<Ran> =>
  node("--import tsx loadgen/main.ts", args, env);
