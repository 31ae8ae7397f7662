// A batch of one day through the folder's own SQL, on the real engines: each row once, however often it runs, beside
// the stream and after a run that died.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { decimal, definePipeline, event, topic } from "../../flink-sql/pipeline.ts";
import type { Backfilled } from "../../orchestrator/backfill/run.ts";
import { runDue } from "../../orchestrator/backfill/schedule.ts";
import { connectEngines } from "../../orchestrator/engines/engines.ts";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import { stagingSchema } from "../../orchestrator/staging/tables.ts";
import { readStackConfig } from "../../stack/config.ts";
import { swordlakeWith } from "../support/cli.ts";
import { catalogue, recordOf, writeFolder } from "../support/folder.ts";
import { writeRaw } from "../support/raw-kafka.ts";
import { isolated, services } from "../support/services.ts";

const slowMs = 10 * 60_000;
const name = isolated("batch");
const day = "2026-03-01";
let env: Record<string, string>;
let file: string;

const rows = [
  "sku,NAME,price,event_time",
  `sku-1,"first, of two",1.50,${day}T10:00:00Z`,
  `sku-1,last,2.50,${day}T09:00:00Z`,
  `sku-2,two,3.50,${day}T10:00:00Z`,
  `sku-2,two,3.50,${day}T10:00:00Z`,
  "sku-3,another day,4.50,2026-03-02T00:00:00Z",
  `sku-4,refused,4.505,${day}T10:00:00Z`,
  `sku-5,one,column,too many,${day}T10:00:00Z`,
];

const backfill = () =>
  swordlakeWith(env, "backfill", name, "--date", day, "--csv", file, "--type", "item", "--json");
const done = async (): Promise<Backfilled> => {
  const ran = await backfill();
  if (ran.exitCode !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout);
};
const ledger = async (): Promise<Ledger> =>
  JSON.parse((await swordlakeWith(env, "ledger", name, "--json", "--wait", "300")).stdout);
const sql = async (query: string): Promise<unknown[][]> => {
  const ran = await swordlakeWith(env, "sql", query, "--json");
  if (ran.exitCode !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout).rows;
};
const everything = () =>
  sql(
    `SELECT sku, CAST(price AS VARCHAR), CAST(event_day AS VARCHAR), kafka_offset IS NULL FROM lake.${name}.all_items ORDER BY 1, 2`,
  );

beforeAll(async () => {
  env = { SWORDLAKE_PIPELINES: writeFolder(name, catalogue) };
  file = join(mkdtempSync(join(tmpdir(), "swordlake-batch-")), "items.csv");
  writeFileSync(file, `\ufeff${rows.join("\r\n")}\r\n`);
  const applied = await swordlakeWith(env, "apply", name);
  if (applied.exitCode !== 0) throw new Error(applied.stderr);
}, slowMs);

afterAll(() => swordlakeWith(env, "stop", name), slowMs);

