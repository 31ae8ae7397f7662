import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "../../../stack/config.ts";

const folder = join(repository, "flink-sql");
const reports = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((path) => /^[^/]+\/reports\/.*\.sql$/.test(path))
  .map((path) => [path, readFileSync(join(folder, path), "utf8")] as const);

describe("quotients of reports", () => {
  it("are there to be checked", () => {
    expect(reports.filter(([, sql]) => /DECIMAL\(18, \d\)\) \//i.test(sql)).length).toBeGreaterThan(10);
  });

  // By a BIGINT DECIMAL(18, s) has s + 20 digits behind the point, DECIMAL(38, s) six at most: rounded to these, and
  // then to s, 390 of 866,871 is 0.0005.
  it.each(reports)("are rounded once in %s", (_, sql) => {
    expect(sql).not.toMatch(/DECIMAL\((?!18,)\d+, \d+\)\s*\)\s*\//i);
  });
});
