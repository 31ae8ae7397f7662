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
});
