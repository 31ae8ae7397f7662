// Restore points on the real engines: whatever point a pipeline goes back to, catching up lands exactly the rows that
// were there, also after maintenance, after a rewind that was killed, and after an upgrade; and what is refused.
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore, type Store } from "../../orchestrator/engines/store.ts";
import { connectTrino, type Lake } from "../../orchestrator/engines/trino.ts";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import type { Maintained } from "../../orchestrator/maintain/maintain.ts";
import { commit } from "../../orchestrator/maintain/tables.ts";
import { assertNotRewinding, listPoints } from "../../orchestrator/rewind/points.ts";
import type { Rewound } from "../../orchestrator/rewind/rewind.ts";
import { repository } from "../../stack/config.ts";
import { waitFor } from "../../stack/wait.ts";
import { succeed, swordlakeWith } from "../support/cli.ts";
import { catalogue, recordOf, writeFolder } from "../support/folder.ts";
import { writeRaw } from "../support/raw-kafka.ts";
import { isolated, services } from "../support/services.ts";

const slowMs = 10 * 60_000;
const name = isolated("rewind");
const tables = ["log", "quarantine", "filtered", "all_items", "latest", "counts"];
const skus = Array.from({ length: 8 }, (_, key) => `sku-${key}`);
const landing = (least: string) =>
  catalogue["jobs/landing.sql"]!.replace(
    "WHERE event_type = 'item';\nINSERT INTO latest",
    `WHERE event_type = 'item' AND price > ${least};\nINSERT INTO latest`,
  );
const files = {
  ...catalogue,
  "pipeline.ts": catalogue["pipeline.ts"]!.replace(
    "freshnessMs: 1000,",
    'freshnessMs: 1000, maintenance: { schedule: "never", historyMs: 0 },',
  ),
  "jobs/landing.sql": landing("1"),
};

let env: Record<string, string>;
let kafka: string;
let lake: Lake;
let store: Store;
let rounds = 0;

const ran = (...args: string[]) => swordlakeWith(env, ...args);
const run = (...args: string[]) => succeed(env, ...args);
const take = async (): Promise<number> =>
  JSON.parse(await run("points", name, "--take", "--why", `after ${rounds}`, "--json")).point;
const rewind = async (to: number, ...more: string[]): Promise<Rewound> =>
  JSON.parse(await run("rewind", name, "--to", String(to), "--json", ...more));

/** Of each sku an item, the same again, and that it is gone; and poison. The first round is filtered out. */
async function send(): Promise<void> {
  const records = ["item", "item", "gone"].flatMap((type) =>
    skus.map((sku) => {
      const fields = type === "item" ? { title: `round ${rounds}`, price: `${rounds}.50` } : {};
      return recordOf(type, `${type}-${rounds}-${sku}`, { sku, ...fields });
    }),
  );
  await writeRaw(kafka, `${name}.items`, [...records, "no event"], [...skus, ...skus, ...skus]);
  rounds += 1;
}
const sentEach = 3 * skus.length + 1;

