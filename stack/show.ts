// How long work is shown: a list that updates on a terminal, a line per change elsewhere. On stderr.
import { Listr } from "listr2";
import type { Progress } from "./fetch.ts";

const quietMs = 10_000;

/** Runs `work` under a title; what it tells is shown per step. Returns or throws what work does. */
export async function showProgress<T>(title: string, work: (tell: Progress) => Promise<T>): Promise<T> {
  const from = Date.now();
  const plain = !process.stderr.isTTY;
  const lines = new Map<string, string>();
  const said = new Map<string, { kind: string; at: number }>();
  const print = (step: string, line: string) => {
    const kind = line.replace(/\d+/g, "");
    const before = said.get(step);
    if (before && before.kind === kind && Date.now() - before.at < quietMs) return;
    said.set(step, { kind, at: Date.now() });
    const seconds = ((Date.now() - from) / 1000).toFixed(1).padStart(6);
    process.stderr.write(`${seconds} s  ${step.padEnd(13)} ${line}\n`);
  };
  if (plain) return work(print);
  let result: { value: T } | undefined;
  const task = {
    title,
    task: async (_context: unknown, shown: { output: string }) => {
      const tell: Progress = (step, line) => {
        lines.set(step, line);
        shown.output = [...lines].map(([name, text]) => `${name.padEnd(13)} ${text}`).join("\n");
      };
      result = { value: await work(tell) };
    },
    rendererOptions: { outputBar: Number.POSITIVE_INFINITY, persistentOutput: true },
  };
  await new Listr([task], { registerSignalListeners: false }).run();
  return (result as { value: T }).value;
}
