// `swordlake new` in a temporary directory: planned, applied, tested, loaded and reported as it stands.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import { type OwnApi, startApi } from "../support/api.ts";
import { loadWith, swordlakeWith } from "../support/cli.ts";

const root = mkdtempSync(join(tmpdir(), "swordlake-new-"));
const env = { SWORDLAKE_PIPELINES: [process.env.SWORDLAKE_PIPELINES, root].filter(Boolean).join(delimiter) };
const run = async (...args: string[]) => {
  const ran = await swordlakeWith(env, ...args);
  expect(ran.exitCode, `${args.join(" ")}\n${ran.stdout}\n${ran.stderr}`).toBe(0);
  return ran.stdout;
};

let api: OwnApi | undefined;
afterAll(async () => {
  await api?.stop();
  await swordlakeWith(env, "stop", "orders");
  rmSync(root, { recursive: true });
});

it("a pipeline made by a command runs with no other file touched", async () => {
  await run("new", "orders", "--root", root);
  expect(await run("plan", "orders")).toContain("+ job orders/landing");
  await run("apply", "orders");
  expect(await run("test", "orders")).toMatch(/^ok {3}orders\/a_copy_lands_once[\s\S]*1 passed, 0 failed/);
  api = await startApi(env);
  const loaded = await loadWith(env, "--url", api.url, "--pipeline", "orders", "--events", "500");
  expect(loaded.exitCode, loaded.stderr).toBe(0);
  expect(JSON.parse(await run("ledger", "orders", "--json")) as Ledger).toMatchObject({
    closed: true,
    landed: 500,
  });
  expect(await run("report", "orders")).toContain("a purchase");
});

it("is refused where the folder is there already, and where the name is no identifier", async () => {
  const again = await swordlakeWith(env, "new", "orders", "--root", root);
  expect(again.exitCode).toBe(1);
  expect(again.stderr).toContain("is there already");
  const bad = await swordlakeWith(env, "new", "My Orders", "--root", root);
  expect(bad.stderr).toContain("'My Orders' is no SQL identifier");
});
