// When a page of reports is due, when one has been kept long enough, and what is wrong with a declared schedule.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { PipelineFolder } from "../../../flink-sql/folders.ts";
import { type Lake, TrinoError } from "../../../orchestrator/engines/trino.ts";
import {
  expiredDays,
  lastDue,
  pageDays,
  pagesFolder,
  reportPagesProblems,
  writeDuePage,
} from "../../../orchestrator/reports/scheduled.ts";
import { readStackConfig } from "../../../stack/config.ts";

const home = mkdtempSync(join(tmpdir(), "swordlake-pages-"));
afterAll(() => rmSync(home, { recursive: true }));
const config = readStackConfig({ SWORDLAKE_HOME: home, SWORDLAKE_INSTANCE: "paged" });
const at = (text: string) => new Date(`${text}Z`);
const daily = "0 6 * * *";

const reportNamed = (name: string) => ({
  name,
  path: `/p/reports/${name}.sql`,
  text: `-- Title of ${name}\n-- question: How many?\nSELECT count(*) AS n FROM lake.p.${name};\n`,
});
const folder = (reportPages: PipelineFolder["reportPages"], names = ["good", "wrong"]) =>
  ({
    name: "p",
    path: "/p",
    title: "Pages <b>",
    reports: names.map(reportNamed),
    reportPages,
  }) as unknown as PipelineFolder;
const refused = new TrinoError("SELECT", "TABLE_NOT_FOUND", "Table <i>wrong</i> not found");
const lake = {
  query: async (sql: string) => {
    if (sql.includes("wrong")) throw refused;
    return { columns: [{ name: "n", type: "bigint" }], rows: [["9007199254740993"]] };
  },
} as unknown as Lake;

describe("a page of reports", () => {
  it("is due at its moment and not again, and once for all that was missed", () => {
    expect(lastDue(daily, at("2026-03-01T06:00:00"), at("2026-03-02T05:59:59"))).toBeUndefined();
    expect(lastDue(daily, at("2026-03-01T06:00:00"), at("2026-03-02T06:00:00"))).toEqual(
      at("2026-03-02T06:00:00"),
    );
    expect(lastDue(daily, at("2020-01-01T00:00:00"), at("2026-03-04T12:00:00"))).toEqual(
      at("2026-03-04T06:00:00"),
    );
    expect(lastDue("never", at("2020-01-01T00:00:00"), at("2026-03-04T12:00:00"))).toBeUndefined();
  });

  it("is kept for as many days as were asked for", () => {
    const days = ["2026-03-10", "2026-03-08", "2026-03-07", "2026-03-06"];
    expect(expiredDays(days, at("2026-03-10T12:00:00"), 3)).toEqual(["2026-03-06"]);
    expect(expiredDays(days, at("2026-03-10T12:00:00"))).toEqual([]);
  });

  it("is one file of the owner alone, with what Trino refused said in its place", async () => {
    const now = at("2026-03-02T06:00:10");
    const file = await writeDuePage(
      { config, lake },
      folder({ schedule: daily }),
      at("2026-03-01T12:00:00"),
      now,
    );
    expect(file).toBe(join(pagesFolder(config, "p"), "2026-03-02.html"));
    expect(statSync(file!).mode & 0o777).toBe(0o600);
    const text = readFileSync(file!, "utf8");
    expect(text).toContain("9007199254740993");
    expect(text).toContain("No answer: Table &lt;i&gt;wrong&lt;/i&gt; not found");
    expect(text).not.toMatch(/<script|https?:\/\//);
  });

  it("is written after the newest one alone, and replaces it on the same day; old ones and nothing else go", async () => {
    const pages = pagesFolder(config, "p");
    const newest = join(pages, "2026-03-02.html");
    utimesSync(newest, at("2026-03-02T06:00:10"), at("2026-03-02T06:00:10"));
    for (const name of ["2026-02-01.html", "notes.html"]) writeFileSync(join(pages, name), "");
    const write = (schedule: string, now: string) =>
      writeDuePage({ config, lake }, folder({ schedule, keepDays: 7 }), at("2026-01-01T00:00:00"), at(now));
    expect(await write(daily, "2026-03-02T23:00:00")).toBeUndefined();
    expect(await write("0 * * * *", "2026-03-02T23:00:00")).toBe(newest);
    expect(readdirSync(pages).sort()).toEqual(["2026-03-02.html", "notes.html"]);
    expect(pageDays(pages)).toEqual(["2026-03-02"]);
    expect(pageDays(join(pages, "nowhere"))).toEqual([]);
  });

  it("isn't written where no report was answered: it stays due", async () => {
    const wrong = folder({ schedule: daily }, ["wrong"]);
    await expect(
      writeDuePage(
        { config, lake },
        { ...wrong, name: "q" },
        at("2026-03-01T12:00:00"),
        at("2026-03-02T07:00:00"),
      ),
    ).rejects.toThrow("no report was answered: Table");
    expect(pageDays(pagesFolder(config, "q"))).toEqual([]);
  });

  it("has its mistakes named, all at once, before anything is applied", () => {
    expect(reportPagesProblems(folder(undefined))).toEqual([]);
    expect(reportPagesProblems(folder({ schedule: daily, keepDays: 1 }))).toEqual([]);
    const problems = reportPagesProblems(folder({ schedule: "61 * * * *", keepDays: 0.5 }, []));
    expect(problems).toHaveLength(3);
    expect(problems.join("\n")).toMatch(
      /\/p\/pipeline\.ts:1: pipeline 'p', reportPages: schedule: '61[\s\S]*keepDays: 0\.5[\s\S]*no report/,
    );
  });
});
