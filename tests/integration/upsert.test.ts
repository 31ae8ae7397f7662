// Tables that keep the latest row of a key, on the real engines: one row per key, the last that was sent, whatever
// comes between; and a ledger that closes on it, and opens where the latest row is gone.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import { succeed, swordlakeWith } from "../support/cli.ts";
import { catalogue, recordOf, writeFolder } from "../support/folder.ts";
import { writeRaw } from "../support/raw-kafka.ts";
import { isolated, services } from "../support/services.ts";

const slowMs = 10 * 60_000;
const name = isolated("latest");
const keys = 24;
const rounds = 6;
let env: Record<string, string>;

const run = (...args: string[]) => succeed(env, ...args);
const ledger = async (): Promise<Ledger> =>
  JSON.parse((await swordlakeWith(env, "ledger", name, "--json", "--wait", "300")).stdout);
const sql = async (query: string): Promise<unknown[][]> => JSON.parse(await run("sql", query, "--json")).rows;

/** Every key once per round, then the whole round a second time, as a client that had no answer sends it. */
async function send(from: number): Promise<void> {
  const { kafka } = await services();
  for (let round = from; round < from + rounds; round += 1)
    for (const type of ["item", "item", "gone"]) {
      const skus = Array.from({ length: keys }, (_, key) => `sku-${key}`);
      const fields = (sku: string) => ({ sku, title: `round ${round}`, price: `${round}.50` });
      const records = skus.map((sku) =>
        recordOf(type, `${type}-${round}-${sku}`, type === "item" ? fields(sku) : { sku }),
      );
      await writeRaw(kafka, `${name}.items`, records, skus);
    }
}

beforeAll(async () => {
  env = { SWORDLAKE_PIPELINES: writeFolder(name, catalogue) };
  await run("apply", name);
}, slowMs);

afterAll(() => run("stop", name), slowMs);

describe("the latest row of a key", () => {
  it(
    "is the last that was sent, also over a restart, and the ledger closes",
    async () => {
      await send(0);
      await run("stop", name);
      await send(rounds);
      await run("apply", name);
      const items = keys * rounds * 2;
      expect(await ledger()).toMatchObject({
        closed: true,
        accepted: 3 * items,
        landed: items,
        superseded: items - keys,
        duplicates: items,
        filtered: items,
        problems: [],
      });
      const last = `${2 * rounds - 1}.50`;
      expect(
        await sql(
          `SELECT count(*), count(DISTINCT sku), min(price), max(price), min(title) FROM lake.${name}.latest`,
        ),
      ).toEqual([[`${keys}`, `${keys}`, last, last, `round ${2 * rounds - 1}`]]);
      expect(await sql(`SELECT count(*), sum(items) FROM lake.${name}.counts`)).toEqual([
        [`${keys}`, `${items}`],
      ]);
      expect(
        await sql(`SELECT count(DISTINCT partition.event_day) FROM lake.${name}."all_items$partitions"`),
      ).toEqual([[expect.stringMatching(/^[12]$/)]]);
    },
    slowMs,
  );

  it(
    "is a duplicate where its id came before, in a later partition, with an event that no table takes",
    async () => {
      const { kafka } = await services();
      const before = await ledger();
      const skus = Array.from({ length: keys }, (_, key) => `sku-${key}`);
      const gone = skus.map((sku) => recordOf("gone", `reused-${sku}`, { sku }));
      const partitions = (await writeRaw(kafka, `${name}.items`, gone, skus)).map(
        ({ partition }) => partition,
      );
      const first = skus[partitions.indexOf(Math.min(...partitions))]!;
      const last = skus[partitions.indexOf(Math.max(...partitions))]!;
      expect(await ledger()).toMatchObject({ closed: true, filtered: before.filtered + keys });
      const fields = { sku: first, title: "reused", price: "1.00" };
      await writeRaw(kafka, `${name}.items`, [recordOf("item", `reused-${last}`, fields)], [first]);
      expect(await ledger()).toMatchObject({
        closed: true,
        landed: before.landed,
        filtered: before.filtered + keys,
        duplicates: before.duplicates + 1,
        problems: [],
      });
    },
    slowMs,
  );

  it(
    "is missed where it is deleted by hand, and an old one doesn't stand for it",
    async () => {
      await sql(`DELETE FROM lake.${name}.latest WHERE sku = 'sku-7'`);
      const { closed, problems } = await ledger();
      expect(closed).toBe(false);
      expect(problems).not.toEqual([]);
      expect(problems.every(({ kind, detail }) => kind === "lost" && detail.includes("-sku-7,"))).toBe(true);
    },
    slowMs,
  );

  it(
    "is told where it stands twice: as a row of the log, and as an older row of its key",
    async () => {
      const place = "kafka_partition, kafka_offset";
      const [logged, older] = await Promise.all(
        [1, 2].map(async (key) => {
          const ids = `event_id = 'item-2-sku-${key}'`;
          return (await sql(`SELECT ${place} FROM lake.${name}.all_items WHERE ${ids}`))[0]!;
        }),
      );
      const at = ([partition, offset]: unknown[]) =>
        `kafka_partition = ${partition} AND kafka_offset = ${offset}`;
      await sql(`INSERT INTO lake.${name}.log SELECT * FROM lake.${name}.log WHERE ${at(logged!)}`);
      await sql(
        `INSERT INTO lake.${name}.latest (event_id, event_time, sku, title, price, ${place}) ` +
          `SELECT event_id, event_time, sku, 'round 2', price, ${place} FROM lake.${name}.all_items WHERE ${at(older!)}`,
      );
      const { closed, problems } = await ledger();
      expect(closed).toBe(false);
      // Beside the row that was deleted before.
      const added = problems.filter(({ kind }) => kind !== "lost");
      const told = added.map(({ kind, partition, offset }) => `${kind} at ${partition} ${offset}`);
      const expected = [`doubled at ${older!.join(" ")}`, `doubled in the log at ${logged!.join(" ")}`];
      expect(told.sort()).toEqual(expected.sort());
    },
    slowMs,
  );
});
