// What `swordlake client` writes, compiled by itself as its users would.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { runtimeSource } from "../../../client/embed.ts";
import { generateClient } from "../../../client/generate.ts";
import { decimal, definePipeline, event, id64, topic } from "../../../flink-sql/pipeline.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "swordlake-client-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** One field of every kind, and events whose names get in the way. */
const pipeline = definePipeline({
  title: "A smithy */ of many kinds",
  topics: {
    work: topic({
      key: "smith_id",
      events: {
        hammer: event("A smith hammers", {
          smith_id: z.string(),
          metal: z.enum(["iron", "gold"]),
          shape: z.literal("round").nullable(),
          blows: z.int32().min(1).default(1),
          heat: z.number().nullish(),
          is_hot: z.boolean().optional(),
          ore_id: id64(),
          price: decimal(9, 2).optional(),
          due: z.iso.date().optional(),
          at: z.iso.datetime({ offset: true }).optional(),
          other: z.union([z.string(), z.number()]).meta({ flink: "STRING" }).optional(),
        }),
        flush: event("Named as a method is", { smith_id: z.string() }),
        to_string: event("Would hide an Object's own", { smith_id: z.string() }),
        default: event("A word of the language", { smith_id: z.string().default("nobody") }),
        event_queue: event("Named as the runtime's own", { smith_id: z.string() }),
      },
    }),
  },
});

const usage = `import { contract, createMySmithyClient, QueueFullError } from "./client.ts";
import type { HammerFields, Outcome } from "./client.ts";

const client = createMySmithyClient({ url: "http://127.0.0.1:4000", key: "k", fetch: globalThis.fetch });
const least: HammerFields = { smith_id: "a", metal: "iron", shape: null, ore_id: 9223372036854775807n };
export const outcomes: Promise<Outcome>[] = [
  client.hammer({ ...least, heat: null, price: "1.50", blows: undefined }, { event_id: "mine" }),
  client.hammer({ ...least, shape: "round", ore_id: "12", other: 5 }, { event_time: "2026-01-31T12:00:00Z" }),
  client.flushEvent({ smith_id: "a" }),
  client.toStringEvent({ smith_id: "a" }),
  client.default(),
  client.eventQueue({ smith_id: "a" }),
];
export async function close(): Promise<[string, number, boolean]> {
  await client.flush();
  await client.close();
  return [contract.fingerprint, client.waiting, new QueueFullError(1).queueEventsMax === 1];
}
// @ts-expect-error: no such metal
void client.hammer({ ...least, metal: "tin" });
// @ts-expect-error: nothing is left out that must be there
void client.hammer({ smith_id: "a" });
// @ts-expect-error: a decimal is text
void client.hammer({ ...least, price: 1.5 });
// @ts-expect-error: a number would lose digits
void client.hammer({ ...least, ore_id: 9007199254740993 });
// @ts-expect-error: no such field
void client.flushEvent({ smith_id: "a", blows: 1 });
// @ts-expect-error: the pipeline is known
createMySmithyClient({ url: "", pipeline: "other" });
`;

const run = promisify(execFile);

async function compile(...options: string[]): Promise<string> {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const given = ["--noEmit", "--strict", "--allowImportingTsExtensions", ...options, "usage.ts"];
  try {
    return (await run(process.execPath, [tsc, ...given], { cwd: folder })).stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

describe("the generated file compiles alone", { timeout: 60_000 }, () => {
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "client.ts"), generateClient("my_smithy", pipeline, runtimeSource()));
  writeFileSync(join(folder, "usage.ts"), usage);
  const node = ["--types", "node", "--typeRoots", join(root, "node_modules/@types"), "--skipLibCheck"];
  const strictest = [
    "--exactOptionalPropertyTypes",
    "--noUncheckedIndexedAccess",
    "--noImplicitOverride",
    "--noPropertyAccessFromIndexSignature",
    "--noUnusedLocals",
    "--verbatimModuleSyntax",
    "--erasableSyntaxOnly",
    "--isolatedModules",
  ];

  it.each<[string, string[]]>([
    ["for browsers", ["--lib", "ES2022,DOM,DOM.Iterable", "--types", ""]],
    [
      "for Node, with every check that tsc has",
      ["--lib", "ES2023", "--module", "NodeNext", ...node, ...strictest],
    ],
  ])("%s", async (_, options) => {
    expect(await compile(...options)).toBe("");
  });
});
