// Checks of what the code itself must be: its boundaries, its sizes, its names. A rule that matters is here.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readVersions } from "../../stack/versions.ts";
import config from "../../vitest.config.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const below = (folder: string) =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !/__pycache__|node_modules/.test(entry.parentPath))
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
        .sort()
    : [];
const text = (file: string) => readFileSync(join(root, file), "utf8");
const linesOf = (file: string) => text(file).trimEnd().split("\n");
/** A source without its comments. */
const code = (file: string) => text(file).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");

const modules = ["stack", "flink-sql", "client", "orchestrator", "game-api", "loadgen", "console"];
const files = modules.flatMap(below);
const tests = below("tests");
const isSource = (file: string) => /\.(tsx?|js)$/.test(file);
const sources = files.filter(isSource);
const pipelines = readdirSync(join(root, "flink-sql")).filter((name) =>
  existsSync(join(root, "flink-sql", name, "pipeline.ts")),
);

/** What a file imports: packages by name, files by their path from the root. */
const importsOf = (file: string): string[] =>
  [...code(file).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g)].map(([, name = ""]) =>
    name.startsWith(".") ? join(dirname(file), name) : name,
  );
const moduleOf = (file: string) => file.split("/")[0] ?? "";
/** Every file of a list for which `wrong` has something to say. */
const found = (list: string[], wrong: (file: string) => unknown) =>
  list.flatMap((file) =>
    [wrong(file)]
      .flat()
      .filter(Boolean)
      .map((what) => `${file}: ${what}`),
  );

