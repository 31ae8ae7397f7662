// new: writes the folder of a pipeline that runs as it stands.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { loadPipelines, pipelinesRoot } from "../../flink-sql/folders.ts";
import { contractLock, lockFile, lockText } from "../../flink-sql/lock.ts";
import { readStackConfig } from "../../stack/config.ts";
import { scaffold } from "../scaffold.ts";
import { printLine } from "./output.ts";

const nameShape = /^[a-z][a-z0-9_]{0,62}$/;

/** `root` is the folder that will hold the pipeline's own; by default the one of this checkout. */
export async function create(name: string, options: { root?: string }): Promise<void> {
  if (!nameShape.test(name))
    throw new Error(`'${name}' is no SQL identifier: use a-z, 0-9 and _, a letter first.`);
  const root = resolve(options.root ?? pipelinesRoot);
  const folder = join(root, name);
  if (existsSync(folder)) throw new Error(`${folder} is there already: choose another name, or remove it.`);
  for (const [path, text] of Object.entries(scaffold(name))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    printLine(relative(process.cwd(), join(folder, path)));
  }
  const made = (await loadPipelines([root])).find((pipeline) => pipeline.name === name)!;
  writeFileSync(lockFile(made), lockText(contractLock(made)));
  printLine(relative(process.cwd(), lockFile(made)));
  const known = [resolve(pipelinesRoot), ...readStackConfig().pipelineRoots.map((path) => resolve(path))];
  if (!known.includes(root))
    printLine(`\nName its root, so that every command and the API see it: SWORDLAKE_PIPELINES=${root}`);
  printLine(
    `\nNext: npx swordlake apply ${name}, npx swordlake test ${name}; ARCHITECTURE.md says what each file is.`,
  );
}
