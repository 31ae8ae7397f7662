// plan and apply on the real engines: a plan's hash binds apply, drift made by hand is reported and repaired, and five
// mistakes of one folder stand in one list while nothing is touched.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PlanDocument } from "../../orchestrator/commands/deploy.ts";
import type { TimelinePage } from "../../orchestrator/console/api.ts";
import { connectEngines, type Engines } from "../../orchestrator/engines/engines.ts";
import { setTopicSetting } from "../../orchestrator/engines/kafka-settings.ts";
import { commit } from "../../orchestrator/maintain/tables.ts";
import { readStackConfig } from "../../stack/config.ts";
import { waitFor } from "../../stack/wait.ts";
import { succeed, swordlakeWith } from "../support/cli.ts";
import { catalogue, recordOf, writeFolder } from "../support/folder.ts";
import { writeRaw } from "../support/raw-kafka.ts";
import { isolated, services } from "../support/services.ts";

const slowMs = 5 * 60_000;
const name = isolated("planned");
const report = `-- Items
-- question: How many items are there?
SELECT count(*) AS items, sum(price) AS worth FROM lake.${name}.all_items
`;
let root: string;
let engines: Engines;

const run = (...args: string[]) => swordlakeWith({ SWORDLAKE_PIPELINES: root }, ...args);
const well = (...args: string[]) => succeed({ SWORDLAKE_PIPELINES: root }, ...args);
const planned = async (): Promise<PlanDocument> => JSON.parse(await well("plan", name, "--json"));
const write = (file: string, text: string) => writeFileSync(join(root, name, file), text);
const sql = (query: string) => engines.lake.query(query);

/** What an apply could have touched. */
async function world() {
  const { rows } = await engines.store.transaction((client) =>
    client.query("SELECT count(*) AS n FROM history WHERE subject LIKE $1 OR subject = $2", [
      `${name}%`,
      name,
    ]),
  );
  const [topics, jobs, tables] = await Promise.all([
    engines.kafka.topics(),
    engines.flink.liveJobs(),
    sql(
      `SELECT table_name, column_name FROM lake.information_schema.columns WHERE table_schema = '${name}' ORDER BY 1, 2`,
    ),
  ]);
  return {
    history: rows[0].n,
    topics: topics.filter((topic) => topic.startsWith(`${name}.`)).sort(),
    jobs: jobs
      .filter((job) => job.name.startsWith(`${name}/`))
      .map(({ id }) => id)
      .sort(),
    tables: tables.rows,
  };
}

const landedAre = (items: number) =>
  waitFor(
    `${items} items have landed`,
    async () => {
      const { rows } = await sql(`SELECT count(*) FROM lake.${name}.all_items`);
      return Number(rows[0]![0]) === items;
    },
    { intervalMs: 300, timeoutMs: 120_000 },
  );

async function send(round: number): Promise<void> {
  const { kafka } = await services();
  const records = [1, 2, 3].map((item) =>
    recordOf("item", `${round}-${item}`, { sku: `sku-${item}`, title: "a title", price: "1.50" }),
  );
  await writeRaw(kafka, `${name}.items`, records);
}

beforeAll(async () => {
  engines = await connectEngines(readStackConfig());
  root = writeFolder(name, { ...catalogue, "reports/worth.sql": report });
  await well("apply", name, "--why", "the first version");
  await send(1);
  await landedAre(3);
}, slowMs);

afterAll(async () => {
  await run("stop", name);
  await Promise.allSettled([engines?.kafka.close(), engines?.store.close()]);
}, slowMs);

