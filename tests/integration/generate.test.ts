// `swordlake generate` as a person types it, for the checkout's folders and for one in a root of its own.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { swordlake, swordlakeWith } from "../support/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "swordlake-generate-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("swordlake generate", () => {
  it("writes files and their answers, says what a load must print, and overwrites nothing", async () => {
    const out = join(folder, "catalogue");
    const args = ["generate", "products", "--rows", "1000", "--seed", "4", "--damage", "0.05", "--out", out];
    const ran = await swordlake(...args);
    expect(ran.exitCode, ran.stderr).toBe(0);
    const answers = JSON.parse(readFileSync(join(out, "answers.json"), "utf8"));
    expect(answers).toMatchObject({ pipeline: "products", rows: 1000, seed: 4, damage: 0.05, read: 1000 });
    expect(ran.stdout).toContain(
      `1,000 rows = ${answers.landed} that land + ${answers.duplicates} duplicates + ${answers.quarantined} to quarantine`,
    );
    for (const { name } of answers.files) expect(ran.stdout).toContain(join(out, name));
    const again = await swordlake(...args);
    expect(again).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("already: give another --out"),
    });
    expect((await swordlake(...args, "--force")).exitCode).toBe(0);
  });

  it("takes a folder of another root, which imports the kit by its name", async () => {
    const tea = join(folder, "root", "tea");
    mkdirSync(tea, { recursive: true });
    writeFileSync(
      join(tea, "pipeline.ts"),
      `import { definePipeline, event, topic } from "swordlake";
       import { z } from "zod";
       export default definePipeline({ title: "Tea", topics: { cups: topic({ key: "id", events: {
         cup: event("A cup", { id: z.string() }, { csv: {} }) } }) } });`,
    );
    writeFileSync(
      join(tea, "generate.ts"),
      `import { createDraws, createRowWriter, defineGenerator } from "swordlake/generator";
       const file = { name: "cups.csv", event: "cup" };
       export default defineGenerator({ files: [file], generate({ rows, seed }, write) {
         const writer = createRowWriter({ file, header: ["id"], rows, damage: 0, damages: [] }, createDraws(seed), write);
         while (writer.left() > 0) writer.row([String(writer.left())]);
         writer.end();
         return { ...writer.counts, reports: [] };
       } });`,
    );
    const out = join(folder, "cups");
    const env = { SWORDLAKE_PIPELINES: join(folder, "root") };
    const ran = await swordlakeWith(env, "generate", "tea", "--rows", "3", "--out", out);
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(readFileSync(join(out, "cups.csv"), "utf8")).toBe("id\n3\n2\n1\n");
  });

  it.each([
    [["game"], /Pipeline 'game' can't make files: write .*game\/generate\.ts/],
    [["products", "--rows", "1e3"], /--rows 1e3: give a whole number, 1 or more/],
    [["products", "--damage", "2"], /--damage 2: give a share from 0 to 1/],
    [["products", "--seed", "-1"], /--seed -1: give a whole number, 0 or more/],
    [["tea"], /tea/],
  ])("says what is wrong with %j", async (args, message) => {
    const ran = await swordlake("generate", ...args, "--out", join(folder, "none"));
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr).toMatch(message);
  });
});
