import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findJava } from "../../../stack/jdk.ts";

const folder = mkdtempSync(join(tmpdir(), "jdk-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A folder that looks like a JDK; `version` as its release file has it. */
function fakeJdk(path: string, version: string): string {
  const home = join(folder, path);
  mkdirSync(join(home, "bin"), { recursive: true });
  writeFileSync(join(home, "release"), `IMPLEMENTOR="Test"\nJAVA_VERSION="${version}"\n`);
  writeFileSync(join(home, "bin/java"), "");
  return home;
}

const jdk8 = fakeJdk("jvm/jdk-8", "1.8.0_412");
const jdk11 = fakeJdk("jvm/jdk-11", "11.0.2");
const jdk17 = fakeJdk("jvm/jdk-17", "17.0.9");
const jdk25 = fakeJdk("mac/25.jdk/Contents/Home", "25");
const brewed = fakeJdk("brew/openjdk@21/libexec/openjdk.jdk/Contents/Home", "21.0.1");
const jvm = join(folder, "jvm");
const nothing = { SDKMAN_DIR: join(folder, "no-sdkman"), PATH: join(folder, "empty") };
const java = (home: string) => join(home, "bin/java");

describe("findJava", () => {
  it("finds exactly the version asked for in the systems' folders, however nested", async () => {
    const roots = ["jvm", "mac", "brew", "gone"].map((name) => join(folder, name));
    expect(await findJava(17, nothing, roots)).toBe(java(jdk17));
    expect(await findJava(8, nothing, roots)).toBe(java(jdk8));
    expect(await findJava(25, nothing, roots)).toBe(java(jdk25));
    expect(await findJava(21, nothing, roots)).toBe(java(brewed));
  });

  it("goes by the environment first: JAVA_HOME, JAVA_HOME_<n>", async () => {
    const other = fakeJdk("other-17", "17.0.1");
    expect(await findJava(17, { ...nothing, JAVA_HOME: other }, [jvm])).toBe(java(other));
    expect(await findJava(17, { ...nothing, JAVA_HOME: jdk11, JAVA_HOME_17: other }, [jvm])).toBe(
      java(other),
    );
    expect(await findJava(17, { ...nothing, JAVA_HOME_17_X64: other }, [])).toBe(java(other));
  });

  it("looks through SDKMAN, and through links on the PATH", async () => {
    const managed = fakeJdk("sdkman/candidates/java/17.0.9-tem", "17.0.9");
    expect(await findJava(17, { ...nothing, SDKMAN_DIR: join(folder, "sdkman") }, [])).toBe(java(managed));
    mkdirSync(join(folder, "bin"));
    symlinkSync(java(jdk17), join(folder, "bin/java"));
    expect(await findJava(17, { ...nothing, PATH: `/nowhere:${join(folder, "bin")}` }, [])).toBe(java(jdk17));
  });

  it("says that there is none, and the cure", async () => {
    await expect(findJava(17, nothing, [])).rejects.toThrow(
      /^JDK 17 wasn't found \(found: none\)\. Install it \(Debian: .*openjdk-17-jdk.*macOS: brew install openjdk@17\), or set JAVA_HOME_17 to its folder\.$/,
    );
  });

  it("lists the wrong ones it found, and takes a folder without java for none", async () => {
    mkdirSync(join(folder, "half/jdk-25"), { recursive: true });
    writeFileSync(join(folder, "half/jdk-25/release"), 'JAVA_VERSION="25"\n');
    const env = { ...nothing, JAVA_HOME: jdk11, JAVA_HOME_25: join(folder, "gone") };
    await expect(findJava(25, env, [join(folder, "half"), jvm])).rejects.toThrow(
      `JDK 25 wasn't found (found: JDK 11 in ${jdk11}, JDK 17 in ${jdk17}, JDK 8 in ${jdk8}). Install it`,
    );
  });
});
