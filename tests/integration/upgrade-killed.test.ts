// Orchestrators that die in the middle of an upgrade, on the real engines: the standing one takes it from there, one
// version is whole, and no row is there twice.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openUpgrades } from "../../orchestrator/deploy/upgrades.ts";
import { createFlink, savepointsOf } from "../../orchestrator/engines/flink.ts";
import { openStore, type Store } from "../../orchestrator/engines/store.ts";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import { repository } from "../../stack/config.ts";
import { waitFor } from "../../stack/wait.ts";
import { succeed } from "../support/cli.ts";
import { catalogue, recordOf, writeFolder } from "../support/folder.ts";
import { writeRaw } from "../support/raw-kafka.ts";
import { isolated, services } from "../support/services.ts";

const slowMs = 5 * 60_000;
const name = isolated("killed");
const job = `${name}/landing`;
const landing = catalogue["jobs/landing.sql"]!;
// One job beside the log's: what is kept of an aggregate has its own test.
const { "jobs/counting.sql": _job, "tables/counts.sql": _table, ...files } = catalogue;
let root: string;
let store: Store;

const well = (...args: string[]) => succeed({ SWORDLAKE_PIPELINES: root }, ...args);
const write = (text: string) => writeFileSync(join(root, name, "jobs/landing.sql"), text);

async function send(round: number): Promise<void> {
  const { kafka } = await services();
  const skus = Array.from({ length: 20 }, (_, key) => `sku-${key}`);
  const records = skus.map((sku) => recordOf("item", `${round}-${sku}`, { sku, title: "t", price: "1.50" }));
  await writeRaw(kafka, `${name}.items`, records, skus);
}

const runs = async () =>
  (await createFlink((await services()).flink).liveJobs()).filter((run) => run.name === job);

/** Waits until the loop has brought the job to one run, as recorded. Returns its record. */
async function recovered(gone: string | undefined) {
  await waitFor(
    "the job runs once, as recorded",
    async () => {
      const [record] = (await store.jobs()).filter((known) => known.name === job);
      const live = await runs();
      const isOnce = live.length === 1 && live[0]!.id === record?.flinkJobId && live[0]!.state === "RUNNING";
      return isOnce && live[0]!.id !== gone && (await openUpgrades(store, job)).length === 0;
    },
    { intervalMs: 200, timeoutMs: 180_000 },
  );
  return (await store.jobs()).find((known) => known.name === job)!;
}

const account = async (): Promise<Ledger> => JSON.parse(await well("ledger", name, "--json"));

beforeAll(async () => {
  root = writeFolder(name, files);
  store = await openStore((await services()).postgres);
  await well("apply", name);
  await send(1);
  expect(await account()).toMatchObject({ closed: true, landed: 20 });
}, slowMs);

afterAll(async () => {
  await store.close();
  await well("stop", name);
}, slowMs);

describe("an orchestrator that dies", () => {
  it(
    "between a job's savepoint and its record loses no place: nothing lands twice",
    async () => {
      const { flink, connection } = await services();
      const [{ id } = { id: "" }] = await runs();
      await createFlink(flink).stopWithSavepoint(id, savepointsOf(connection.checkpoints, id));
      const record = await recovered(id);
      expect(record.restorePath).toMatch(/\/savepoint-[^/]*$/);
      await send(2);
      expect(await account()).toMatchObject({ closed: true, landed: 40, problems: [] });
    },
    slowMs,
  );

  it(
    "while a new version is on trial leaves it to the standing one, which ends the trial",
    async () => {
      const before = (await store.jobs()).find((known) => known.name === job)!;
      write(landing.replace("sku, title, price", "sku, UPPER(title), price"));
      const command = execa(process.execPath, ["orchestrator/bin.js", "apply", name], {
        cwd: repository,
        env: { SWORDLAKE_PIPELINES: root },
        reject: false,
        stdin: "ignore",
      });
      await waitFor(
        "the new version is on trial",
        async () => (await openUpgrades(store, job))[0]?.phase === "gating",
        { intervalMs: 20, timeoutMs: 120_000 },
      );
      command.kill("SIGKILL");
      await command;
      const record = await recovered(before.flinkJobId ?? undefined);
      expect(record.sqlHash).not.toBe(before.sqlHash);
      expect(await well("plan", name)).toMatch(/Nothing to do/);
      await send(3);
      expect(await account()).toMatchObject({ closed: true, landed: 60, problems: [] });
    },
    slowMs,
  );
});
