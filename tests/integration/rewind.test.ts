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
import { listPoints } from "../../orchestrator/rewind/points.ts";
import type { Rewound } from "../../orchestrator/rewind/rewind.ts";
import { repository } from "../../stack/config.ts";
import { waitFor } from "../../stack/wait.ts";
import { swordlakeWith } from "../support/cli.ts";
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
const run = async (...args: string[]) => {
  const done = await ran(...args);
  if (done.exitCode !== 0) throw new Error(`swordlake ${args.join(" ")}:\n${done.stderr}\n${done.stdout}`);
  return done.stdout;
};
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

/** Once all has landed: the account closes, and counts that nobody accounts for are there too. */
async function caughtUp(): Promise<Record<string, string[]>> {
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
  return content();
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

  it("to the second point, the third and the first lands what a clean run landed", async () => {
    for (const _ of [1, 2, 3]) {
      await send();
      points.push(await take());
    }
    await send();
    clean = await caughtUp();
    expect(clean.all_items).toHaveLength((rounds - 1) * skus.length);
    expect(clean.latest).toHaveLength(skus.length);
    expect(clean.quarantine).toHaveLength(rounds);

    const second = await rewind(points[1]!);
    // Until the point was taken its round may not have been read: it is read again then, or not.
    expect(second.readAgain[`${name}.items`]).toBeGreaterThanOrEqual(2 * sentEach);
    expect(await caughtUp()).toEqual(clean);

    const { tables: kept }: { tables: Maintained[] } = JSON.parse(await run("maintain", name, "--json"));
    expect(kept.find(({ table }) => table === "log")?.heldBy).toMatch(/^restore point \d+ \(taken\)$/);

    expect((await rewind(points[2]!)).before).toBeGreaterThan(points[2]!);
    expect(await caughtUp()).toEqual(clean);
  });

  it("that is killed is finished by the same command, and no job starts before", async () => {
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
    const finished = await rewind(points[0]!);
    expect(finished.readAgain[`${name}.items`]).toBeGreaterThanOrEqual(3 * sentEach);
    expect(await caughtUp()).toEqual(clean);
  });

  it("takes an upgrade back with its rows: rollback", async () => {
    writeFileSync(join(env.SWORDLAKE_PIPELINES!, name, "jobs/landing.sql"), landing("1000"));
    await run("apply", name);
    await send();
    await run("ledger", name);
    await run("rollback", name);
    writeFileSync(join(env.SWORDLAKE_PIPELINES!, name, "jobs/landing.sql"), landing("1"));
    expect(JSON.parse(await run("plan", name, "--json")).actions).toEqual([]);
    clean = await caughtUp();
    expect(clean.all_items).toHaveLength((rounds - 1) * skus.length);
  });

  it("is refused with every reason at once, and touches nothing", async () => {
    const [point] = (await listPoints(store, name)).filter(({ kind }) => kind === "taken");
    const { savepoint } = point!.jobs[0]!;
    const folder = fileURLToPath(savepoint);
    await lake.query(`INSERT INTO lake.${name}.counts VALUES ('by hand', 1)`);
    await lake.query(`ALTER TABLE lake.${name}.latest ADD COLUMN remark varchar`);
    renameSync(folder, `${folder}-away`);
    const refused = await ran("rewind", name, "--to", String(point!.id));
    renameSync(`${folder}-away`, folder);
    await lake.query(`ALTER TABLE lake.${name}.latest DROP COLUMN remark`);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr.split("\n").slice(1).filter(Boolean)).toEqual([
      expect.stringMatching(/^- Job .*: its savepoint .* is gone\.$/),
      expect.stringMatching(/^- Table .*latest has other columns than then: 'remark varchar' is new/),
      expect.stringMatching(
        /^- What statements of Trino wrote since .* commits to .*counts .*--drop-batches/,
      ),
    ]);
    expect((await ran("rewind", name, "--to", "999999")).stderr).toMatch(
      /no restore point 999999\. It has: \d/,
    );

    const done = await rewind(point!.id, "--drop-batches");
    expect(done.dropped).toEqual([expect.stringMatching(/^1 commits to .*counts/)]);
    expect(await caughtUp()).toEqual(clean);
    await store.addHistory("forget-begun", name, {});
    expect((await ran("rewind", name, "--to", String(point!.id), "--drop-batches")).stderr).toMatch(
      /'forget' has removed rows since .* never done/,
    );
  });
});
