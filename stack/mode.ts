// Which way the stack runs. Apart from stack.ts, whose drivers `make deps` has yet to install.
import type { StackConfig } from "./config.ts";
import { dockerAnswers } from "./docker.ts";
import { type Mode, readInstance } from "./instance.ts";

/** The mode to use: what was asked for; else what the instance was made with; else Docker if it answers. */
export async function chooseMode(config: StackConfig): Promise<Mode> {
  if (config.stack !== "auto") return config.stack;
  return readInstance(config)?.mode ?? ((await dockerAnswers()) ? "compose" : "native");
}
