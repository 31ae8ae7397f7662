import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { contractProblems, eventsOf, kafkaTopic, loadPipelines } from "../../../flink-sql/folders.ts";
import { definePipeline, event, topic } from "../../../flink-sql/pipeline.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "folders-"));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);

const kit = new URL("../../../flink-sql/pipeline.ts", import.meta.url).href;
const zod = new URL("../../../node_modules/zod/index.js", import.meta.url).href;
const head = `import { z } from "${zod}";\nimport { definePipeline, event, topic } from "${kit}";\n`;

let roots = 0;
/** A root with the given files in a place of its own; a pipeline.ts begins with two lines of imports. */
function rootWith(files: Record<string, string>, name = `root${roots++}`): string {
  const root = join(folder, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), path.endsWith("pipeline.ts") ? head + text : text);
  }
  return root;
}

const problems = async (...from: string[]) =>
  loadPipelines(from).then(
    () => [],
    (error: Error) => error.message.split("\n"),
  );

/** A pipeline whose third line declares topic `t` with the given events, one a line from the fourth on. */
const withEvents = (...events: string[]) =>
  `export default definePipeline({ title: "T", topics: { t: topic({ key: "user_id", events: {\n${events.join(",\n")}\n} }) } });\n`;
const good = withEvents(`clicked: event("A click", { user_id: z.string() })`);

/** As `swordlake` does it: the folder's TypeScript is read by tsx. */
async function problemsOfProgram(root: string): Promise<string[]> {
  const script = `
    import { loadPipelines } from "./flink-sql/folders.ts";
    loadPipelines([process.argv[1]]).catch((error) => console.log(error.message));`;
  const args = ["--import", "tsx", "--input-type=module", "-e", script, root];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: repository });
  return stdout.trim().split("\n");
}

