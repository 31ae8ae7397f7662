// Processes tied to one core by taskset.
import type { Command } from "../../stack/processes.ts";

/** The command, run on one core only; what it starts stays there too. */
export const onCore = (core: number, { file, args, ...rest }: Command): Command => ({
  ...rest,
  file: "taskset",
  args: ["-c", String(core), file, ...args],
});
