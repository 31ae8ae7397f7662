import { mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strFromU8, unzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { writeEmptyHadoopDefaults } from "../../../stack/engines/hadoop-defaults.ts";

describe("Hadoop's empty defaults", () => {
  it("are a jar with a document for each file of Hadoop's, which stays as it was written", () => {
    const folder = join(mkdtempSync(join(tmpdir(), "swordlake-defaults-")), "jars");
    writeEmptyHadoopDefaults(folder);
    const [name] = readdirSync(folder) as [string];
    const jar = join(folder, name);
    const files = unzipSync(readFileSync(jar));
    expect(Object.keys(files)).toEqual(["core-default.xml", "mapred-default.xml", "yarn-default.xml"]);
    for (const text of Object.values(files)) expect(strFromU8(text)).toBe("<configuration/>\n");
    const { mtimeMs } = statSync(jar);
    writeEmptyHadoopDefaults(folder);
    expect(statSync(jar).mtimeMs).toBe(mtimeMs);
  });
});
