// Rebuilds on the real engines: a job whose state would be wrong gets its tables anew from Kafka while events keep coming
// and the old version goes on; readers see old or new, and orchestrators that die in the middle lose and double nothing.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openUpgrades, type Upgrade } from "../../orchestrator/deploy/upgrades.ts";
import { createFlink } from "../../orchestrator/engines/flink.ts";
import { openStore, type Store } from "../../orchestrator/engines/store.ts";
import { connectTrino } from "../../orchestrator/engines/trino.ts";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import { rebuildSchema, stagedName } from "../../orchestrator/rebuild/staged.ts";
import { repository } from "../../stack/config.ts";
import { waitFor } from "../../stack/wait.ts";
import { succeed, swordlakeWith } from "../support/cli.ts";
import { recordOf, writeFolder } from "../support/folder.ts";
import { meanwhile } from "../support/meanwhile.ts";
import { writeRaw } from "../support/raw-kafka.ts";
import { isolated, services } from "../support/services.ts";

const slowMs = 10 * 60_000;
const name = isolated("rebuild");
const job = `${name}/spending`;
const iceberg = "'format-version' = '2', 'write.parquet.compression-codec' = 'zstd'";

/** Three tables: one with a key, one of events, and one in which no row can be told from its copy. */
const spending = (by: string, what: string, least: number) => `-- What was spent, by whom or where.
EXECUTE STATEMENT SET BEGIN
INSERT INTO spent SELECT ${by}, ${what} FROM purchases GROUP BY ${by};
INSERT INTO costly SELECT event_id, user_id, amount, kafka_partition, kafka_offset FROM purchases WHERE amount >= ${least};
INSERT INTO receipts SELECT user_id, amount + ${least} FROM purchases;
END;
`;

const files = {
  "pipeline.ts": `// Purchases, as they come.
import { z } from "zod";
import { definePipeline, event, topic } from "swordlake";

export default definePipeline({
  title: "Purchases",
  freshnessMs: 1000,
  topics: {
    purchases: topic({
      key: "user_id",
      events: {
        bought: event("Something was bought", { user_id: z.string(), country: z.string(), amount: z.number().int() }),
      },
    }),
  },
});
`,
  "tables/spent.sql": `-- One row per user or country.
CREATE TABLE IF NOT EXISTS spent (
  who STRING, total BIGINT, PRIMARY KEY (who) NOT ENFORCED
) WITH (${iceberg}, 'write.upsert.enabled' = 'true');
`,
  "tables/costly.sql": `-- One row per costly purchase.
CREATE TABLE IF NOT EXISTS costly (
  event_id STRING, user_id STRING, amount BIGINT, kafka_partition INT, kafka_offset BIGINT
) WITH (${iceberg});
`,
  "tables/receipts.sql": `-- One row per purchase, with nothing to tell it by.
CREATE TABLE IF NOT EXISTS receipts (user_id STRING, amount BIGINT) WITH (${iceberg});
`,
  "jobs/spending.sql": spending("user_id", "COUNT(*)", 50),
};

interface Sent {
  user: string;
  country: string;
  amount: number;
}

let root: string;
let store: Store;
const sent: Sent[] = [];

const run = (...args: string[]) => swordlakeWith({ SWORDLAKE_PIPELINES: root }, ...args);
const well = (...args: string[]) => succeed({ SWORDLAKE_PIPELINES: root }, ...args);
/** In this process: readers must look more often than a command could. */
const sql = async (query: string): Promise<unknown[][]> =>
  (await connectTrino((await services()).trino).query(query)).rows;
const write = (text: string) => writeFileSync(join(root, name, "jobs/spending.sql"), text);
const account = async (): Promise<Ledger> =>
  JSON.parse(await well("ledger", name, "--json", "--wait", "300"));

/** Sends the next purchases, every tenth of them twice: a copy must never count. */
async function send(count: number, user = (n: number) => `user-${n % 17}`): Promise<void> {
  const { kafka } = await services();
  const fresh = Array.from({ length: count }, (_, index) => {
    const n = sent.length + index;
    return { user: user(n), country: `c${n % 5}`, amount: (n * 7) % 100 };
  });
  const records = fresh.map(({ user: user_id, country, amount }, index) =>
    recordOf("bought", `${name}-${sent.length + index}`, { user_id, country, amount }),
  );
  const copies = records.filter((_, index) => index % 10 === 0);
  const keys = fresh.map((one) => one.user);
  await writeRaw(
    kafka,
    `${name}.purchases`,
    [...records, ...copies],
    [...keys, ...keys.filter((_, index) => index % 10 === 0)],
  );
  sent.push(...fresh);
}

const text = (rows: unknown[][]) => rows.map((row) => row.join(" ")).sort();

/** The tables are what a clean run of the SQL makes of all that was sent. */
async function expectArithmetic(by: (one: Sent) => string, what: (one: Sent) => number, least: number) {
  const ledger = await account();
  const totals = new Map<string, number>();
  for (const one of sent) totals.set(by(one), (totals.get(by(one)) ?? 0) + what(one));
  expect(text(await sql(`SELECT who, total FROM lake.${name}.spent`))).toEqual(text([...totals]));
  const costly = sent.filter(({ amount }) => amount >= least).map(({ user, amount }) => [user, amount]);
  expect(text(await sql(`SELECT user_id, amount FROM lake.${name}.costly`))).toEqual(text(costly));
  const receipts = sent.map(({ user, amount }) => [user, amount + least]);
  expect(text(await sql(`SELECT user_id, amount FROM lake.${name}.receipts`))).toEqual(text(receipts));
  expect(ledger).toMatchObject({
    closed: true,
    problems: [],
    landed: costly.length,
    filtered: sent.length - costly.length,
  });
}

