// The pipeline of apps on a file with damage: every report against the generator's answers, twice the same
// file, a batch of a day that is there, and a dimension's row that is lost.
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Answers } from "../../flink-sql/generator.ts";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import { apply, swordlake, swordlakeJson, swordlakeWith } from "../support/cli.ts";

const out = mkdtempSync(join(tmpdir(), "swordlake-apps-"));
const file = join(out, "users_app_data.csv");
const answersFile = join(out, "answers.json");
const sql = async (query: string) => (await swordlakeJson<{ rows: unknown[][] }>("sql", query)).rows;
const counts = () =>
  sql(
    `SELECT (SELECT count(*) FROM lake.apps.usage_minutes), (SELECT count(*) FROM lake.apps.users),
       (SELECT count(*) FROM lake.apps.apps), (SELECT count(*) FROM lake.apps.download_dates)`,
  );

/** Runs a command that must succeed; what it printed. */
async function ran(...args: string[]): Promise<string> {
  const done = await swordlake(...args);
  expect(done.exitCode, `${done.stdout}\n${done.stderr}`).toBe(0);
  return done.stdout;
}

const day = "2020-11-03";
let answers: Answers;

beforeAll(async () => {
  await apply("apps");
  await ran("generate", "apps", "--rows", "6000", "--seed", "11", "--damage", "0.05", "--out", out);
  answers = JSON.parse(readFileSync(answersFile, "utf8")) as Answers;
});

describe("apps, end to end", () => {
  it("lands a file with damage: every report equals the answers, and the ledger closes", async () => {
    await ran("load", "apps", "--csv", file);
    const ledger = await swordlakeJson<Ledger>("ledger", "apps");
    expect(ledger).toMatchObject({ closed: true, inFlight: 0, problems: [] });
    expect(ledger).toMatchObject({ landed: answers.landed, duplicates: answers.duplicates });
    await ran("report", "apps", "--answers", answersFile);
  });

  it("adds nothing by a second load, nor by the batch of a day that is there", async () => {
    const before = await counts();
    await ran("load", "apps", "--csv", file);
    await swordlakeJson<Ledger>("ledger", "apps");
    expect(await counts()).toEqual(before);
    const batch = await swordlakeJson<{ landed: number; alreadyThere: number }>(
      ...["backfill", "apps", "--date", day, "--csv", file],
    );
    expect(batch.landed).toBe(0);
    expect(batch.alreadyThere).toBeGreaterThan(0);
    expect(await counts()).toEqual(before);
    await ran("report", "apps", "--answers", answersFile);
  });

  it("gives the same tables by the batch of a day as by the stream", async () => {
    const env = { SWORDLAKE_PIPELINES: copyOf("apps", "apps_batch") };
    const applied = await swordlakeWith(env, "apply", "apps_batch");
    expect(applied.exitCode, applied.stderr).toBe(0);
    const batch = await swordlakeWith(env, "backfill", "apps_batch", "--date", day, "--csv", file, "--json");
    expect(batch.exitCode, batch.stderr).toBe(0);
    expect(JSON.parse(batch.stdout).landed).toBeGreaterThan(0);
    // What names the record, or when it was received, is another's; a dimension has rows of other days in the stream.
    const ofDay = `FROM lake.apps.usage_minutes WHERE download_date = DATE '${day}'`;
    const compared = {
      usage_minutes: [
        "user_id, user_key, app_key, listing_key, download_month, minutes, event_time",
        `download_date = DATE '${day}'`,
      ],
      users: [
        "user_key, user_id, user_name, age, age_band, user_location",
        `user_key IN (SELECT user_key ${ofDay})`,
      ],
      apps: [
        "listing_key, app_key, app, category, rating, price",
        `listing_key IN (SELECT listing_key ${ofDay})`,
      ],
      download_dates: ["download_date, iso_week, weekday_name", `download_date = DATE '${day}'`],
    };
    for (const [table, [columns, where]] of Object.entries(compared)) {
      const stream = `SELECT ${columns} FROM lake.apps.${table} WHERE ${where}`;
      const batched = `SELECT ${columns} FROM lake.apps_batch.${table}`;
      expect(
        await sql(`(${stream} EXCEPT ALL ${batched}) UNION ALL (${batched} EXCEPT ALL ${stream})`),
        table,
      ).toEqual([]);
      expect(await sql(`SELECT count(*) > 0 FROM (${batched})`)).toEqual([[true]]);
    }
    await swordlakeWith(env, "stop", "apps_batch");
  });

  it("keeps its sums where a dimension's row is lost, and says that it is", async () => {
    const downloads = `SELECT CAST(sum(downloads) AS BIGINT) FROM (${reportSql("minutes_by_age_band")})`;
    const [[whole]] = (await sql(downloads)) as [[string]];
    await sql("DELETE FROM lake.apps.users WHERE user_id = 1");
    expect(await sql(downloads)).toEqual([[whole]]);
    const ledger = await swordlake("ledger", "apps", "--json");
    expect(ledger.exitCode).toBe(1);
    expect(ledger.stdout).toContain("lost");
  });
});

/** A pipeline's folder under another name, where the checkout does not see it. */
function copyOf(name: string, copy: string): string {
  const root = mkdtempSync(join(tmpdir(), "swordlake-copy-"));
  cpSync(new URL(`../../flink-sql/${name}`, import.meta.url).pathname, join(root, copy), { recursive: true });
  for (const entry of readdirSync(join(root, copy)).filter((path) => path.endsWith(".ts"))) {
    const path = join(root, copy, entry);
    writeFileSync(
      path,
      readFileSync(path, "utf8")
        .replaceAll(/"\.\.\/(pipeline|readers)\.ts"/g, '"swordlake"')
        .replaceAll('"../generator.ts"', '"swordlake/generator"'),
    );
  }
  return root;
}

/** A report's SQL with its parameters empty, as a part of another query. */
function reportSql(name: string): string {
  const text = readFileSync(new URL(`../../flink-sql/apps/reports/${name}.sql`, import.meta.url), "utf8");
  return text.replace(/\$\{\w+\}/g, "").replace(/ORDER BY[^)]*$/, "");
}
