// The connector jars for Flink's containers: by this machine's Maven, else by Maven in a container.
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { dockerEnv } from "./compose-containers.ts";
import { inheritedEnv, repository } from "./config.ts";
import { checkJars, fetchJars, jarsFolder, missingJars } from "./jars.ts";
import { findJava } from "./jdk.ts";

const mavenImage = "maven:3.9-eclipse-temurin-17";
const connectors = "flink-connectors";

/** Java for Maven; undefined where this machine lacks one of the two. */
async function javaForMaven(): Promise<string | undefined> {
  const maven = await execa("mvn", ["-v"], { reject: false, env: inheritedEnv(), extendEnv: false });
  if (maven.code === "ENOENT") return undefined;
  for (const major of [17, 21, 25, 11]) {
    const java = await findJava(major).catch(() => undefined);
    if (java) return java;
  }
  return undefined;
}

/** Brings the jars into the cache unless they are there, and checks each. Throws with the cure. */
export async function fetchConnectors(cache: string, progress: (line: string) => void): Promise<void> {
  const missing = missingJars(cache, [connectors]);
  if (missing.length === 0) return;
  const java = await javaForMaven();
  if (java) return fetchJars(cache, missing, java, progress);
  progress(`this machine has no Maven with a JDK: using ${mavenImage}`);
  await fetchInContainer(cache);
}

/** Maven in a container; it writes as this machine's user, and shares its repository and settings. */
export async function fetchInContainer(cache: string): Promise<void> {
  const staging = join(cache, "staging", `${connectors}-${process.pid}`);
  const repositoryFolder = join(homedir(), ".m2");
  for (const folder of [staging, repositoryFolder, join(cache, "jars")])
    mkdirSync(folder, { recursive: true });
  const mount = (source: string, target: string, mode = "rw") => ["-v", `${source}:${target}:${mode}`];
  const user = process.getuid ? ["--user", `${process.getuid()}:${process.getgid?.()}`] : [];
  const maven = [
    ...["mvn", "-B", "-Dstyle.color=never", "-Duser.home=/home", "-f", "/jars/pom.xml", "-pl", connectors],
    ...["dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=/out"],
  ];
  const mounts = [
    ...mount(join(repository, "stack/jars"), "/jars", "ro"),
    ...mount(staging, "/out"),
    ...mount(repositoryFolder, "/home/.m2"),
  ];
  const variables = ["-e", "HOME=/home", "-e", "MAVEN_CONFIG=/home/.m2"];
  try {
    const result = await execa(
      "docker",
      ["run", "--rm", ...user, ...variables, ...mounts, mavenImage, ...maven],
      {
        reject: false,
        all: true,
        env: dockerEnv(),
        extendEnv: false,
      },
    );
    if (result.exitCode !== 0)
      throw new Error(
        `Flink's connectors can't be fetched by Maven in a container:\n${result.all.trim().split("\n").slice(-5).join("\n")}\n` +
          "Check the network, or install Maven and a JDK on this machine, then run the command again.",
        { cause: result },
      );
    await checkJars(connectors, staging);
    writeFileSync(join(staging, ".checked"), "");
    const target = jarsFolder(cache, connectors);
    rmSync(target, { recursive: true, force: true });
    renameSync(staging, target);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
