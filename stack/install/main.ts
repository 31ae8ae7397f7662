// `make deps`: everything that must be on this machine before the stack can start, side by side.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { installAddons } from "../addon.ts";
import { readStackConfig, type StackConfig } from "../config.ts";
import { allOrEveryProblem, fetchEngines, type Progress } from "../fetch.ts";
import { readInstance } from "../instance.ts";
import { chooseMode } from "../mode.ts";
import { showProgress } from "../show.ts";

/** Engines are fetched only where they will run as processes of this machine. */
async function engines(config: StackConfig, tell: Progress): Promise<void> {
  if ((await chooseMode(config)) !== "native") return;
  await fetchEngines(config, readInstance(config)?.store ?? config.store ?? "minio", tell);
}

try {
  const config = readStackConfig();
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    process.on(signal, () => {
      // Maven, Go and npm got the signal too; what they left half-done goes.
      for (const staged of [`${process.pid}`, `minio-${process.pid}`])
        rmSync(join(config.cache, "staging", staged), { recursive: true, force: true });
      process.exit(code);
    });
  await showProgress("Fetching what the stack needs", (tell) =>
    allOrEveryProblem([installAddons(config.cache, (line) => tell("addon", line)), engines(config, tell)]),
  );
} catch (error) {
  process.stderr.write(`swordlake: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
