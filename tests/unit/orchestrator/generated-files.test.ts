// generate's writer: files and answers in a folder, and what it refuses.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { PipelineFolder } from "../../../flink-sql/folders.ts";
import { defineGenerator, type Generator } from "../../../flink-sql/generator.ts";
import { loadGenerator, writeGenerated } from "../../../orchestrator/generated-files.ts";

const folder = mkdtempSync(join(tmpdir(), "swordlake-generate-"));
afterAll(() => rmSync(folder, { recursive: true }));

const options = { rows: 2, seed: 5, damage: 0 };
const [first, second] = [
  { name: "a.csv", event: "a" },
  { name: "b.csv", event: "b" },
];
const generator = defineGenerator({
  files: [first, second],
  generate({ seed }, write) {
    write(first, "id\n");
    write(second, "id\n");
    write(first, `${seed}é\n`);
    write(second, Uint8Array.of(0xe9, 10));
    return { read: 2, landed: 1, duplicates: 0, quarantined: 1, reports: [] };
  },
});
const named = (name: string) => ({ name, path: join(folder, name) }) as PipelineFolder;

describe("what is generated", () => {
  it("is in its files, byte for byte, with the answers beside them", () => {
    const told: [string, number, number][] = [];
    const out = join(folder, "new", "out");
    writeGenerated(named("x"), generator, options, { folder: out }, (...line) => told.push(line));
    expect(readFileSync(join(out, "a.csv"), "utf8")).toBe("id\n5é\n");
    expect([...readFileSync(join(out, "b.csv"))]).toEqual([...Buffer.from("id\n"), 0xe9, 10]);
    expect(told.at(-1)).toEqual(["b.csv", 4, 12]);
    expect(JSON.parse(readFileSync(join(out, "answers.json"), "utf8"))).toEqual({
      ...{ pipeline: "x", ...options, files: [first, second] },
      ...{ read: 2, landed: 1, duplicates: 0, quarantined: 1, reports: [] },
    });
  });

  it("overwrites nothing unless it is forced to", () => {
    const out = join(folder, "used");
    mkdirSync(out);
    writeFileSync(join(out, "b.csv"), "mine");
    const again = (force?: boolean) =>
      writeGenerated(named("x"), generator, options, { folder: out, ...(force ? { force } : {}) });
    expect(() => again()).toThrow(
      `${out} has b.csv already: give another --out, or overwrite them with --force`,
    );
    expect(readFileSync(join(out, "b.csv"), "utf8")).toBe("mine");
    expect(existsSync(join(out, "a.csv"))).toBe(false);
    again(true);
    expect(readFileSync(join(out, "b.csv")).at(0)).toBe("i".charCodeAt(0));
  });

  it("goes to declared files alone", () => {
    const wild: Generator = {
      files: [first],
      generate(_, write) {
        write(second, "x");
        return { read: 0, landed: 0, duplicates: 0, quarantined: 0, reports: [] };
      },
    };
    const out = join(folder, "wild");
    expect(() => writeGenerated(named("x"), wild, options, { folder: out })).toThrow(
      "'b.csv', which is not among",
    );
    expect(existsSync(join(out, "answers.json"))).toBe(false);
  });
});

describe("a folder's generate.ts", () => {
  it.each([
    ["none", undefined, /can't make files: write .*none\/generate\.ts/],
    ["empty", "export default {};", /empty\/generate\.ts: no generator is exported/],
    ["broken", "throw new Error('oh');", /broken\/generate\.ts: oh/],
  ])("that is %s is named, with the cure", async (name, text, message) => {
    mkdirSync(join(folder, name));
    if (text) writeFileSync(join(folder, name, "generate.ts"), text);
    await expect(loadGenerator(named(name))).rejects.toThrow(message);
  });
});
