import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { summarizeJournal } from "../../../loadgen/journal.ts";
import { type PatternServer, startPatternServer } from "./pattern-server.ts";
import { runProgram } from "./program.ts";

const folder = mkdtempSync(join(tmpdir(), "load-main-"));
let server: PatternServer;
beforeAll(async () => {
  server = await startPatternServer(() => "accept", { delayMs: 2 });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const runMain = (argv: string[], until?: () => boolean) =>
  runProgram("loadgen/main.ts", argv, until ? { until } : {});

// Two programs start at once, on a machine that may be busy.
describe.concurrent("the load program", { timeout: 30_000 }, () => {
  it("ends on Ctrl-C with its journal whole, its summary printed and 130", async () => {
    const journal = join(folder, "cut.ndjson");
    const given = [
      "--url",
      server.url,
      "--events",
      "1000000",
      "--run",
      "cut",
      "--journal",
      journal,
      "--json",
    ];
    const isOf = ({ id }: { id: string }) => id.startsWith("cut-");
    const { code, stdout } = await runMain(given, () => server.seen.some(isOf));
    expect(code).toBe(130);
    const stored = server.seen.filter(isOf).length;
    expect(JSON.parse(stdout)).toMatchObject({ run: "cut", acked: stored, interrupted: true, journal });
    expect((await summarizeJournal(journal)).events).toEqual({ acked: stored, rejected: 0, unknown: 0 });
  });

  it("exits 1 without an API, says how to start it, and leaves no journal", async () => {
    const journal = join(folder, "none.ndjson");
    const { code, stderr } = await runMain(["--url", "http://127.0.0.1:9", "--journal", journal]);
    expect(stderr).toMatch(/No API answers at http:\/\/127\.0\.0\.1:9 .*make up/);
    expect(code).toBe(1);
    expect(existsSync(journal)).toBe(false);
  });
});
