// Hadoop's default settings, emptied where there is no HDFS: Parquet's writer would parse all of them for each file
// (docs/decisions/0033).
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";

const emptied = ["core-default.xml", "mapred-default.xml", "yarn-default.xml"];

/**
 * Writes a jar of empty defaults into a folder, once: a class archive holds for the jar's size and time. On a class path
 * it must stand before Hadoop's own.
 */
export function writeEmptyHadoopDefaults(folder: string): void {
  const jar = join(folder, "hadoop-defaults.jar");
  if (existsSync(jar)) return;
  mkdirSync(folder, { recursive: true });
  const files = emptied.map((name) => [name, strToU8("<configuration/>\n")] as const);
  writeFileSync(jar, zipSync(Object.fromEntries(files)));
}
