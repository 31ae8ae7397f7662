// generate: files like those a pipeline's users have, with the exact answers of its reports beside them.
import { join, resolve } from "node:path";
import type { GenerateOptions } from "../../flink-sql/generator.ts";
import { readStackConfig } from "../../stack/config.ts";
import { declaredPipelines, pipelineNamed } from "../engines/engines.ts";
import { answersFile, loadGenerator, writeGenerated } from "../generated-files.ts";
import { printLine, progressLine } from "./output.ts";

const count = (n: number) => n.toLocaleString("en-US");

function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`${option} ${text}: give a whole number, ${least} or more.`);
}

function share(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new Error(`${option} ${text}: give a share from 0 to 1, such as 0.01.`);
}

/** Options of the command line, as text. */
export interface GenerateSettings {
  rows: string;
  seed: string;
  damage: string;
}

/** Throws for the first that is out of its range, with its value. */
export const readSettings = ({ rows, seed, damage }: GenerateSettings): GenerateOptions => ({
  rows: wholeNumber("--rows", rows, 1),
  seed: wholeNumber("--seed", seed, 0),
  damage: share("--damage", damage),
});

/** Writes the files and answers.json; says where, and what a load of them must print. */
export async function generate(
  pipelineName: string,
  options: GenerateSettings & { out?: string; force?: boolean },
): Promise<void> {
  const settings = readSettings(options);
  const config = readStackConfig();
  const pipeline = pipelineNamed(await declaredPipelines(config), pipelineName);
  const generator = await loadGenerator(pipeline);
  const folder = resolve(options.out ?? join(config.home, "generated", pipeline.name));
  const from = performance.now();
  const line = progressLine();
  const { read, landed, duplicates, quarantined } = writeGenerated(
    pipeline,
    generator,
    settings,
    { folder, force: options.force ?? false },
    (file, lines, bytes) => {
      const done = Math.min(1, lines / settings.rows);
      const bar = "#".repeat(Math.floor(done * 24)).padEnd(24, "-");
      const percent = `${Math.floor(done * 100)}%`.padStart(4);
      line.tell(`[${bar}] ${percent}  ${file}  ${count(lines)} lines  ${count(Math.round(bytes / 1e6))} MB`);
    },
  );
  line.end();
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  printLine(
    `${count(read)} rows = ${count(landed)} that land + ${count(duplicates)} duplicates + ${count(quarantined)} to quarantine, in ${seconds} s`,
  );
  for (const { name, event } of generator.files) printLine(`${join(folder, name)}  ${event}`);
  printLine(`${join(folder, answersFile)}  the exact answers`);
}