/** Every row of every table, as text, sorted: ids, values and places. */
async function content(): Promise<Record<string, string[]>> {
  const read = tables.map(async (table) => {
    const { rows } = await lake.query(`SELECT * FROM lake.${name}.${table}`);
    return [table, rows.map((row) => JSON.stringify(row)).sort()] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

/** Takes the account: it closes, and counts that nobody accounts for are there too. */
async function account(): Promise<void> {
  const ledger: Ledger = JSON.parse(await run("ledger", name, "--json"));
  const items = rounds * skus.length;
  expect(ledger).toMatchObject({
    closed: true,
    accepted: rounds * sentEach,
    duplicates: items,
    problems: [],
  });
  await waitFor("all is counted", async () => {
    const { rows } = await lake.query(`SELECT sum(items) FROM lake.${name}.counts`);
    return rows[0]![0] === String(items);
  });
}

/** Catches up to what a clean run has landed, and stays there. */
async function catchesUpTo(clean: Record<string, string[]>): Promise<void> {
  let found = await content();
  const isAsLong = () => tables.every((table) => found[table]!.length >= clean[table]!.length);
  await waitFor(
    "all has landed again",
    async () => {
      found = await content();
      return isAsLong() && JSON.stringify(found.counts) === JSON.stringify(clean.counts);
    },
    { intervalMs: 500, timeoutMs: 120_000 },
  ).catch(() => undefined); // what differs says more
  expect(found).toEqual(clean);
}

beforeAll(async () => {
  const found = await services();
  kafka = found.kafka;
  lake = connectTrino(found.trino);
  store = await openStore(found.postgres);
  env = { SWORDLAKE_PIPELINES: writeFolder(name, files) };
  await run("apply", name);
}, slowMs);

afterAll(async () => {
  await run("stop", name);
  await store.close();
}, slowMs);

describe("a rewind", { timeout: slowMs }, () => {
  const points: number[] = [];
  let clean: Record<string, string[]>;

  it("to the second point lands what a clean run landed, and maintenance leaves what points need", async () => {
    for (const _ of [1, 2, 3]) {
      await send();
      points.push(await take());
    }
    await send();
    await account();
    clean = await content();
    expect(clean.all_items).toHaveLength((rounds - 1) * skus.length);
    expect(clean.latest).toHaveLength(skus.length);
    expect(clean.quarantine).toHaveLength(rounds);

    const done = await rewind(points[1]!);
    expect(done.before).toBeGreaterThan(points[2]!);
    // When the point was taken its round may not have been read yet: then that is read again too.
    expect(done.readAgain[`${name}.items`]).toBeGreaterThanOrEqual(2 * sentEach);
    await catchesUpTo(clean);
    const { tables: kept }: { tables: Maintained[] } = JSON.parse(
      await run("maintain", name, "--table", "all_items", "--json"),
    );
    expect(kept[0]!.heldBy).toMatch(/^restore point \d+ \(taken\)$/);
  });

  it("to the third is refused with every reason at once, and then lands it without the batch", async () => {
    const { savepoint } = (await listPoints(store, name)).find(({ id }) => id === points[2])!.jobs[0]!;
    const folder = fileURLToPath(savepoint);
    await commit(lake, `INSERT INTO lake.${name}.filtered (event_id, rule) VALUES ('by hand', 'none')`);
    await commit(lake, `ALTER TABLE lake.${name}.latest ADD COLUMN remark varchar`);
    renameSync(folder, `${folder}-away`);
    const refused = await ran("rewind", name, "--to", String(points[2]));
    renameSync(`${folder}-away`, folder);
    await commit(lake, `ALTER TABLE lake.${name}.latest DROP COLUMN remark`);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr.split("\n").slice(-3)).toEqual([
      expect.stringMatching(/^- Job .*: its savepoint .* is gone\.$/),
      expect.stringMatching(/^- Table .*latest has other columns than then: 'remark varchar' is new/),
      expect.stringMatching(
        /^- What statements of Trino wrote since .* commits to .*filtered .*--drop-batches/,
      ),
    ]);
    const done = await rewind(points[2]!, "--drop-batches");
    expect(done.dropped).toEqual([expect.stringMatching(/^1 commits to .*filtered/)]);
    await catchesUpTo(clean);
  });

  it("to the first, killed, is finished by the same command", async () => {
    const child = execa(process.execPath, ["orchestrator/bin.js", "rewind", name, "--to", `${points[0]}`], {
      cwd: repository,
      env,
      reject: false,
    });
    await waitFor("the rewind has begun", async () =>
      (await listPoints(store, name)).some(({ rewindBegunAt }) => rewindBegunAt !== null),
    );
    child.kill("SIGKILL");
    expect((await child).signal).toBe("SIGKILL");
    expect(await run("points", name)).toContain(`A rewind to ${points[0]} was broken off`);
    await expect(assertNotRewinding(store, name)).rejects.toThrow(
      `'npx swordlake rewind ${name} --to ${points[0]}' finishes it`,
    );
    const done = await rewind(points[0]!);
    expect(done.readAgain[`${name}.items`]).toBeGreaterThanOrEqual(3 * sentEach);
    await catchesUpTo(clean);
  });

  it("takes an upgrade back with its rows: rollback; but nothing back that was forgotten", async () => {
    const folder = join(env.SWORDLAKE_PIPELINES!, name, "jobs/landing.sql");
    writeFileSync(folder, landing("1000"));
    await run("apply", name);
    await send();
    await run("rollback", name);
    writeFileSync(folder, landing("1"));
    expect(JSON.parse(await run("plan", name, "--json")).actions).toEqual([]);
    await account();
    expect((await content()).all_items).toHaveLength((rounds - 1) * skus.length);
    await store.addHistory("forget-begun", name, {});
    expect((await ran("rewind", name, "--to", String(points[2]), "--drop-batches")).stderr).toMatch(
      /'forget' has removed rows since .* never done/,
    );
  });
});