describe("a plan", { timeout: slowMs }, () => {
  const landing = catalogue["jobs/landing.sql"]!;

  it("is done by its hash, and refused where it is another by then", async () => {
    write("jobs/landing.sql", landing.replace("sku, title, price", "sku, UPPER(title), price"));
    const { hash, actions, expected } = await planned();
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(actions).toEqual([expect.stringMatching(/^~ job .*\/landing: its SQL changed/)]);
    expect(expected).toEqual([
      [
        "reaches tables all_items, latest; reports worth",
        expect.stringMatching(/down.*\(state \d+ \w+, \d+ records waiting, \d+ records\/s in, /),
      ],
    ]);
    const before = await world();
    write("jobs/landing.sql", landing.replace("sku, title, price", "sku, LOWER(title), price"));
    const refused = await run("apply", name, "--plan", hash!);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/The plan is another one by now .*Nothing was touched\./);
    expect(refused.stderr).toMatch(/ {2}planned with other SQL: ~ job .*\/landing/);
    expect(await world()).toEqual(before);
    await well("apply", name, "--plan", (await planned()).hash!, "--why", "titles in small letters");
    expect(await planned()).toMatchObject({ actions: [], notes: [] });
    const { entries }: TimelinePage = JSON.parse(await well("history", name, "--since", "10m", "--json"));
    const applied = entries.filter(({ action }) => action === "apply");
    expect(applied.map(({ detail }) => detail.why)).toEqual(["titles in small letters", "the first version"]);
    expect(await well("history", name, "--limit", "50")).toMatch(/apply .* titles in small letters/);
    expect((await run("apply", name, "--plan", "none")).stderr).toMatch(
      /--plan none: give the 16 characters/,
    );
  });

  it("reports what was changed by hand, and apply repairs it", async () => {
    const { kafka } = await services();
    await setTopicSetting(kafka, `${name}.items`, "retention.ms", "3600000");
    await commit(engines.lake, `DROP TABLE lake.${name}.counts`);
    await commit(engines.lake, `ALTER TABLE lake.${name}.all_items DROP COLUMN price`);
    const { actions } = await planned();
    expect(actions).toEqual([
      expect.stringMatching(
        /^~ table lake\..*\.all_items: \+ price .*; dropped by hand: price\. It comes back empty/,
      ),
      expect.stringMatching(/^~ topic .*\.items: retention is 3600000 ms, \d+ days is declared$/),
      expect.stringMatching(/^\+ tables in lake\..*: counts; dropped by hand: counts\. Their rows are gone/),
    ]);
    await well("apply", name, "--why", "hands off");
    await send(2);
    await landedAre(6);
    expect(await planned()).toMatchObject({ actions: [], notes: [] });
    const shapes = await engines.kafka.shapes([`${name}.items`]);
    expect(shapes.get(`${name}.items`)?.retentionMs).toBeGreaterThan(3_600_000);
  });

  it("lists five mistakes of one folder, each with file and line, and touches nothing", async () => {
    const before = await world();
    const contract = readFileSync(join(root, name, "pipeline.ts"), "utf8");
    write(
      "pipeline.ts",
      contract
        .replace("title: z.string(),", "title: z.string(), extra: z.map(z.string(), z.string()),")
        .replace(/^\s*gone: event.*$/m, ""),
    );
    write(
      "jobs/counting.sql",
      "-- Counts.\nINSERT INTO counts\nSELECT sku, COUNT(*) FRM items GROUP BY sku;\n",
    );
    write("jobs/landing.sql", landing.replace("sku, title, price", "sku, title,\n  prize"));
    write("reports/worth.sql", report.replace("sum(price)", "sum(worth)"));
    for (const command of ["plan", "apply"]) {
      const { exitCode, stderr } = await run(command, name);
      expect(exitCode).toBe(1);
      const lines = stderr
        .trim()
        .split("\n")
        .map((line) => line.replace("swordlake: ", ""));
      expect(lines).toEqual([
        expect.stringMatching(
          /pipeline\.ts:\d+: Field 'item\.extra' is a zod 'map', which has no column type/,
        ),
        expect.stringMatching(/pipeline\.ts(:\d+)?: Event 'gone' is gone/),
        expect.stringMatching(/jobs\/counting\.sql:3: .*Encountered "items"/),
        expect.stringMatching(/jobs\/landing\.sql:\d+: .*'prize'/),
        expect.stringMatching(/reports\/worth\.sql:\d+: .*'worth' cannot be resolved/),
      ]);
    }
    expect(JSON.parse((await run("plan", name, "--json")).stdout)).toMatchObject({
      hash: null,
      actions: [],
      problems: { length: 5 },
    });
    expect(await world()).toEqual(before);
  });
});
