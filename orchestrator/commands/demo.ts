// demo: the way of generated files from end to end, for every pipeline that can make some, by its own commands.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { PipelineFolder } from "../../flink-sql/folders.ts";
import type { GenerateOptions } from "../../flink-sql/generator.ts";
import { readStackConfig } from "../../stack/config.ts";
import { instanceFolder } from "../../stack/instance.ts";
import { checkLoad, commandOf, demoSteps, isSameData, lastLine, type Step } from "../demo.ts";
import { resolveConnection } from "../engines/connection.ts";
import { declaredPipelines, pipelineNamed } from "../engines/engines.ts";
import { connectTrino } from "../engines/trino.ts";
import { answersFile, hasGenerator, loadGenerator } from "../generated-files.ts";
import { type GenerateSettings, readSettings } from "./generate.ts";
import { printLine, textTable } from "./output.ts";

const swordlake = fileURLToPath(new URL("../bin.js", import.meta.url));
const secondsOf = (ms: number) => (ms / 1000).toFixed(1);

/** Runs one step as a process of its own. Returns how long it took; throws what it said where it failed. */
async function runStep(pipeline: string, step: Step, folder: string): Promise<number> {
  const from = performance.now();
  // Its progress belongs on a terminal; elsewhere it is part of what a failure shows.
  const stderr = process.stderr.isTTY ? ("inherit" as const) : ("pipe" as const);
  const ran = await execa(process.execPath, [swordlake, ...step.args], {
    stdin: "ignore",
    stderr,
    reject: false,
  });
  const ms = performance.now() - from;
  writeFileSync(join(folder, `${step.name.replaceAll(" ", "-")}.log`), `${ran.stdout}\n${ran.stderr ?? ""}`);
  const tell = (outcome: string, said = "") =>
    printLine(
      `${pipeline.padEnd(10)} ${step.name.padEnd(13)} ${outcome.padEnd(6)} ${secondsOf(ms).padStart(7)} s  ${said}`.trimEnd(),
    );
  try {
    if (ran.exitCode !== 0) throw new Error([ran.stdout, ran.stderr].filter(Boolean).join("\n"));
    tell("ok", saidBy(step, ran.stdout, folder));
    return ms;
  } catch (error) {
    tell("FAILED");
    throw new Error(
      `${pipeline}: '${step.name}' failed.\n${(error as Error).message}\nTo repeat it: ${commandOf(step)}`,
      { cause: error },
    );
  }
}

/** What a step's output comes down to; throws where a load counted other verdicts than were generated. */
function saidBy({ name, args }: Step, stdout: string, folder: string): string {
  if (args[0] !== "load") return lastLine(stdout);
  const made = JSON.parse(readFileSync(join(folder, answersFile), "utf8"));
  return checkLoad(JSON.parse(stdout), made, name === "load");
}

/**
 * Whether the lake has rows of these files from before. Throws where it has others: the answers hold for these
 * files alone.
 */
async function hasTheseRows(
  pipeline: PipelineFolder,
  folder: string,
  options: GenerateOptions,
): Promise<boolean> {
  const answers = join(folder, answersFile);
  const lake = connectTrino(resolveConnection(readStackConfig()).addresses.trino);
  const { rows } = await lake.query(`SELECT count(*) FROM lake.${pipeline.name}.log`);
  if (String(rows[0]?.[0]) === "0") return false;
  if (existsSync(answers) && isSameData(JSON.parse(readFileSync(answers, "utf8")), options)) return true;
  throw new Error(
    `Pipeline '${pipeline.name}' holds ${rows[0]?.[0]} records of other data, and the answers are for the generated files alone: ` +
      "give the --rows, --seed and --damage of its last demo, or begin with an empty lake by 'make clean'.",
  );
}

async function demoOf(pipeline: PipelineFolder, options: GenerateOptions): Promise<number[]> {
  const folder = join(instanceFolder(readStackConfig()), "demo", pipeline.name);
  const { files } = await loadGenerator(pipeline);
  const isLoaded = await hasTheseRows(pipeline, folder, options);
  mkdirSync(folder, { recursive: true });
  const times: number[] = [];
  for (const step of demoSteps(pipeline.name, files, options, folder, isLoaded))
    times.push(await runStep(pipeline.name, step, folder));
  return times;
}

/** Every pipeline that has a generate.ts, or those that are named; ends at the first failure. */
export async function demo(names: string[], settings: GenerateSettings): Promise<void> {
  const options = readSettings(settings);
  const all = await declaredPipelines(readStackConfig());
  const wanted = names.length > 0 ? names.map((name) => pipelineNamed(all, name)) : all.filter(hasGenerator);
  if (wanted.length === 0) throw new Error("No pipeline can make files: none has a generate.ts.");
  const done: [string, number[]][] = [];
  for (const pipeline of wanted) done.push([pipeline.name, await demoOf(pipeline, options)]);
  const steps = demoSteps("", [], options, "", false).map(({ name }) => `${name}, s`);
  printLine(
    textTable(
      ["pipeline", "rows", ...steps],
      done.map(([name, times]) => [name, options.rows, ...times.map(secondsOf)]),
    ),
  );
}
