// A wrong filter has landed events; its SQL is mended and the tables are filled anew from the lake's log while events
// keep coming: the live tables become what a clean run would have made, and no reader sees anything between.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import type { Replayed } from "../../orchestrator/replay/run.ts";
import { swordlakeWith } from "../support/cli.ts";
import { catalogue, recordOf, writeFolder } from "../support/folder.ts";
import { meanwhile } from "../support/meanwhile.ts";
import { writeRaw } from "../support/raw-kafka.ts";
import { isolated, services } from "../support/services.ts";

const slowMs = 10 * 60_000;
const name = isolated("replay");
const landing = "jobs/landing.sql";
const wrong = catalogue[landing]!.replaceAll("= 'item'", "= 'item' AND price < 5");
const before = 300;
let env: Record<string, string>;
let root: string;

const ran = async (...args: string[]): Promise<string> => {
  const done = await swordlakeWith(env, ...args);
  if (done.exitCode !== 0) throw new Error(done.stderr);
  return done.stdout;
};
const sql = async (query: string): Promise<unknown[][]> => JSON.parse(await ran("sql", query, "--json")).rows;
const ledger = async (): Promise<Ledger> =>
  JSON.parse((await swordlakeWith(env, "ledger", name, "--json", "--wait", "300")).stdout);

const skuOf = (n: number) => `sku-${n % 40}`;
let sent = 0;
/** Sends the next items: of every ten one costs 0, one 1 … one 9. */
async function send(count: number): Promise<void> {
  const { kafka } = await services();
  const numbers = Array.from({ length: count }, (_, index) => sent + index);
  const records = numbers.map((n) =>
    recordOf("item", `${name}-${n}`, { sku: skuOf(n), title: `t${n}`, price: `${n % 10}` }),
  );
  // One event comes twice, one is pretty-printed, and one is no JSON.
  const odd = [records[0]!, JSON.stringify(JSON.parse(records[1]!), null, 2), "{broken"];
  const keys = numbers.map(skuOf);
  await writeRaw(
    kafka,
    `${name}.items`,
    [...records.filter((_, n) => n !== 1), ...odd],
    [...keys.filter((_, n) => n !== 1), keys[0]!, keys[1]!, "raw"],
  );
  sent += count;
}

beforeAll(async () => {
  root = writeFolder(name, { ...catalogue, [landing]: wrong });
  env = { SWORDLAKE_PIPELINES: root };
  await ran("apply", name);
  await send(before);
}, slowMs);

afterAll(() => swordlakeWith(env, "stop", name), slowMs);

it(
  "makes the live tables what the mended SQL makes of the log, in one step for readers",
  async () => {
    const wrongly = await ledger();
    expect(wrongly).toMatchObject({ closed: true, landed: before / 2, filtered: before / 2, quarantined: 1 });
    expect(Object.keys(wrongly.filteredBy)).toEqual([
      "table all_items takes only rows with event_type = 'item' AND price < 5",
    ]);
    const firstRows = `SELECT count(*) FROM lake.${name}.all_items WHERE CAST(split_part(event_id, '-', 2) AS INTEGER) < ${before}`;
    expect(await sql(firstRows)).toEqual([[String(before / 2)]]);

    writeFileSync(join(root, name, landing), catalogue[landing]!);
    const early = await swordlakeWith(env, "replay", name);
    expect(early.stderr).toContain(`Job ${name}/landing runs other SQL than its file`);
    await ran("apply", name);
    const counts = await swordlakeWith(env, "replay", name, "--table", "counts", "--table", "nothing");
    expect(counts.stderr).toMatch(/Table counts holds no events[\s\S]*no table 'nothing'/);

    const compared: Replayed = JSON.parse(await ran("replay", name, "--dry-run", "--json"));
    expect(compared.swapped).toBe(false);
    expect(compared.tables[0]).toMatchObject({ table: "all_items", inserted: before / 2, deleted: 0 });
    expect(await sql(firstRows)).toEqual([[String(before / 2)]]);

    const seen = new Set<string>();
    const look = async () => seen.add(String((await sql(firstRows))[0]![0]));
    const [stopSending, stopReading] = [meanwhile(() => send(20)), meanwhile(look)];
    const replayed: Replayed = JSON.parse(
      await ran("replay", name, "--json").finally(() => Promise.all([stopSending(), stopReading()])),
    );
    expect(replayed.tables.map(({ table }) => table)).toEqual(["all_items", "latest"]);
    expect(replayed.tables[0]).toMatchObject({ inserted: before / 2, deleted: 0 });
    await look();
    expect([...seen].sort()).toEqual([String(before / 2), String(before)]);

    expect(await ledger()).toMatchObject({ closed: true, problems: [], landed: sent, filtered: 0 });
    const [[rows, ids]] = (await sql(
      `SELECT count(*), count(DISTINCT event_id) FROM lake.${name}.all_items`,
    )) as [[string, string]];
    expect([rows, ids]).toEqual([String(sent), String(sent)]);
    const latest = await sql(
      `SELECT count(*), count_if(l.event_id = a.event_id) FROM lake.${name}.latest AS l FULL JOIN
         (SELECT sku, max_by(event_id, kafka_offset) AS event_id FROM lake.${name}.all_items GROUP BY 1) AS a
         ON a.sku = l.sku`,
    );
    expect(latest).toEqual([["40", "40"]]);

    const again: Replayed = JSON.parse(await ran("replay", name, "--json"));
    expect(again.tables.map((t) => [t.inserted, t.updated, t.deleted])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  },
  slowMs,
);
