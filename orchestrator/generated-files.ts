// A pipeline's generate.ts at work: finds it, writes its files and their exact answers into a folder.
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PipelineFolder } from "../flink-sql/folders.ts";
import type { GeneratedFile, GenerateOptions, Generator } from "../flink-sql/generator.ts";
import { importDefault } from "../flink-sql/import-source.ts";
import type { AnswersFile } from "./reports/answers.ts";

export const answersFile = "answers.json";

/** What answers.json holds. */
export interface AnswersDocument extends AnswersFile {
  /** In the order in which they are to be loaded. */
  files: GeneratedFile[];
}

const generatorFile = (pipeline: PipelineFolder) => join(pipeline.path, "generate.ts");

export const hasGenerator = (pipeline: PipelineFolder): boolean => existsSync(generatorFile(pipeline));

/** The default export of a folder's generate.ts. Throws where there is none, or where it is no generator. */
export async function loadGenerator(pipeline: PipelineFolder): Promise<Generator> {
  const file = generatorFile(pipeline);
  if (!hasGenerator(pipeline))
    throw new Error(
      `Pipeline '${pipeline.name}' can't make files: write ${file}, which ends in 'export default defineGenerator({…})'.`,
    );
  let generator: Generator | undefined;
  try {
    generator = await importDefault<Generator>(file);
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
  if (typeof generator?.generate !== "function" || !Array.isArray(generator.files))
    throw new Error(
      `${file}: no generator is exported. End the file with 'export default defineGenerator({…})'.`,
    );
  return generator;
}

const countLines = (bytes: Buffer): number => {
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  return lines;
};

/**
 * Writes all files and, after them, answers.json into `folder`, which is made. `tell` gets the lines and
 * bytes that were written. Throws where a file of these names is there already, unless `force`.
 */
export function writeGenerated(
  pipeline: PipelineFolder,
  generator: Generator,
  options: GenerateOptions,
  { folder, force = false }: { folder: string; force?: boolean },
  tell: (file: string, lines: number, bytes: number) => void = () => {},
): AnswersDocument {
  const names = [...generator.files.map((file) => file.name), answersFile];
  const there = names.filter((name) => existsSync(join(folder, name)));
  if (there.length > 0 && !force)
    throw new Error(
      `${folder} has ${there.join(", ")} already: give another --out, or overwrite them with --force.`,
    );
  mkdirSync(folder, { recursive: true });
  const opened = new Map(generator.files.map(({ name }) => [name, openSync(join(folder, name), "w")]));
  let lines = 0;
  let written = 0;
  try {
    const answers = generator.generate(options, ({ name }, bytes) => {
      const file = opened.get(name);
      if (file === undefined)
        throw new Error(`${generatorFile(pipeline)} writes '${name}', which is not among its files: add it.`);
      const chunk =
        typeof bytes === "string"
          ? Buffer.from(bytes)
          : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      // One after another, each waited for: the generator can't run ahead of the disk.
      writeFileSync(file, chunk);
      lines += countLines(chunk);
      written += chunk.length;
      tell(name, lines, written);
    });
    const document: AnswersDocument = {
      pipeline: pipeline.name,
      ...options,
      files: generator.files,
      ...answers,
    };
    writeFileSync(join(folder, answersFile), `${JSON.stringify(document)}\n`);
    return document;
  } finally {
    for (const file of opened.values()) closeSync(file);
  }
}
