import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { allOrEveryProblem } from "../../../stack/fetch.ts";
import { checkJars, fetchJars, jarModules, jarsFolder, missingJars } from "../../../stack/jars.ts";

const folder = mkdtempSync(join(tmpdir(), "jars-"));
afterAll(() => rmSync(folder, { recursive: true }));

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const contents = { "a-1.jar": "jar a", "b-2.jar": "jar b" };

/** Lists of two jars for two modules, in place of the engines' hundreds. */
const source = join(folder, "lists");
for (const module of ["kafka", "hadoop"]) {
  mkdirSync(join(source, module), { recursive: true });
  const lines = Object.entries(contents).map(([name, text]) => `${sha256(text)}  ${name}\n`);
  writeFileSync(join(source, module, "jars.sha256"), lines.join(""));
}

let made = 0;
function folderWith(files: Record<string, string>): string {
  const path = join(folder, `files${made++}`);
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

describe("checkJars", () => {
  it("is content with what the list says, and its own mark", async () => {
    await checkJars("kafka", folderWith({ ...contents, ".checked": "" }), source);
  });

  it("names every missing, altered and foreign file, and the cure", async () => {
    const files = folderWith({ "b-2.jar": "altered", "evil.jar": "x" });
    await expect(checkJars("kafka", files, source)).rejects.toThrow(
      [
        "The download of kafka is broken:",
        "  a-1.jar: missing",
        `  b-2.jar: SHA-256 is ${sha256("altered")}, expected ${sha256("jar b")}`,
        "  evil.jar: not in the list",
        "It was removed. Run the command again; if it stays broken, delete these files from Maven's repository",
      ].join("\n"),
    );
  });

  it("says so where nothing came at all", async () => {
    await expect(checkJars("kafka", join(folder, "nowhere"), source)).rejects.toThrow("a-1.jar: missing");
  });
});

/** A PATH on which `mvn` is a script of ours; it has the staging folder as $out. */
function pathWithMvn(script: string): NodeJS.ProcessEnv {
  const out = `for a in "$@"; do case "$a" in -DoutputDirectory=*) out="\${a#*=}"; out="\${out%/*}";; esac; done`;
  const bin = folderWith({});
  writeFileSync(join(bin, "mvn"), `#!/bin/sh\n${out}\n${script}\n`, { mode: 0o755 });
  return { PATH: `${bin}:/usr/bin:/bin` };
}

const deliver = (module: string, files: Record<string, string>) =>
  [
    `mkdir -p "$out/${module}"`,
    ...Object.entries(files).map(([name, text]) => `printf '%s' '${text}' > "$out/${module}/${name}"`),
  ].join("\n");

/** Fetches both modules into a cache of its own; gives the cache with what came of it. */
async function fetchWith(env: NodeJS.ProcessEnv) {
  const cache = folderWith({});
  const told: string[] = [];
  const fetched = fetchJars(cache, ["kafka", "hadoop"], "/jdk/bin/java", (l) => told.push(l), {
    env,
    source,
  });
  const error = await fetched.then(
    () => undefined,
    (cause: Error) => cause.message,
  );
  const staging = join(cache, "staging");
  return { cache, told, error, left: existsSync(staging) ? readdirSync(staging) : [] };
}

describe("fetchJars", () => {
  it("puts checked jars into the cache, with Maven on the JDK given", async () => {
    const script = `[ "$JAVA_HOME" = /jdk ] || exit 9\n${deliver("kafka", contents)}\n${deliver("hadoop", contents)}
      echo "Downloaded from central: a-1.jar"`;
    const { cache, error, told, left } = await fetchWith(pathWithMvn(script));
    expect(error).toBeUndefined();
    for (const module of ["kafka", "hadoop"] as const)
      expect(readdirSync(jarsFolder(cache, module, source)).sort()).toEqual([
        ".checked",
        "a-1.jar",
        "b-2.jar",
      ]);
    expect(told).toEqual(expect.arrayContaining(["1 files fetched, 4 of 4 in place", "checking kafka"]));
    expect(left).toEqual([]);
  });

  it("asks for nothing where nothing is missing", async () => {
    await fetchJars("/nowhere", [], "/jdk/bin/java", () => {}, { env: {}, source });
  });

  it("says that Maven is missing, and how to get it", async () => {
    const { error, left } = await fetchWith({ PATH: folderWith({}) });
    expect(error).toBe(
      "Maven (mvn) isn't on the PATH. Install it (Debian: apt install maven; macOS: brew install maven).",
    );
    expect(left).toEqual([]);
  });

  it("says that the disk is full, and what to do", async () => {
    const script = `${deliver("kafka", { "a-1.jar": "ja" })}\necho "[ERROR] a-1.jar: No space left on device"; exit 1`;
    const { error, left, cache } = await fetchWith(pathWithMvn(script));
    expect(error).toBe(
      "The disk is full. Free about 3 GB, or set SWORDLAKE_CACHE to a folder on a larger disk.",
    );
    expect(left).toEqual([]);
    expect(existsSync(join(cache, "jars"))).toBe(false);
  });

  it("gives Maven's own errors otherwise, and the cure", async () => {
    const noise = "for i in 1 2 3 4 5; do echo '[INFO] noise'; done";
    const { error } = await fetchWith(
      pathWithMvn(`${noise}; echo '[ERROR] Unknown host repo.example'; exit 1`),
    );
    expect(error).toMatch(
      /^Maven couldn't fetch the engines:\n\[ERROR\] Unknown host repo\.example\nCheck the network and Maven's settings/,
    );
    expect((await fetchWith(pathWithMvn("echo 'JAVA_HOME is odd'; exit 1"))).error).toContain(
      "JAVA_HOME is odd",
    );
    expect((await fetchWith(pathWithMvn("exit 3"))).error).toContain("exit code 3");
  });

  it("removes a broken download, names the file, and keeps what was whole", async () => {
    const script = `${deliver("kafka", contents)}\n${deliver("hadoop", { ...contents, "b-2.jar": "half" })}`;
    const { error, cache, left } = await fetchWith(pathWithMvn(script));
    expect(error).toMatch(
      /^The download of hadoop is broken:\n {2}b-2\.jar: SHA-256 is .*\nIt was removed\. Run/,
    );
    expect(left).toEqual([]);
    expect(existsSync(jarsFolder(cache, "kafka", source))).toBe(true);
    expect(existsSync(jarsFolder(cache, "hadoop", source))).toBe(false);
  });

  it("takes a download that brought nothing for broken", async () => {
    expect((await fetchWith(pathWithMvn("exit 0"))).error).toContain("The download of kafka is broken");
  });
});

describe("missingJars", () => {
  it("takes a module for there once it was checked", () => {
    const cache = folderWith({});
    expect(missingJars(cache, jarModules)).toEqual(jarModules);
    mkdirSync(jarsFolder(cache, "flink"), { recursive: true });
    expect(missingJars(cache, ["flink"])).toEqual(["flink"]);
    writeFileSync(join(jarsFolder(cache, "flink"), ".checked"), "");
    expect(missingJars(cache, ["flink", "hadoop"])).toEqual(["hadoop"]);
  });
});

describe("allOrEveryProblem", () => {
  it("tells one problem as it is, and several at once", async () => {
    const one = Promise.reject(new Error("no JDK 17"));
    const two = Promise.reject(new Error("no JDK 25"));
    await allOrEveryProblem([Promise.resolve()]);
    await expect(allOrEveryProblem([one, Promise.resolve()])).rejects.toThrow(/^no JDK 17$/);
    await expect(allOrEveryProblem([one, two])).rejects.toThrow("no JDK 17\nno JDK 25");
  });
});
