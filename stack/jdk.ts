// Finds a JDK of a given version as tools do: JAVA_HOME, the systems' JVM folders, SDKMAN, PATH.
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { inheritedEnv } from "./config.ts";

/** Version of the JDK in a folder, from its release file; undefined where there is none. */
function majorVersion(home: string): number | undefined {
  const release = join(home, "release");
  if (!existsSync(release) || !existsSync(join(home, "bin/java"))) return undefined;
  const version = /JAVA_VERSION="(?:1\.)?(\d+)/.exec(readFileSync(release, "utf8"))?.[1];
  return version ? Number(version) : undefined;
}

/** Folders in which Linux, macOS and Homebrew keep their JDKs, one folder each. */
const systemFolders = [
  "/usr/lib/jvm",
  "/usr/java",
  "/opt/java",
  "/Library/Java/JavaVirtualMachines",
  "/opt/homebrew/opt",
  "/usr/local/opt",
];

/** Where a JDK may be within such a folder: at its top, or as macOS and Homebrew nest it. */
const nestings = ["", "Contents/Home", "libexec/openjdk.jdk/Contents/Home"];

const inFolder = (folder: string) =>
  existsSync(folder)
    ? readdirSync(folder).flatMap((name) => nestings.map((nesting) => join(folder, name, nesting)))
    : [];

function candidates(env: NodeJS.ProcessEnv, folders: string[]): string[] {
  const named = Object.entries(env).filter(([name]) => /^JAVA_HOME(_\d+.*)?$/.test(name));
  const fromPath = (env.PATH ?? "")
    .split(":")
    .map((folder) => join(folder, "java"))
    .filter(existsSync)
    .map((java) => dirname(dirname(realpathSync(java))));
  return [
    ...named.map(([, home]) => home ?? ""),
    ...folders.flatMap(inFolder),
    ...inFolder(join(env.SDKMAN_DIR ?? join(homedir(), ".sdkman"), "candidates/java")),
    ...fromPath,
  ].filter(Boolean);
}

/**
 * Path of `java` of exactly the wanted major version. Throws an error that lists what was found
 * instead, and how to get the right one.
 */
export async function findJava(
  major: number,
  env: NodeJS.ProcessEnv = inheritedEnv(),
  folders: string[] = systemFolders,
): Promise<string> {
  const seen = new Map<string, number>();
  for (const home of candidates(env, folders)) {
    const version = majorVersion(home);
    if (version === major) return join(home, "bin/java");
    if (version) seen.set(home, version);
  }
  const found = [...seen].map(([home, version]) => `JDK ${version} in ${home}`).join(", ") || "none";
  throw new Error(
    `JDK ${major} wasn't found (found: ${found}). ` +
      `Install it (Debian: a package such as openjdk-${major}-jdk or temurin-${major}-jdk; ` +
      `macOS: brew install openjdk@${major}), or set JAVA_HOME_${major} to its folder.`,
  );
}
