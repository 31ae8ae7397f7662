// Processes killed with -9 under load: nothing acked is lost, nothing is doubled.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { JournalCheck } from "../../orchestrator/ledger/journal.ts";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import type { Status } from "../../orchestrator/status.ts";
import { waitFor } from "../../stack/wait.ts";
import { load, swordlake, swordlakeJson } from "../support/cli.ts";
import { type Services, services } from "../support/services.ts";

let running: Services;

beforeAll(async () => {
  running = await services();
});

const rowsLogged = async () => {
  const { rows } = await swordlakeJson<{ rows: string[][] }>("sql", "SELECT count(*) FROM lake.game.log");
  return Number(rows[0]![0]);
};

/** Loads at a steady rate, kills an engine once rows of that load are landing, and takes the ledger. */
async function killUnderLoad(
  engine: string,
): Promise<{ ledger: Ledger & { journal: JournalCheck }; exitCode: number }> {
  const journal = join(mkdtempSync(join(tmpdir(), "swordlake-crash-")), "journal.ndjson");
  const before = await rowsLogged();
  const args = ["--events", "24000", "--rate", "1000", "--batch", "10", "--duplicates", "0.01"];
  const loading = load("--url", running.api, ...args, "--journal", journal);
  await waitFor("rows of the load land", async () => (await rowsLogged()) > before + 2000, {
    timeoutMs: 120_000,
  });
  const status = await swordlakeJson<Status>("status");
  const { pid } = status.engines.find((candidate) => candidate.name === engine)!;
  process.kill(pid!, "SIGKILL");
  const loaded = await loading;
  expect(loaded.exitCode, loaded.stderr).toBe(0);
  const ran = await swordlake("ledger", "game", "--json", "--journal", journal, "--wait", "240");
  return { ledger: JSON.parse(ran.stdout), exitCode: ran.exitCode };
}

describe("kill -9 under load", () => {
  it.each(["taskmanager", "jobmanager"])("%s: 0 lost, 0 doubled", async (engine) => {
    const { ledger, exitCode } = await killUnderLoad(engine);
    expect(ledger).toMatchObject({ closed: true, inFlight: 0, problems: [] });
    expect(ledger.journal).toMatchObject({ agrees: true, acked: 24_000, unknown: 0, disagreements: [] });
    expect(exitCode).toBe(0);
    const status = await swordlakeJson<Status>("status");
    expect(status.engines.find((candidate) => candidate.name === engine)).toMatchObject({ healthy: true });
    const { jobs } = status.pipelines.find((pipeline) => pipeline.name === "game")!;
    expect(jobs.map((job) => job.state)).toEqual(["RUNNING", "RUNNING"]);
  });
});
