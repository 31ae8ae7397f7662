import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { classArchive, jarsOf } from "../../stack/engines/class-archive.ts";

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "swordlake-classes-"));
});
afterEach(() => rmSync(cache, { recursive: true }));

const fileOf = ([option]: string[]) => option!.split("=")[1]!;
const archive = () => classArchive(cache, "kafka", "/usr/bin/java", "a.jar:b.jar");

test("the first start makes an archive, the next uses it", () => {
  const first = archive();
  expect(first[0]).toMatch(/^-XX:ArchiveClassesAtExit=.*kafka-[0-9a-f]{12}\.jsa\.\d+$/);
  writeFileSync(fileOf(first), Buffer.from([0xa8, 0xab, 0x0b, 0xf0, 1]));
  const second = archive();
  expect(second[0]).toMatch(/^-XX:SharedArchiveFile=.*kafka-[0-9a-f]{12}\.jsa$/);
  expect(archive()).toEqual(second);
});

test("an archive whose JVM was killed while it wrote is not used", () => {
  writeFileSync(fileOf(archive()), Buffer.alloc(4096));
  expect(archive()[0]).toContain("ArchiveClassesAtExit");
  writeFileSync(fileOf(archive()), "");
  expect(archive()[0]).toContain("ArchiveClassesAtExit");
});

test("another class path or another Java has another archive", () => {
  const files = [
    archive(),
    classArchive(cache, "kafka", "/usr/bin/java", "b.jar:a.jar"),
    classArchive(cache, "kafka", "/opt/java", "a.jar:b.jar"),
  ].map(fileOf);
  expect(new Set(files).size).toBe(3);
});

test("jarsOf names the jars of each folder in order, and nothing else", () => {
  for (const folder of ["one", "two"]) mkdirSync(join(cache, folder));
  for (const file of ["one/b.jar", "one/a.jar", "one/LICENSE", "two/0.jar"])
    writeFileSync(join(cache, file), "");
  expect(jarsOf(join(cache, "one"), join(cache, "two"))).toBe(
    ["one/a.jar", "one/b.jar", "two/0.jar"].map((file) => join(cache, file)).join(":"),
  );
});
