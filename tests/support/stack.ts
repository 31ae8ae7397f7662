// Starts the stack once for a whole test run, as an instance of its own, and ends it after.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apply, swordlake } from "./cli.ts";

const fixtures = new URL("pipelines", import.meta.url).pathname;
let instance: string | undefined;

/** Vitest calls this for each project; only the first starts anything. What a file needs beside `game` it applies itself. */
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
  // Here engines run for minutes, each job on classes of its own: the thorough compiler took a third of their processor time.
  process.env.JAVA_TOOL_OPTIONS ??= "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m";
  await swordlake("clean");
  const up = await swordlake("up", "--no-apply");
  if (up.exitCode !== 0) throw new Error(`The stack for the tests didn't start:\n${up.stderr}`);
  await apply("game");
}

/** Ends the stack; its folder stays where a test failed, so that logs can be read. */
export async function teardown(): Promise<void> {
  if (!instance) return;
  await swordlake(process.exitCode ? "down" : "clean");
  rmSync(process.env.SWORDLAKE_PIPELINES!, { recursive: true, force: true });
}
