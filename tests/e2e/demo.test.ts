// The README's commands, as a newcomer types them, against the stack that runs.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { repository } from "../../stack/config.ts";
import { apply, swordlake, swordlakeJson } from "../support/cli.ts";

const make = (...args: string[]) =>
  execa("make", args, { cwd: repository, reject: false, all: true, stdin: "ignore" });

const notebooks = readdirSync(join(repository, "notebooks"))
  .filter((name) => name.endsWith(".ipynb"))
  .map((name) => name.replace(".ipynb", ""));

const filed = ["products", "ads", "shop"];
const loadedHere = ["game", ...filed];

/** Makes a small file and loads it; the test before has loaded the pipelines that aren't loaded so. */
async function loadSome(pipeline: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), `swordlake-${pipeline}-`));
  const made = await swordlake("generate", pipeline, "--rows", "1500", "--seed", "3", "--out", folder);
  expect(made.exitCode, made.stderr).toBe(0);
  const { files } = JSON.parse(readFileSync(join(folder, "answers.json"), "utf8")) as {
    files: { name: string }[];
  };
  const loaded = await swordlake(
    "load",
    pipeline,
    ...files.flatMap(({ name }) => ["--csv", join(folder, name)]),
  );
  expect(loaded.exitCode, loaded.stderr).toBe(0);
}

describe("make", () => {
  it("demo: addresses, every report with rows, a closed ledger, and what to do next", async () => {
    const demo = await make("demo", "DEMO_EVENTS=3000");
    expect(demo.exitCode, demo.all).toBe(0);
    expect(demo.stdout).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
    expect(demo.stdout).toMatch(/The ledger is closed: nothing lost, nothing doubled\./);
    expect(demo.stdout).toMatch(/agrees with the lake, event by event/);
    expect(demo.stdout).toMatch(/Members by guild/);
    expect(demo.stdout).not.toMatch(/\bno rows\b/);
    expect(demo.stdout).toMatch(/What to try next/);
  });

  it("load: takes its settings as variables", async () => {
    const loaded = await make(
      "load",
      "EVENTS=200",
      "USERS=5",
      "ENDPOINTS=join_guild,default",
      "CONNECTIONS=4",
      "SEED=9",
    );
    expect(loaded.exitCode, loaded.all).toBe(0);
    expect(loaded.all).toMatch(/200/);
  });

  it("notebooks: executes each, with its reports, pictures and a closed ledger in its page", async () => {
    await apply(...filed, "apps");
    await Promise.all(filed.map(loadSome));
    const ran = await make("notebooks");
    expect(ran.exitCode, ran.all).toBe(0);
    for (const name of notebooks) {
      const { rows } = await swordlakeJson<{ rows: unknown[] }>(
        "sql",
        `SELECT 1 FROM lake.${name}.log LIMIT 1`,
      );
      // What another file's tests load, and count exactly, may not be there yet.
      const isLoaded = rows.length > 0 || loadedHere.includes(name);
      const page = readFileSync(join(repository, `.swordlake/notebooks/${name}.html`), "utf8");
      const pictures = page.match(/<img [^>]*src="data:image\/png/g)?.length ?? 0;
      expect(pictures, name).toBeGreaterThanOrEqual(isLoaded ? 4 : 0);
      for (const report of readdirSync(join(repository, `flink-sql/${name}/reports`)))
        expect(page).toContain(`<summary>SQL: ${report}</summary>`);
      expect(page).not.toContain("does not run the pipeline");
      expect(page.includes("<b>No rows yet.</b>"), name).toBe(!isLoaded);
      // Tests before this one leave a ledger open by deleting rows on purpose.
      expect(page).toMatch(/<b>The ledger (closes|does not close):<\/b>/);
      expect(page).not.toMatch(/<(script|link|img|iframe)\b[^>]+(src|href)="(https?:)?\/\//);
    }
  });

  it("notebooks: says where a pipeline isn't applied, and stops at a cell that fails", async () => {
    const folder = mkdtempSync(join(tmpdir(), "swordlake-notebooks-"));
    const cell = (source: string) => ({
      cell_type: "code",
      id: "a",
      execution_count: null,
      metadata: {},
      outputs: [],
      source,
    });
    const begin = `import sys; sys.path.insert(0, '${join(repository, "notebooks")}')\n%load_ext lake\n`;
    const write = (name: string, source: string) => {
      const path = join(folder, `${name}.ipynb`);
      writeFileSync(
        path,
        JSON.stringify({ cells: [cell(begin + source)], metadata: {}, nbformat: 4, nbformat_minor: 5 }),
      );
      return path;
    };
    const none = write(
      "none",
      "%pipeline nowhere: a command\npage.kept()\npage.stored()\npage.quarantined()\npage.account()",
    );
    const wrong = write("wrong", "%pipeline game: a command\n%report sword_types no_such=1");
    const { stdout: trino } = await swordlake("url", "trino");
    const execute = (path: string) =>
      execa(".venv/bin/python", ["notebooks/execute.py", folder, path], {
        cwd: repository,
        reject: false,
        all: true,
        env: { SWORDLAKE_TRINO: trino, PYTHONDONTWRITEBYTECODE: "1" },
      });
    const [said, failed] = await Promise.all([execute(none), execute(wrong)]);
    expect(said.exitCode, said.all).toBe(0);
    expect(readFileSync(join(folder, "none.html"), "utf8")).toContain("does not run the pipeline");
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toMatch(/has no parameter.+no_such/);
  });

  it("help: lists every target", async () => {
    const help = await make("help");
    for (const target of ["up", "down", "demo", "load", "test", "notebooks"])
      expect(help.stdout).toMatch(`make ${target} `);
  });
});
