// The README's commands, as a newcomer types them, against the stack that runs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { repository } from "../../stack/config.ts";

const make = (...args: string[]) =>
  execa("make", args, { cwd: repository, reject: false, all: true, stdin: "ignore" });

describe("make", () => {
  it("demo: addresses, every report with rows, a closed ledger, and what to do next", async () => {
    const demo = await make("demo", "DEMO_EVENTS=3000");
    expect(demo.exitCode, demo.all).toBe(0);
    expect(demo.stdout).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
    expect(demo.stdout).toMatch(/The ledger is closed: nothing lost, nothing doubled\./);
    expect(demo.stdout).toMatch(/agrees with the lake, event by event/);
    expect(demo.stdout).toMatch(/Members by guild/);
    expect(demo.stdout).not.toMatch(/\bno rows\b/);
    expect(demo.stdout).toMatch(/What to try next/);
  });

  it("load: takes its settings as variables", async () => {
    const loaded = await make(
      "load",
      "EVENTS=200",
      "USERS=5",
      "ENDPOINTS=join_guild,default",
      "CONNECTIONS=4",
      "SEED=9",
    );
    expect(loaded.exitCode, loaded.all).toBe(0);
    expect(loaded.all).toMatch(/200/);
  });

  it("notebooks: executes each, with pictures in its page", async () => {
    const ran = await make("notebooks");
    expect(ran.exitCode, ran.all).toBe(0);
    const page = readFileSync(join(repository, ".swordlake/notebooks/game.html"), "utf8");
    expect(page.match(/<img [^>]*src="data:image\/png/g)?.length).toBeGreaterThanOrEqual(5);
    expect(page).toMatch(/ledger/i);
  });

  it("help: lists every target", async () => {
    const help = await make("help");
    for (const target of ["up", "down", "demo", "load", "test", "notebooks"])
      expect(help.stdout).toMatch(`make ${target} `);
  });
});
