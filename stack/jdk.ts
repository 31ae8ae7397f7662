// Finds a JDK of a given version as tools do: JAVA_HOME, the systems' JVM folders, SDKMAN, PATH.
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { inheritedEnv } from "./config.ts";

/** Version of the JDK in a folder, from its release file; undefined where there is none. */
function majorVersion(home: string): number | undefined {
  const release = join(home, "release");
  if (!existsSync(release) || !existsSync(join(home, "bin/java"))) return undefined;
  const version = /JAVA_VERSION="(?:1\.)?(\d+)/.exec(readFileSync(release, "utf8"))?.[1];
  return version ? Number(version) : undefined;
}

const inFolder = (folder: string, below = "") =>
  existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name, below)) : [];

async function candidates(env: NodeJS.ProcessEnv): Promise<string[]> {
  const named = Object.entries(env).filter(([name]) => /^JAVA_HOME(_\d+.*)?$/.test(name));
  const fromPath = (env.PATH ?? "")
    .split(":")
    .map((folder) => join(folder, "java"))
    .filter(existsSync)
    .map((java) => dirname(dirname(realpathSync(java))));
  const mac =
    process.platform === "darwin" ? await execa("/usr/libexec/java_home", { reject: false }) : undefined;
  return [
    ...named.map(([, home]) => home ?? ""),
    ...inFolder("/usr/lib/jvm"),
    ...inFolder("/usr/java"),
    ...inFolder("/opt/java"),
    ...inFolder("/Library/Java/JavaVirtualMachines", "Contents/Home"),
    ...inFolder(join(env.SDKMAN_DIR ?? join(homedir(), ".sdkman"), "candidates/java")),
    ...(mac?.exitCode === 0 ? [mac.stdout.trim()] : []),
    ...fromPath,
  ].filter(Boolean);
}

/**
 * Path of `java` of exactly the wanted major version. Throws an error that lists what was found
 * instead, and how to get the right one.
 */
export async function findJava(major: number, env: NodeJS.ProcessEnv = inheritedEnv()): Promise<string> {
  const seen = new Map<string, number>();
  for (const home of await candidates(env)) {
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
