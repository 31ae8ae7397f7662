// What `swordlake new` writes is a pipeline as it stands: it loads, its case and report are well formed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { loadCases, recordsOf } from "../../flink-sql/cases.ts";
import { loadPipelines } from "../../flink-sql/folders.ts";
import { declaredJobs } from "../../orchestrator/deploy/reconcile.ts";
import { parseReports } from "../../orchestrator/reports/header.ts";
import { scaffold } from "../../orchestrator/scaffold.ts";
import { repository } from "../../stack/config.ts";

// Within the checkout, where the names "swordlake" and "zod" stand for the same as in a real folder.
mkdirSync(join(repository, ".swordlake"), { recursive: true });
const root = mkdtempSync(join(repository, ".swordlake/new-"));
afterAll(() => rmSync(root, { recursive: true }));

it("a new pipeline loads, with its job, its report, and a case that says what the contract says", async () => {
  for (const [path, text] of Object.entries(scaffold("orders"))) {
    mkdirSync(dirname(join(root, "orders", path)), { recursive: true });
    writeFileSync(join(root, "orders", path), text);
  }
  const [pipeline] = await loadPipelines([root]);
  expect(declaredJobs(pipeline!).map(({ name }) => name)).toEqual(["orders/log", "orders/landing"]);
  expect(parseReports(pipeline!.reports)[0]?.sql).toContain("lake.orders.happenings");
  const [one] = loadCases(pipeline!);
  expect(recordsOf(pipeline!, one!).refused).toEqual(one!.refused);
});
