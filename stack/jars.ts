// Engine jars: fetched by Maven into the cache, checked against the committed SHA-256 lists.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { inheritedEnv, repository } from "./config.ts";

export const jarModules = [
  "kafka",
  "flink",
  "flink-connectors",
  "trino-main",
  "trino-iceberg",
  "trino-hdfs",
  "hadoop",
] as const;
export type JarModule = (typeof jarModules)[number];

const jarsSource = join(repository, "stack/jars");
const listFile = (module: JarModule, source: string) => join(source, module, "jars.sha256");

/** The jars a module must have: file name to SHA-256. */
function expected(module: JarModule, source: string): Map<string, string> {
  const lines = readFileSync(listFile(module, source), "utf8").trim().split("\n");
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}

/** Folder of a module's jars in the cache; a changed list is another folder. */
export function jarsFolder(cache: string, module: JarModule, source = jarsSource): string {
  const list = createHash("sha256")
    .update(readFileSync(listFile(module, source)))
    .digest("hex")
    .slice(0, 12);
  return join(cache, "jars", `${module}-${list}`);
}

/** Modules that are not in the cache yet; the mark is written after the check. */
export const missingJars = (cache: string, modules: readonly JarModule[]) =>
  modules.filter((module) => !existsSync(join(jarsFolder(cache, module), ".checked")));

/** Compares a folder with its list. Throws, naming each file that is missing, foreign or altered. */
export async function checkJars(module: JarModule, folder: string, source = jarsSource): Promise<void> {
  const wanted = expected(module, source);
  const problems: string[] = [];
  for (const [file, sum] of wanted) {
    if (!existsSync(join(folder, file))) {
      problems.push(`${file}: missing`);
      continue;
    }
    const actual = createHash("sha256")
      .update(await readFile(join(folder, file)))
      .digest("hex");
    if (actual !== sum) problems.push(`${file}: SHA-256 is ${actual}, expected ${sum}`);
  }
  for (const file of existsSync(folder) ? readdirSync(folder) : [])
    if (!wanted.has(file) && file !== ".checked") problems.push(`${file}: not in the list`);
  if (problems.length === 0) return;
  throw new Error(
    `The download of ${module} is broken:\n  ${problems.slice(0, 10).join("\n  ")}\n` +
      "It was removed. Run the command again; if it stays broken, delete these files from Maven's " +
      "repository too (~/.m2/repository), or ask who runs your Maven mirror.",
  );
}

/** Why Maven failed, in a line or two of its own, with the cure. */
function mavenFailure(output: string, code: string | undefined): string {
  if (code === "ENOENT")
    return "Maven (mvn) isn't on the PATH. Install it (Debian: apt install maven; macOS: brew install maven).";
  if (/No space left on device/.test(output))
    return "The disk is full. Free about 3 GB, or set SWORDLAKE_CACHE to a folder on a larger disk.";
  const lines = output.trim().split("\n");
  const errors = lines.filter((line) => line.includes("ERROR")).slice(0, 3);
  return (
    `Maven couldn't fetch the engines:\n${(errors.length > 0 ? errors : lines.slice(-3)).join("\n")}\n` +
    "Check the network and Maven's settings (~/.m2/settings.xml), then run the command again: it goes on where it stopped."
  );
}

/**
 * Fetches modules into the cache and checks every file. `progress` gets a line such as
 * "Trino: 120 of 348 files". Throws where Maven is missing, fails, or brings other bytes.
 */
export async function fetchJars(
  cache: string,
  modules: readonly JarModule[],
  java: string,
  progress: (line: string) => void,
  { env = inheritedEnv(), source = jarsSource }: { env?: NodeJS.ProcessEnv; source?: string } = {},
): Promise<void> {
  if (modules.length === 0) return;
  const staging = join(cache, "staging", String(process.pid));
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  const total = modules.reduce((sum, module) => sum + expected(module, source).size, 0);
  const count = () =>
    modules.reduce(
      (sum, m) => sum + (existsSync(join(staging, m)) ? readdirSync(join(staging, m)).length : 0),
      0,
    );
  let fetched = 0;
  const tell = () => progress(`${fetched} files fetched, ${count()} of ${total} in place`);
  const arguments_ = [
    "-B",
    "-T",
    "4",
    "-C",
    "-Dstyle.color=never",
    "-f",
    join(source, "pom.xml"),
    "-pl",
    modules.join(","),
    "dependency:copy-dependencies",
    "-DincludeScope=runtime",
    `-DoutputDirectory=${staging}/\${project.artifactId}`,
  ];
  const maven = execa("mvn", arguments_, {
    all: true,
    reject: false,
    env: { ...env, JAVA_HOME: join(java, "../..") },
    extendEnv: false,
  });
  maven.all?.on("data", (chunk: Buffer) => {
    fetched += String(chunk).split("Downloaded from").length - 1;
    tell();
  });
  const result = await maven;
  try {
    if (result.exitCode !== 0)
      throw new Error(mavenFailure(result.all || `${result.shortMessage}`, result.code), { cause: result });
    for (const module of modules) {
      progress(`checking ${module}`);
      await checkJars(module, join(staging, module), source);
      writeFileSync(join(staging, module, ".checked"), "");
      const target = jarsFolder(cache, module, source);
      mkdirSync(join(cache, "jars"), { recursive: true });
      rmSync(target, { recursive: true, force: true });
      renameSync(join(staging, module), target);
    }
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
