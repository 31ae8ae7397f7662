// Changes of running jobs by plan and apply, on the real engines and with Iceberg: state that is kept, changes that are
// refused with the job untouched, and a version that fails and gives way to the old one.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFlink } from "../../orchestrator/engines/flink.ts";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import { waitFor } from "../../stack/wait.ts";
import { succeed, swordlakeWith } from "../support/cli.ts";
import { catalogue, recordOf, writeFolder } from "../support/folder.ts";
import { writeRaw } from "../support/raw-kafka.ts";
import { isolated, services } from "../support/services.ts";

const slowMs = 10 * 60_000;
const name = isolated("changes");
const keys = 12;
let root: string;
let env: Record<string, string>;

const run = (...args: string[]) => swordlakeWith(env, ...args);
const well = (...args: string[]) => succeed(env, ...args);
const sql = async (query: string): Promise<unknown[][]> =>
  JSON.parse(await well("sql", query, "--json")).rows;
const write = (file: string, text: string) => writeFileSync(join(root, name, file), text);
const counting = catalogue["jobs/counting.sql"]!;
const landing = catalogue["jobs/landing.sql"]!;

/** One round of all keys, each twice: the copy must never count. */
async function send(round: number, title = "a title"): Promise<void> {
  const { kafka } = await services();
  const skus = Array.from({ length: keys }, (_, key) => `sku-${key}`);
  const records = skus.map((sku) => recordOf("item", `${round}-${sku}`, { sku, title, price: "1.50" }));
  await writeRaw(kafka, `${name}.items`, [...records, ...records], [...skus, ...skus]);
}

const countsAre = (rounds: number) =>
  waitFor(
    `every item was counted ${rounds} times`,
    async () => {
      const [row] = await sql(`SELECT count(*), min(items), max(items) FROM lake.${name}.counts`);
      return JSON.stringify(row) === JSON.stringify([`${keys}`, `${rounds}`, `${rounds}`]);
    },
    { intervalMs: 500, timeoutMs: 120_000 },
  );

const runningId = async (job: string) => {
  const { flink } = await services();
  const found = (await createFlink(flink).liveJobs()).filter((live) => live.name === `${name}/${job}`);
  expect(found).toHaveLength(1);
  return found[0]!.id;
};

beforeAll(async () => {
  root = writeFolder(name, catalogue);
  env = { SWORDLAKE_PIPELINES: root };
  await well("apply", name);
  await send(1);
  await countsAre(1);
}, slowMs);

afterAll(() => well("stop", name), slowMs);

describe("a changed job", () => {
  it(
    "is refused where its state would mean something else, and goes on untouched",
    async () => {
      const before = await runningId("counting");
      for (const [from, to] of [
        ["COUNT(*)", "SUM(kafka_offset)"],
        [
          "SELECT sku, COUNT(*) FROM items WHERE event_type = 'item' GROUP BY sku",
          "SELECT title, COUNT(*) FROM items WHERE event_type = 'item' GROUP BY title",
        ],
      ] as const) {
        write("jobs/counting.sql", counting.replace(from, to));
        for (const command of ["plan", "apply"]) {
          const { exitCode, stderr } = await run(command, name);
          expect(exitCode).toBe(1);
          expect(stderr).toMatch(/! rebuilt GroupAggregate/);
          expect(stderr).toMatch(/new names/);
        }
      }
      write("jobs/counting.sql", counting);
      expect(await well("plan", name)).toMatch(/Nothing to do/);
      expect(await runningId("counting")).toBe(before);
    },
    slowMs,
  );

  it(
    "keeps its state where a table is added and an expression changes, and the ledger closes",
    async () => {
      write(
        "tables/doubled.sql",
        catalogue["tables/counts.sql"]!.replace("TABLE IF NOT EXISTS counts", "TABLE IF NOT EXISTS doubled"),
      );
      write(
        "jobs/counting.sql",
        `-- Counts of items, and twice as many: one count for both.
CREATE TEMPORARY VIEW counted AS SELECT sku, COUNT(*) AS items FROM items WHERE event_type = 'item' GROUP BY sku;
EXECUTE STATEMENT SET BEGIN
INSERT INTO counts SELECT sku, items FROM counted;
INSERT INTO doubled SELECT sku, items * 2 FROM counted;
END;
`,
      );
      write("jobs/landing.sql", landing.replace("sku, title, price", "sku, UPPER(title), price"));
      const planned = await well("plan", name);
      expect(planned).toMatch(/counting: .*with all its state/);
      expect(planned).toMatch(/= kept {4}GroupAggregate/);
      expect(planned).toMatch(/\+ new {5}sink doubled/);
      await well("apply", name);
      expect(await well("plan", name)).toMatch(/Nothing to do/);
      await send(1);
      await send(2);
      await countsAre(2);
      expect(await sql(`SELECT min(items), max(items), count(*) FROM lake.${name}.doubled`)).toEqual([
        ["4", "4", `${keys}`],
      ]);
      expect(await sql(`SELECT DISTINCT title FROM lake.${name}.latest`)).toEqual([["A TITLE"]]);
      const ledger: Ledger = JSON.parse(await well("ledger", name, "--json"));
      expect(ledger).toMatchObject({ closed: true, problems: [] });
    },
    slowMs,
  );

  it(
    "gives way to the old version where the new one fails, with nothing lost or doubled",
    async () => {
      const good = landing.replace("sku, title, price", "sku, UPPER(title), price");
      write("jobs/landing.sql", good.replace("UPPER(title)", "CAST(CAST(title AS INT) AS STRING)"));
      await well("stop", name);
      await send(3, "no number");
      const { exitCode, stderr } = await run("apply", name);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/landing did not get going, so the old one runs again/);
      write("jobs/landing.sql", good);
      await well("apply", name);
      await countsAre(3);
      const ledger: Ledger = JSON.parse(await well("ledger", name, "--json"));
      expect(ledger).toMatchObject({ closed: true, problems: [], landed: keys * 3 });
      expect(await sql(`SELECT DISTINCT title FROM lake.${name}.latest`)).toEqual([["NO NUMBER"]]);
    },
    slowMs,
  );
});
