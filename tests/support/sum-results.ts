// Sums vitest's JSON results of all suites into one line; fails where a test failed, was skipped, or
// where a test file of the repository is in no result.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { z } from "zod";
import { repository } from "../../stack/config.ts";

const results = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ name: z.string(), status: z.string(), message: z.string().optional() })),
});

/** Only `make test-compose` runs these: they need Docker. */
const elsewhere = ["tests/integration/containers.test.ts"];

const folder = process.argv[2] ?? "";
const sum = { passed: 0, failed: 0, skipped: 0 };
const seen = new Set<string>();
for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
  const suite = results.parse(JSON.parse(readFileSync(join(folder, file), "utf8")));
  sum.passed += suite.numPassedTests;
  sum.skipped += suite.numPendingTests + suite.numTodoTests;
  // A file that couldn't be loaded has no tests that could fail: the file itself counts.
  const broken = suite.testResults.filter((result) => result.status === "failed").length;
  sum.failed += Math.max(suite.numFailedTests, broken);
  for (const result of suite.testResults) seen.add(relative(repository, result.name));
}
const missing = readdirSync(join(repository, "tests"), { recursive: true, encoding: "utf8" })
  .map((file) => join("tests", file))
  .filter((file) => file.endsWith(".test.ts") && !seen.has(file) && !elsewhere.includes(file));
for (const file of missing) process.stdout.write(`missing from the results: ${file}\n`);
const failed = sum.failed + missing.length;
process.stdout.write(`${sum.passed} passed, ${failed} failed, ${sum.skipped} skipped\n`);
if (failed > 0 || sum.skipped > 0 || sum.passed === 0) process.exitCode = 1;