describe("boundaries", () => {
  const mayUse: Record<string, string[]> = {
    "flink-sql": [],
    stack: [],
    "game-api": ["flink-sql"],
    client: ["flink-sql"],
    loadgen: ["flink-sql", "client"],
    orchestrator: ["flink-sql", "client", "stack"],
    console: [],
  };
  /** A form that two programs must agree on, where one of them writes it and the other reads it. */
  const sharedForms = ["game-api/api-key.ts"];
  /** What the page takes of the orchestrator: types of its answers, and how a value reads. Neither needs Node. */
  const pageForms = ["orchestrator/console/api.ts", "orchestrator/reports/result.ts"];
  /** The one command that sends rows of files: it is loadgen's, with the addresses of the instance. */
  const loadCommand = "orchestrator/commands/load.ts";

  it.each(modules)("%s imports only what it may", (module) => {
    const allowed = [module, ...(mayUse[module] ?? [])];
    const others = [...modules, "examples", "tests", "bench", "notebooks"].filter(
      (name) => !allowed.includes(name),
    );
    const own = sources.filter((file) => moduleOf(file) === module);
    expect(own).not.toEqual([]);
    const foreign = (file: string) => (name: string) =>
      others.includes(moduleOf(name)) &&
      !sharedForms.includes(name) &&
      !(module === "console" && pageForms.includes(name)) &&
      !(file === loadCommand && moduleOf(name) === "loadgen");
    expect(found(own, (file) => importsOf(file).filter(foreign(file)))).toEqual([]);
  });

  it("flink-sql needs nothing but zod and Node", () => {
    const own = sources.filter((file) => moduleOf(file) === "flink-sql");
    expect(
      found(own, (file) => importsOf(file).filter((name) => !/^(zod$|node:|flink-sql\/)/.test(name))),
    ).toEqual([]);
  });

  it("examples use only what a reader can copy: their own files and Node", () => {
    const examples = below("examples").filter(isSource);
    expect(examples).not.toEqual([]);
    const own = (file: string) => new RegExp(`^(node:|${dirname(file)}/)`);
    expect(found(examples, (file) => importsOf(file).filter((name) => !own(file).test(name)))).toEqual([]);
  });

  it("what clients run needs nothing but itself: it goes to browsers, alone", () => {
    const runtime = ["answer", "backlog", "options", "runtime"].map((name) => `client/${name}.ts`);
    expect(runtime.filter((file) => !sources.includes(file))).toEqual([]);
    expect(found(runtime, (file) => importsOf(file).filter((name) => !runtime.includes(name)))).toEqual([]);
  });

  it.each([
    ["axios", /^(orchestrator\/engines\/(flink|gateway)|stack\/(probes|engines\/\w+))\.ts$/],
    ["pg", /^(orchestrator\/engines\/store|stack\/engines\/postgres|game-api\/keyring)\.ts$/],
    ["trino-client", /^(orchestrator\/engines\/trino|stack\/probes)\.ts$/],
    [
      "@confluentinc/kafka-javascript",
      /^(game-api\/(producer|kafka-settings|produce-check)|orchestrator\/engines\/kafka|stack\/probes)\.ts$/,
    ],
  ])("%s has one home in each program", (driver, homes) => {
    expect(sources.filter((file) => importsOf(file).includes(driver) && !homes.test(file))).toEqual([]);
  });

  it("only config.ts reads the environment", () => {
    const read = sources.filter((file) => /process\s*\.\s*env\b|process\["env"\]/.test(code(file)));
    expect(read.filter((file) => !/\/config\.ts$/.test(file))).toEqual([]);
  });

  it("only main.ts, bin.js and commands print, exit and hear signals", () => {
    const edge = /\/(main\.ts|bin\.js)$|^orchestrator\/commands\//;
    const act = /process\.(exit|on|once|exitCode)\b|\bconsole\.(log|info|warn|error|debug)\(/;
    expect(sources.filter((file) => act.test(code(file)) && !edge.test(file))).toEqual([]);
  });
});

describe("the engine", () => {
  // Each shows a person the pipeline that comes with the checkout; none decides by its name.
  const showing = ["loadgen/config.ts", "orchestrator/main.ts", "orchestrator/commands/next.ts"];

  it("names no pipeline", () => {
    const engine = files.filter((file) => !/^flink-sql\/.+\//.test(file) && !showing.includes(file));
    const named = (file: string) => {
      const words: string[] = text(file).replaceAll("game-api", "").match(/\w+/g) ?? [];
      return pipelines.filter((name) => words.includes(name));
    };
    expect(pipelines).not.toEqual([]);
    expect(found(engine, named)).toEqual([]);
  });

  it("has each version of an engine in one place", () => {
    const homes = /^stack\/jars\//;
    const everything = [...files, ...tests, ...below("notebooks"), ...below("bench"), "Makefile"];
    const versions = Object.entries(readVersions()).map(([engine, version]) => ({
      engine: version.split(".").length > 2 ? "" : engine, // 483 is a number like any other, unless near its engine
      literal: new RegExp(`(?<![\\w.])${version.replaceAll(".", "\\.")}(?!\\w|\\.\\d)`),
    }));
    const named = (file: string) =>
      versions.flatMap(({ engine, literal }) =>
        literal.test(text(file))
          ? linesOf(file).filter((line) => literal.test(line) && line.includes(engine))
          : [],
      );
    expect(
      found(
        everything.filter((file) => existsSync(join(root, file)) && !homes.test(file)),
        named,
      ),
    ).toEqual([]);
  });
});

describe("files", () => {
  it("fit in the head: 400 lines at most, half of them 120 or fewer", () => {
    const typed = [...sources, ...tests.filter(isSource)];
    expect(found(typed, (file) => linesOf(file).length > 400 && linesOf(file).length)).toEqual([]);
    const sizes = sources.map((file) => linesOf(file).length).sort((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(120);
  });

  it("have a name that says what is in them", () => {
    const vague = /(^|\/)(utils?|common|shared|helpers?|misc)(\.\w+)*(\/|$)/i;
    expect([...files, ...tests].filter((file) => vague.test(file))).toEqual([]);
  });

  it("open with one to three lines on what they own", () => {
    const wrong = (file: string) => {
      const mark = file.endsWith(".sql") ? "-- " : "// ";
      const lines = linesOf(file).filter((line) => !line.startsWith("#!"));
      const header = lines.findIndex((line) => !line.startsWith(mark));
      return (header < 1 || (header > 3 && mark === "// ")) && `${header} lines of header`;
    };
    expect(
      found(
        files.filter((file) => /\.(tsx?|js|sql)$/.test(file)),
        wrong,
      ),
    ).toEqual([]);
  });
});

describe("tests", () => {
  type Project = { test: { name: string; include: string[]; exclude?: string[] } };
  const projects = (config.test?.projects ?? []) as Project[];
  const matches = (file: string, globs: string[] = []) =>
    globs.some((glob) => {
      const parts = glob.split("**/").map((part) => part.replaceAll(".", "\\.").replaceAll("*", "[^/]*"));
      return new RegExp(`^${parts.join("(?:.+/)?")}$`).test(file);
    });

  it("are each run by exactly one project", () => {
    const runners = (file: string) =>
      projects.filter(({ test }) => matches(file, test.include) && !matches(file, test.exclude));
    const cases = tests.filter((file) => /\.(test|spec)\.[tj]s$/.test(file));
    expect(cases).toContain("tests/unit/tidy.test.ts");
    expect(
      found(cases, (file) => runners(file).length !== 1 && `run by ${runners(file).length} projects`),
    ).toEqual([]);
  });

  it("are all run: none is left out, none runs alone", () => {
    const marks = /\.(only|skip|skipIf|runIf|todo|fails)\b|\b(x|f)(it|describe)\(/;
    expect(
      tests.filter((file) => isSource(file) && file !== "tests/unit/tidy.test.ts" && marks.test(code(file))),
    ).toEqual([]);
  });
});
