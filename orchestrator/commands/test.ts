// test: a pipeline's cases through the same job files on real Flink, or what its tables assert on the rows that
// landed; nothing that lives is touched.
import { loadCases } from "../../flink-sql/cases.ts";
import { readStackConfig } from "../../stack/config.ts";
import { parseAssertions } from "../assertions/declared.ts";
import { ask } from "../assertions/live.ts";
import { runCase } from "../cases.ts";
import { resolveConnection } from "../engines/connection.ts";
import { declaredPipelines, pipelineNamed, withEngines } from "../engines/engines.ts";
import { printJson, printLine } from "./output.ts";

interface CaseResult {
  pipeline: string;
  case: string;
  /** What the case shows, in the words of its file. */
  shows: string;
  seconds: number;
  /** Sentences that name table, row and column; empty where the case holds. */
  differences: string[];
}

interface AssertionResult {
  pipeline: string;
  table: string;
  assertion: string;
  source: string;
  seconds: number;
  /** What is wrong; null where it holds. */
  problem: string | null;
}

const secondsSince = (from: number) => Math.round((performance.now() - from) / 100) / 10;

/** Exit code 1 where any assertion doesn't hold, or where there is none to ask. */
async function testLive(name: string | undefined, options: { json?: boolean }): Promise<void> {
  const results: AssertionResult[] = [];
  await withEngines(async ({ config, lake }) => {
    const all = await declaredPipelines(config);
    for (const pipeline of name ? [pipelineNamed(all, name)] : all)
      for (const assertion of parseAssertions(pipeline)) {
        const from = performance.now();
        const problem = (await ask(lake, pipeline, assertion)) ?? null;
        const { table, text, source } = assertion;
        results.push({
          pipeline: pipeline.name,
          table,
          assertion: text,
          source,
          seconds: secondsSince(from),
          problem,
        });
        if (!options.json) printAssertion(results.at(-1)!);
      }
  });
  if (results.length === 0)
    throw new Error(
      `${name ? `Pipeline '${name}' asserts` : "The pipelines assert"} nothing: write '-- assert: unique event_id' into tables/*.sql.`,
    );
  const failed = results.filter(({ problem }) => problem !== null).length;
  if (options.json) printJson({ passed: results.length - failed, failed, assertions: results });
  else printLine(`${results.length - failed} hold, ${failed} don't`);
  if (failed > 0) process.exitCode = 1;
}

function printAssertion({ pipeline, table, assertion, seconds, problem, source }: AssertionResult): void {
  printLine(
    `${problem === null ? "ok  " : "FAIL"} ${pipeline}.${table} (${seconds.toFixed(1)} s): ${assertion}`,
  );
  if (problem !== null) printLine(`     ${source}: ${problem}`);
}

/** Exit code 1 where any case differs, or where there is none to run. */
export async function test(
  name: string | undefined,
  options: { json?: boolean; live?: boolean },
): Promise<void> {
  if (options.live) return testLive(name, options);
  const config = readStackConfig();
  const all = await declaredPipelines(config);
  const chosen = name ? [pipelineNamed(all, name)] : all;
  const cases = chosen.flatMap((pipeline) => loadCases(pipeline).map((one) => ({ pipeline, one })));
  if (cases.length === 0)
    throw new Error(
      `${name ? `Pipeline '${name}' has` : "The pipelines have"} no cases: write cases/*.json, events given and rows expected.`,
    );
  const connection = resolveConnection(config);
  const results: CaseResult[] = [];
  // One after another: a case takes seconds, and its jobs would only share the same two cores.
  for (const { pipeline, one } of cases) {
    const from = performance.now();
    const differences = await runCase(connection, pipeline, one);
    const seconds = secondsSince(from);
    results.push({ pipeline: pipeline.name, case: one.name, shows: one.shows, seconds, differences });
    if (!options.json) printCase(results.at(-1)!);
  }
  const failed = results.filter(({ differences }) => differences.length > 0).length;
  if (options.json) printJson({ passed: results.length - failed, failed, cases: results });
  else printLine(`${results.length - failed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

function printCase({ pipeline, case: name, seconds, shows, differences }: CaseResult): void {
  const mark = differences.length === 0 ? "ok  " : "FAIL";
  printLine(`${mark} ${pipeline}/${name} (${seconds.toFixed(1)} s): ${shows}`);
  for (const difference of differences) printLine(`     ${difference}`);
}
