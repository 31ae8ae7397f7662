// What every bench does around its measuring: a broker of its own, an end to all that it started, whatever
// happens, and the file with its figures. Settings come from the environment, where an empty one counts as unset.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readStackConfig, repository, type StackConfig } from "../stack/config.ts";
import { stopNative } from "../stack/native.ts";
import { showProgress } from "../stack/show.ts";
import { type Broker, startBroker } from "./ingest/broker.ts";

export interface Stage {
  stack: StackConfig;
  /** Holds the bench's own data and logs. */
  folder: string;
  broker: Broker;
  progress: (line: string) => void;
  /** Fires at Ctrl-C and SIGTERM. */
  abort: AbortSignal;
}

export interface Play<T> {
  title: string;
  /** Word that stands before each line of progress. */
  step: string;
  topics: string[];
  work: (stage: Stage) => Promise<T>;
}

/** Measures with a broker on the load's core; ends every process of the bench afterwards. */
export async function onStage<T>({ title, step, topics, work }: Play<T>, abort: AbortSignal): Promise<T> {
  const stack = readStackConfig();
  const folder = join(stack.home, "bench");
  // What an interrupted bench left behind would share the cores.
  await stopNative({ folder }, () => {});
  try {
    return await showProgress(title, async (tell) => {
      const progress = (line: string) => tell(step, line);
      const broker = await startBroker(stack, topics, progress, abort);
      const stopped = new Promise<never>((_, reject) => {
        abort.addEventListener("abort", () => reject(abort.reason), { once: true });
      });
      try {
        // A load of minutes need not be waited for: the processes that it talks to end.
        return await Promise.race([work({ stack, folder, broker, progress, abort }), stopped]);
      } finally {
        await broker.disconnect();
      }
    });
  } finally {
    await stopNative({ folder }, () => {});
  }
}

/** Settings that are set to something. */
export const settingsOf = (env: NodeJS.ProcessEnv): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));

/** Writes bench/results/<name>.json and says so. */
export function writeResults(name: string, value: unknown): void {
  const file = join(repository, "bench/results", `${name}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
  process.stdout.write(`Written to ${file}\n`);
}

/** Runs a bench as a program. Exit codes: 0 measured, 1 fault, 130 stopped by a signal. */
export function runProgram(main: (abort: AbortSignal) => Promise<void>): void {
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => abort.abort(new Error(`stopped by ${signal}`)));
  main(abort.signal).catch((error: Error) => {
    process.stderr.write(`bench: ${error.message}\n`);
    process.exit(error.message.startsWith("stopped by") ? 130 : 1);
  });
}