describe("backfill", () => {
  it(
    "lands the day's rows once; two at a time are kept apart, and what a dead run left is cleared",
    async () => {
      await sql(`CREATE SCHEMA lake.${stagingSchema(name, "backfill")}`);
      await sql(`CREATE TABLE lake.${stagingSchema(name, "backfill")}.latest AS SELECT 'left' AS event_id`);
      const both = await Promise.all([backfill(), backfill()]);
      const [won, lost] = both.sort((a, b) => a.exitCode - b.exitCode);
      expect(won!.exitCode, won!.stderr).toBe(0);
      expect(lost!.stderr).toContain(`Another backfill of ${name} is running`);
      expect(JSON.parse(won!.stdout)).toEqual({
        pipeline: name,
        date: day,
        read: 7,
        otherDays: 1,
        quarantined: 2,
        landed: 3,
        alreadyThere: 1,
        filtered: 0,
        untouched: ["counts"],
      });
      expect(await everything()).toEqual([
        ["sku-1", "1.50", day, true],
        ["sku-1", "2.50", day, true],
        ["sku-2", "3.50", day, true],
      ]);
      expect(await sql(`SELECT sku, title FROM lake.${name}.latest ORDER BY 1`)).toEqual([
        ["sku-1", "last"],
        ["sku-2", "two"],
      ]);
      expect(
        await sql(
          `SELECT stage, reason, field_path, source_file, source_line FROM lake.${name}.quarantine ORDER BY source_line`,
        ),
      ).toEqual([
        ["backfill", "invalid_event", "price", "items.csv", "7"],
        ["backfill", "column_count", null, "items.csv", "8"],
      ]);
      expect(await ledger()).toMatchObject({ closed: true, accepted: 0 });
    },
    slowMs,
  );

  it(
    "adds nothing a second time, and takes back what the stream brought too",
    async () => {
      const fields = { price: "3.50", sku: "sku-2", title: "two" };
      const event_time = `${day}T10:00:00.000Z`;
      const [[id]] = (await sql(`SELECT event_id FROM lake.${name}.all_items WHERE sku = 'sku-2'`)) as [
        [string],
      ];
      const { kafka } = await services();
      await writeRaw(kafka, `${name}.items`, [recordOf("item", id, { ...fields, event_time })], ["sku-2"]);
      const doubled = await ledger();
      expect(doubled).toMatchObject({ closed: false, problems: [{ kind: "doubled", topic: "items" }] });
      expect(doubled.problems[0]!.detail).toContain(id);
      expect(await done()).toMatchObject({ read: 7, landed: 0, alreadyThere: 4, quarantined: 2 });
      expect(await everything()).toEqual([
        ["sku-1", "1.50", day, true],
        ["sku-1", "2.50", day, true],
        ["sku-2", "3.50", day, false],
      ]);
      expect(await sql(`SELECT count(*) FROM lake.${name}.quarantine`)).toEqual([["2"]]);
      expect(await ledger()).toMatchObject({ closed: true, accepted: 1, landed: 1 });
    },
    slowMs,
  );

  it(
    "runs by its schedule: a day without files stays due, and once it ran it is done",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "swordlake-scheduled-"));
      const engines = await connectEngines(readStackConfig());
      try {
        const batch = { schedule: "0 3 * * *", csv: join(folder, "{date}.csv"), event: "item" };
        // As the folder declares it: a test can't import TypeScript from beyond the checkout.
        const files = (kind: string) =>
          Object.entries(catalogue)
            .filter(([path]) => path.startsWith(`${kind}/`))
            .map(([path, text]) => ({ name: basename(path, ".sql"), path: join(folder, path), text }));
        const item = event(
          "An item as it is now",
          { sku: z.string().min(1), title: z.string(), price: decimal(12, 2) },
          { csv: { columns: { title: "Name" } } },
        );
        const gone = event("An item is gone", { sku: z.string().min(1) });
        const scheduled = {
          ...definePipeline({
            title: "Catalogue",
            batch,
            topics: { items: topic({ key: "sku", events: { item, gone } }) },
          }),
          ...{ name, path: folder, tables: files("tables"), jobs: files("jobs"), reports: [] },
        };
        const look = (moment: string) =>
          runDue(
            engines,
            scheduled,
            new Date("2026-03-05T00:00:00Z"),
            new Date(moment),
            pino({ level: "silent" }),
          );
        const landed = async () =>
          sql(`SELECT sku FROM lake.${name}.all_items WHERE event_day = DATE '2026-03-04' ORDER BY 1`);
        await look("2026-03-05T02:59:00Z");
        await look("2026-03-05T03:00:00Z");
        expect(await landed()).toEqual([]);
        writeFileSync(
          join(folder, "2026-03-04.csv"),
          "sku,NAME,price,event_time\nsku-9,nine,9.50,2026-03-04T10:00:00Z\n",
        );
        await look("2026-03-05T03:01:00Z");
        expect(await landed()).toEqual([["sku-9"]]);
        await look("2026-03-05T03:02:00Z");
        const ran = (await engines.store.transaction((client) =>
          client.query(
            "SELECT count(*) AS runs FROM history WHERE action = 'backfill' AND subject = $1 AND detail->>'date' = '2026-03-04'",
            [name],
          ),
        )) as { rows: { runs: string }[] };
        expect(ran.rows[0]!.runs).toBe("1");
      } finally {
        await Promise.all([engines.kafka.close(), engines.store.close()]);
      }
    },
    slowMs,
  );
});
