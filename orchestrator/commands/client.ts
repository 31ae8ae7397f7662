// client: a pipeline's typed client, as one file that needs nothing else.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { runtimeSource } from "../../client/embed.ts";
import { generateClient, generatedMark } from "../../client/generate.ts";
import { readStackConfig } from "../../stack/config.ts";
import { declaredPipelines, pipelineNamed } from "../engines/engines.ts";
import { printLine } from "./output.ts";

/** Prints the client, or writes it to `out`. Throws where `out` holds something else. */
export async function client(
  pipelineName: string,
  options: { out?: string; force?: boolean },
): Promise<void> {
  const pipeline = pipelineNamed(await declaredPipelines(readStackConfig()), pipelineName);
  const text = generateClient(pipeline.name, pipeline, runtimeSource());
  const { out } = options;
  if (!out) return void process.stdout.write(text);
  if (!options.force && existsSync(out) && !readFileSync(out, "utf8").startsWith(generatedMark))
    throw new Error(
      `${resolve(out)} is no generated client: give another --out, or overwrite it with --force.`,
    );
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, text);
  printLine(`Written to ${resolve(out)}`);
}
