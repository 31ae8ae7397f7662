// test: a pipeline's cases through the same job files on real Flink; nothing that lives is touched.
import { loadCases } from "../../flink-sql/cases.ts";
import { readStackConfig } from "../../stack/config.ts";
import { runCase } from "../cases.ts";
import { resolveConnection } from "../engines/connection.ts";
import { declaredPipelines, pipelineNamed } from "../engines/engines.ts";
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

/** Exit code 1 where any case differs, or where there is none to run. */
export async function test(name: string | undefined, options: { json?: boolean }): Promise<void> {
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
    const seconds = Math.round((performance.now() - from) / 100) / 10;
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
