// The broker killed with -9 under load, and none for a minute: nothing acked is lost, nothing is doubled.
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axios from "axios";
import { beforeAll, describe, expect, it } from "vitest";
import type { JournalCheck } from "../../orchestrator/ledger/journal.ts";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import type { Status } from "../../orchestrator/status.ts";
import { waitFor } from "../../stack/wait.ts";
import { load, swordlake, swordlakeJson } from "../support/cli.ts";
import { isolated, type Services, services } from "../support/services.ts";

let running: Services;

beforeAll(async () => {
  running = await services();
});

/** Resident memory of a process and its children, in MiB. */
function residentMiB(pid: number): number {
  const own = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return children.reduce((sum, child) => sum + residentMiB(Number(child)), own);
}

const pidOf = async (name: string) =>
  (await swordlakeJson<Status>("status")).engines.find((engine) => engine.name === name)!.pid!;

describe("kill -9 of the broker, and none for a minute", () => {
  it("answers every request in time, and each event is in the lake once after a retry", async () => {
    const folder = mkdtempSync(join(tmpdir(), "swordlake-crash-"));
    const run = isolated("broker").replaceAll("_", "-");
    const args = [
      "--url",
      running.api,
      "--events",
      "16000",
      "--batch",
      "10",
      "--run",
      run,
      "--allow-unknown",
    ];
    const warm = await load(
      "--url",
      running.api,
      "--events",
      "5000",
      "--journal",
      join(folder, "warm.ndjson"),
    );
    expect(warm.exitCode, warm.stderr).toBe(0);
    const [kafka, api, orchestrator] = await Promise.all(["kafka", "api", "orchestrator"].map(pidOf));
    const beforeMiB = residentMiB(api!);
    const first = join(folder, "first.ndjson");
    const loading = load(...args, "--rate", "200", "--json", "--journal", first);
    const isAcked = async () => existsSync(first) && /"acked"/.test(readFileSync(first, "utf8"));
    await waitFor("events of the load were acked", isAcked);
    // The orchestrator would have a new broker in seconds; it sleeps for as long as the load lasts.
    process.kill(orchestrator!, "SIGSTOP");
    let summary: { unknown: number; unanswered: number; latencyMs: { max: number } };
    try {
      process.kill(kafka!, "SIGKILL");
      const loaded = await loading;
      expect(loaded.exitCode, loaded.stderr).toBe(0);
      summary = JSON.parse(loaded.stdout);
    } finally {
      process.kill(orchestrator!, "SIGCONT");
    }
    expect(summary.unknown).toBeGreaterThan(0);
    expect(summary.unanswered).toBe(0);
    expect(summary.latencyMs.max).toBeLessThan(10_000);
    await waitFor("the API takes events again, without a restart", () =>
      axios.get(`${running.api}/ready`, { timeout: 5000 }).then(
        () => true,
        () => false,
      ),
    );
    expect(await pidOf("api")).toBe(api);
    const second = join(folder, "second.ndjson");
    const retried = await load(...args, "--journal", second);
    expect(retried.exitCode, retried.stderr).toBe(0);
    for (const journal of [first, second]) {
      const ran = await swordlake("ledger", "game", "--json", "--journal", journal, "--wait", "240");
      const ledger = JSON.parse(ran.stdout) as Ledger & { journal: JournalCheck };
      expect(ledger).toMatchObject({ closed: true, inFlight: 0, problems: [] });
      expect(ledger.journal).toMatchObject({ agrees: true, disagreements: [] });
    }
    expect(residentMiB(api!) - beforeMiB).toBeLessThan(50);
  });
});
