// Starts the stack once for a whole test run, as an instance of its own, and ends it after.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { swordlake } from "./cli.ts";

const fixtures = new URL("pipelines", import.meta.url).pathname;
let instance: string | undefined;

/** A run of few tests names the pipelines that they need, as each more costs its jobs' start; none stands for all. */
export const pipelinesWanted = (process.env.SWORDLAKE_TEST_PIPELINES ?? "").split(/\s+/).filter(Boolean);

/** Vitest calls this for each project; only the first starts anything. */
export async function setup(): Promise<void> {
  if (process.env.SWORDLAKE_TEST_INSTANCE) return;
  instance = `test-${process.env.STORE ?? "minio"}`;
  // A pipeline made in a temporary directory: nothing else of the checkout knows it.
  const pipelines = mkdtempSync(join(tmpdir(), "swordlake-pipelines-"));
  cpSync(fixtures, pipelines, { recursive: true });
  Object.assign(process.env, {
    SWORDLAKE_TEST_INSTANCE: instance,
    SWORDLAKE_INSTANCE: instance,
    SWORDLAKE_PIPELINES: pipelines,
  });
  await swordlake("clean");
  const up = await swordlake("up", ...(pipelinesWanted.length > 0 ? ["--no-apply"] : []));
  if (up.exitCode !== 0) throw new Error(`The stack for the tests didn't start:\n${up.stderr}`);
  for (const name of pipelinesWanted) {
    const applied = await swordlake("apply", name);
    if (applied.exitCode !== 0) throw new Error(`Pipeline '${name}' was not applied:\n${applied.stderr}`);
  }
}

/** Ends the stack; its folder stays where a test failed, so that logs can be read. */
export async function teardown(): Promise<void> {
  if (!instance) return;
  await swordlake(process.exitCode ? "down" : "clean");
  rmSync(process.env.SWORDLAKE_PIPELINES!, { recursive: true, force: true });
}