describe("loadPipelines", () => {
  it("reads every folder that has a pipeline.ts, by name, with its SQL files by name", async () => {
    const one = rootWith({
      "web/pipeline.ts": good,
      "web/tables/b.sql": "CREATE TABLE b;",
      "web/tables/a.sql": "CREATE TABLE a;",
      "web/tables/notes.md": "no SQL",
      "web/jobs/landing.sql": "INSERT INTO a;",
      "empty/readme.md": "no pipeline",
      "file.ts": "",
    });
    const other = rootWith({ "app/pipeline.ts": good });
    const loaded = await loadPipelines([one, other]);
    expect(loaded.map(({ name, path }) => [name, path])).toEqual([
      ["app", join(other, "app")],
      ["web", join(one, "web")],
    ]);
    expect(loaded[1]?.tables).toEqual([
      { name: "a", path: join(one, "web/tables/a.sql"), text: "CREATE TABLE a;" },
      { name: "b", path: join(one, "web/tables/b.sql"), text: "CREATE TABLE b;" },
    ]);
    expect(loaded[1]?.reports).toEqual([]);
  });

  it("loads the checkout's own", async () => {
    for (const pipeline of await loadPipelines()) expect(eventsOf(pipeline).length).toBeGreaterThan(0);
  });

  it("names file and line of a mistake in zod, in TypeScript, and of an error of the folder's own", async () => {
    const root = rootWith(
      {
        "a/pipeline.ts": withEvents(
          `ok: event("A", { user_id: z.string() })`,
          `bad: event("A", { user_id: z.strin() })`,
        ),
        "b/pipeline.ts": `\nexport default definePipeline({ title: "T" topics: {} });\n`,
        "c/pipeline.ts": `const missing = (): never => {\n  throw new Error("Not today");\n};\nmissing();\n`,
        "d/pipeline.ts": `import "./nowhere.ts";\nexport default definePipeline({ title: "T", topics: {} });\n`,
      },
      "root (with a space)",
    );
    const at = (place: string) => join(root, place);
    const found = await problemsOfProgram(root);
    expect(found).toHaveLength(4);
    expect(found[0]).toBe(`${at("a/pipeline.ts:5")}: z.strin is not a function`);
    expect(found[1]).toBe(`${at("b/pipeline.ts:4")}: Expected "}" but found "topics"`);
    expect(found[2]).toBe(`${at("c/pipeline.ts:4")}: Not today`);
    expect(found[3]).toContain(`${at("d/pipeline.ts")}: Cannot find module`);
  });

  it("names file, line and cure of what a declaration gets wrong", async () => {
    const root = rootWith({
      "shop/pipeline.ts": withEvents(
        `bought: event("A", { user_id: z.string(), price: z.int32() })`,
        `sold: event("B", {\n  user_id: z.string(),\n  price: z.object({}),\n})`,
      ),
    });
    expect(await problems(root)).toEqual([
      `${root}/shop/pipeline.ts:7: Field 'sold.price' is a zod 'object', which has no column type. Use a string, number, boolean, enum of strings, z.iso.datetime(), decimal() or id64().`,
    ]);
  });

  it.each([
    ["no default export", "export const pipeline = 1;\n"],
    ["something else", "export default { title: 'T' };\n"],
  ])("wants a pipeline to be exported: %s", async (_, text) => {
    const root = rootWith({ "web/pipeline.ts": text });
    expect(await problems(root)).toEqual([
      `${root}/web/pipeline.ts: no pipeline is exported. End the file with 'export default definePipeline({…})'.`,
    ]);
  });

  it("lists all mistakes of all folders and roots in one error", async () => {
    const first = rootWith({
      "Bad-Name/pipeline.ts": good,
      "twice/pipeline.ts": withEvents(
        `a: event("A", { x: z.any() })`,
        `"B b": event("B", { user_id: z.string() })`,
      ),
      "fine/pipeline.ts": good,
      "files/pipeline.ts": good,
      "files/jobs/x' , 'y.sql": "SELECT 1",
    });
    const second = rootWith({ "none/pipeline.ts": "" });
    const found = await problems(first, second);
    expect(
      found.map((line) => line.slice(line.indexOf("/root") + 1).replace(/^root\d+\//, "")).sort(),
    ).toEqual([
      expect.stringMatching(/^Bad-Name\/pipeline\.ts: Pipeline folder 'Bad-Name' is no SQL identifier/),
      expect.stringMatching(/^files\/jobs\/x' , 'y\.sql: 'x' , 'y' is no SQL identifier/),
      expect.stringMatching(/^none\/pipeline\.ts: no pipeline is exported/),
      expect.stringMatching(
        /^twice\/pipeline\.ts:4: Event 'a' lacks 'user_id', the key of topic 't': add the field/,
      ),
      expect.stringMatching(/^twice\/pipeline\.ts:5: Event 'B b' is no SQL identifier/),
    ]);
  });
});

describe("contractProblems", () => {
  const user_id = z.string();
  const of = (topics: Parameters<typeof definePipeline>[0]["topics"], name = "web") =>
    contractProblems(name, definePipeline({ title: "T", topics }));
  const fields = (shape: z.ZodRawShape, options = {}) => ({
    t: topic({ key: "user_id", events: { e: event("E", { user_id, ...shape }, options) } }),
  });

  it("finds none where all is well", () => {
    expect(of(fields({ x: z.int32() }))).toEqual([]);
  });

  it("wants an event", () => {
    expect(of({})).toEqual([expect.stringContaining("No event is declared")]);
    expect(of({ t: topic({ key: "k", events: {} }) })).toHaveLength(1);
  });

  it("wants each event in one topic", () => {
    const events = { e: event("E", { user_id }) };
    expect(of({ a: topic({ key: "user_id", events }), b: topic({ key: "user_id", events }) })).toEqual([
      "Event 'e' is in topics 'a' and 'b': keep one",
    ]);
  });

  it.each([
    "A",
    "1a",
    "a-b",
    "a b",
    "a`b",
    "a'b",
    "a;b",
    "",
    "ä",
    "a".repeat(64),
  ])("lets no name into SQL that needs quoting: %j", (bad) => {
    const computed = { computed: { [bad]: { type: z.int32(), from: () => 1 } } };
    const events = { [bad]: event("E", { user_id }) };
    for (const found of [
      of(fields({}), bad),
      of({ [bad]: topic({ key: "user_id", events: { e: event("E", { user_id }) } }) }),
      of({ t: topic({ key: "user_id", events }) }),
      of(fields({ [bad]: z.int32() })),
      of(fields({}, computed)),
    ])
      expect(found).toEqual([
        expect.stringMatching(/ is no SQL identifier: use a-z, 0-9 and _, a letter first$/),
      ]);
  });

  it.each([
    "event_id",
    "received_at",
    "host",
    "kafka_offset",
    "arrived",
  ])("refuses the field %s, which every event has", (name) => {
    expect(of(fields({ [name]: z.string() }))).toEqual([
      `Field 'e.${name}' has the name of a column that every event has: rename it`,
    ]);
  });

  it("refuses a field both sent and computed, and an event without zod fields", () => {
    const computed = { computed: { x: { type: z.int32(), from: () => 1 } } };
    expect(of(fields({ x: z.int32() }, computed))).toEqual([
      "Field 'e.x' is both sent and computed: keep one",
    ]);
    const events = { e: { description: "E", fields: {}, computed: {} } } as never;
    expect(of({ t: topic({ key: "user_id", events }) })).toEqual([
      expect.stringContaining("Event 'e' has no zod fields"),
    ]);
  });
});

describe("names", () => {
  it("of a Kafka topic and of all events", () => {
    expect(kafkaTopic("web", "clicks")).toBe("web.clicks");
    const events = { a: event("A", {}), b: event("B", {}) };
    const declared = definePipeline({ title: "T", topics: { t: topic({ key: "k", events }) } });
    expect(eventsOf(declared).map(({ type, topicName }) => [type, topicName])).toEqual([
      ["a", "t"],
      ["b", "t"],
    ]);
  });
});
