// Classes of a JVM kept between starts: parsed and verified once, mapped from a file ever after.
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** All jars of the folders, by name: an archive is valid for one class path in one order. */
export function jarsOf(...folders: string[]): string {
  const jars = (folder: string) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".jar"))
      .sort()
      .map((name) => join(folder, name));
  return folders.flatMap(jars).join(":");
}

/** Whether a JVM wrote its archive to the end: the header, with a magic number, is what it writes last. */
function isWhole(archive: string): boolean {
  const magic = Buffer.alloc(4);
  const file = openSync(archive, "r");
  readSync(file, magic);
  closeSync(file);
  return magic.some((byte) => byte !== 0);
}

/**
 * JVM options (Java 17) that use the class archive of a program, or make one when the JVM ends in
 * order. The halved start costs about 100 MB of cache and a first `down` of 10 seconds more.
 * Each JVM writes a file of its own, for several may end at once; the next start takes a whole one.
 * @param program name of the process, since each loads other classes of the same class path
 * @param classpath jars only: the JVM archives nothing where a folder is among them
 */
export function classArchive(cache: string, program: string, java: string, classpath: string): string[] {
  const key = createHash("sha256").update(`${java}\n${classpath}`).digest("hex").slice(0, 12);
  const archive = join(cache, "classes", `${program}-${key}.jsa`);
  const folder = dirname(archive);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(archive)) {
    const made = readdirSync(folder)
      .filter((name) => name.startsWith(`${basename(archive)}.`))
      .map((name) => join(folder, name))
      .find(isWhole);
    if (!made) return [`-XX:ArchiveClassesAtExit=${archive}.${process.pid}`];
    renameSync(made, archive);
  }
  // A JVM that can't use the archive says so in its log and loads its classes itself.
  return [`-XX:SharedArchiveFile=${archive}`];
}

/**
 * JVM options of a Java 17 program whose jars are in `folders`: class path, archive, logging. The jars must
 * have been fetched: compose mode takes an engine's addresses from the same definition, and has none.
 */
export function programOptions(
  { cache, program, java }: { cache: string; program: string; java: string },
  folders: string[],
  loggingFile: string,
): string[] {
  const classpath = jarsOf(...folders);
  return [
    ...classArchive(cache, program, java, classpath),
    `-Dlog4j2.configurationFile=${loggingFile}`,
    "-cp",
    classpath,
  ];
}