const runsOf = async (of: string) =>
  (await createFlink((await services()).flink).liveJobs()).filter((live) => live.name === of);
const schemas = async () => (await sql("SHOW SCHEMAS FROM lake")).flat();
const isCleared = async () =>
  (await openUpgrades(store, job)).length === 0 &&
  (await runsOf(stagedName(job))).length === 0 &&
  !(await schemas()).includes(rebuildSchema(name));

/** Runs `work` while purchases keep coming. */
async function whileTheyBuy<T>(work: () => Promise<T>): Promise<T> {
  const stopBuying = meanwhile(() => send(20));
  try {
    return await work();
  } finally {
    await stopBuying();
  }
}

beforeAll(async () => {
  root = writeFolder(name, files);
  store = await openStore((await services()).postgres);
  await well("apply", name);
  await send(40, () => "early");
  await send(300);
  expect(await account()).toMatchObject({ closed: true });
}, slowMs);

afterAll(async () => {
  await store.close();
  await well("stop", name);
}, slowMs);

describe("a rebuild", () => {
  it(
    "makes of COUNT a SUM in all the job's tables while events keep coming, and readers see old or new",
    async () => {
      write(spending("user_id", "SUM(amount)", 20));
      const { exitCode, stderr } = await run("apply", name);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`npx swordlake apply ${name} --rebuild ${job}`);
      const refused = await run("plan", name, "--rebuild", "log", "--rebuild", "nothing");
      expect(refused.stderr).toContain("--rebuild nothing: there is no such job");
      expect(refused.stderr).toContain(`--rebuild ${name}/log: it needs none`);
      const planned = await well("plan", name, "--rebuild", "spending");
      expect(planned).toContain(
        "rebuilt: tables spent, costly, receipts are filled beside the live ones from Kafka's first offset",
      );
      expect(planned).toMatch(/! rebuilt GroupAggregate/);
      const hash = /--rebuild spending --plan ([0-9a-f]{16})/.exec(planned)?.[1] ?? "";

      const early = sent.filter(({ user }) => user === "early");
      const costly = (least: number) => early.filter(({ amount }) => amount >= least).length;
      const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);
      const amounts = early.map(({ amount }) => amount);
      const queries = {
        spent: `SELECT total FROM lake.${name}.spent WHERE who = 'early'`,
        costly: `SELECT count(*) FROM lake.${name}.costly WHERE user_id = 'early'`,
        receipts: `SELECT sum(amount) FROM lake.${name}.receipts WHERE user_id = 'early'`,
      };
      const may = {
        spent: [early.length, sum(amounts)],
        costly: [costly(50), costly(20)],
        receipts: [sum(amounts) + 50 * early.length, sum(amounts) + 20 * early.length],
      };
      const seen = { spent: new Set<string>(), costly: new Set<string>(), receipts: new Set<string>() };
      const tables = ["spent", "costly", "receipts"] as const;
      const look = async () => {
        for (const table of tables) seen[table].add(String((await sql(queries[table]))[0]?.[0]));
      };
      const stopReading = meanwhile(look);
      await whileTheyBuy(() =>
        well("apply", name, "--rebuild", job, "--plan", hash, "--why", "sums"),
      ).finally(stopReading);
      await look();
      for (const table of tables) expect([...seen[table]]).toEqual(may[table].map(String));
      await expectArithmetic(
        (one) => one.user,
        (one) => one.amount,
        20,
      );
      expect(await isCleared()).toBe(true);

      expect(await well("apply", name)).toMatch(/Nothing to do/);
      expect((await run("apply", name, "--rebuild", "spending")).stderr).toMatch(/it needs none/);
      const history = await well("history", name, "--json");
      expect(JSON.parse(history).entries).toContainEqual(
        expect.objectContaining({
          action: "rebuild",
          subject: job,
          detail: expect.objectContaining({ why: "sums" }),
        }),
      );
    },
    slowMs,
  );

  /** Begins a rebuild and kills the command as soon as it is in a phase. */
  async function killed(phase: Upgrade["phase"]): Promise<void> {
    const command = execa(process.execPath, ["orchestrator/bin.js", "apply", name, "--rebuild", "spending"], {
      cwd: repository,
      env: { SWORDLAKE_PIPELINES: root },
      reject: false,
      stdin: "ignore",
    });
    await waitFor(
      `the rebuild is ${phase}`,
      async () => (await openUpgrades(store, job))[0]?.phase === phase,
      {
        intervalMs: 20,
        timeoutMs: 180_000,
      },
    );
    command.kill("SIGKILL");
    await command;
  }

  it(
    "whose owner dies while tables are filled leaves nothing, and the old version goes on",
    async () => {
      const before = (await runsOf(job))[0]?.id;
      write(spending("country", "COUNT(*)", 70));
      await killed("filling");
      await waitFor("the stage is cleared", isCleared, { intervalMs: 500, timeoutMs: 120_000 });
      expect((await runsOf(job)).map(({ id }) => id)).toEqual([before]);
    },
    slowMs,
  );

  it(
    "that is begun again, and whose owner dies while tables are exchanged, is ended by the standing orchestrator",
    async () => {
      await whileTheyBuy(async () => {
        await killed("swapping");
        await waitFor(
          "one version is whole and the stage is cleared",
          async () => (await isCleared()) && (await runsOf(job)).length === 1,
          { intervalMs: 500, timeoutMs: 180_000 },
        );
      });
      expect(await well("plan", name)).toMatch(/Nothing to do/);
      await expectArithmetic(
        (one) => one.country,
        () => 1,
        70,
      );
    },
    slowMs,
  );
});
