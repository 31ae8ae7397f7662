// Files with every damage through `swordlake load` into a pipeline made in a temporary directory: loaded
// twice, killed and resumed, each row is accounted for, and each refused one is kept with file and line.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { AwsClient } from "aws4fetch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository } from "../../stack/config.ts";
import { waitFor } from "../../stack/wait.ts";
import { apply, stop, swordlake, swordlakeJson } from "../support/cli.ts";
import { services } from "../support/services.ts";

const folder = mkdtempSync(join(tmpdir(), "swordlake-load-"));
afterAll(() => rmSync(folder, { recursive: true }));
// Ids and journals of this run's own: what an earlier run loaded would be duplicates.
const salt = Date.now() * 1000;
const pathOf = (name: string) => join(folder, name);
const write = (name: string, content: string | Buffer) => {
  writeFileSync(pathOf(name), content);
  return pathOf(name);
};
const sql = async (query: string) => (await swordlakeJson<{ rows: unknown[][] }>("sql", query)).rows;

interface Loaded {
  run: string;
  journal: string;
  read: number;
  landed: number;
  duplicates: number;
  quarantined: number;
  copies: number;
  quarantinedBy: Record<string, number>;
  holds: boolean;
  resumed: number;
}
const load = (...args: string[]) => swordlakeJson<Loaded>("load", "depot", ...args);

const header = "\ufeffDELIVERY_ID,delivered at,Carrier,goods,pieces,Price,fragile?";
const row = (n: number) =>
  `${salt + n},2024-02-29 10:00:00 UTC,north-${n},"Nails, 5"" long","1,000+",$${n}.50,True`;
const good = [1, 2, 3].map(row);
const damaged: [row: string | Buffer, reason: string, path?: string][] = [
  // A field is missing and all shifts left; the second is padded to the width again.
  [`${salt},north-1,Oak,1,$1,True`, "column_count"],
  [`2024-01-01 00:00:00 UTC,north-1,Oak,1,$1,True,`, "value_unreadable", "pieces"],
  [`north-1,2024-01-01 00:00:00 UTC,north-1,Oak,1,$1,True`, "event_invalid", "delivery_id"],
  [`2.1E+18,2024-01-01 00:00:00 UTC,north-1,Oak,1,$1,True`, "event_invalid", "delivery_id"],
  [`${salt + 9},2023-02-29 00:00:00 UTC,north-1,Oak,1,$1,True`, "value_unreadable", "event_time"],
  [`${salt + 9},Unknown,north-1,Oak,1,$1,True`, "value_unreadable", "event_time"],
  [`${salt + 9},2/19/18 2:05,north-1,,1,$1,True`, "event_invalid", "goods"],
  [`${salt + 9},2/19/18 2:05,'north-1,Oak,1,$1,True`, "value_unreadable", "carrier"],
  [Buffer.from(`${salt + 9},2/19/18 2:05,north-1,Ch\xeane,1,$1,True`, "latin1"), "not_utf8"],
  [`${salt + 9},2/19/18 2:05,north-1,O\0k,1,$1,True`, "has_nul"],
  [`${salt + 9},2/19/18 2:05,north-1,"Oak"s,1,$1,True`, "quote_broken"],
  [`${salt + 9},2/19/18 2:05,north-1,${"x".repeat(300_000)},1,$1,True`, "row_too_long"],
];
const fine = [
  ...good,
  `${salt + 4},2/19/18 2:05,'north-4',Oak,NaN,,false`,
  good[1]!,
  `${salt + 5},2/19/18 2:05,north-5,Unknown oak,Unknown,"1,299.00",FALSE`,
];
const bytes = Buffer.concat([
  Buffer.from(`${header}\r\n${fine.join("\r\n")}\r\n`),
  ...damaged.flatMap(([text]) => [Buffer.from(text), Buffer.from("\r\n")]),
  Buffer.from(`${salt + 6},2/19/18 2:05,nor`),
]);
const firstBadLine = fine.length + 2;
const expected = [...damaged.map(([, reason]) => reason), "row_cut"];

const patience = { timeout: 300_000 };

beforeAll(() => apply("depot"), patience.timeout);
afterAll(() => stop("depot"), patience.timeout);

describe("a file with every damage", patience, () => {
  it("is accounted for row by row, and lands exactly what is right", async () => {
    const file = write("damaged.csv", bytes);
    const loaded = await load("--csv", file);
    expect(loaded).toMatchObject({
      read: 19,
      landed: 5,
      duplicates: 1,
      quarantined: 13,
      copies: 0,
      holds: true,
    });
    const kept = await sql(
      `SELECT source_line, reason, field_path, source_file, payload FROM lake.depot.quarantine
       WHERE user_agent = 'swordlake-load/${loaded.run}' ORDER BY source_line`,
    );
    expect(kept.map(([line, reason]) => [Number(line), reason])).toEqual(
      expected.map((reason, place) => [firstBadLine + place, reason]),
    );
    for (const [place, [text, , path]] of damaged.entries()) {
      if (path) expect(kept[place]![2]).toBe(path);
      expect(kept[place]![3]).toBe(file);
      if (typeof text === "string" && expected[place] === "value_unreadable")
        expect(kept[place]![4]).toBe(text);
    }
    const landed = await sql(
      `SELECT delivery_id, CAST(event_time AS VARCHAR), carrier, goods, pieces, price, is_fragile
       FROM lake.depot.deliveries WHERE delivery_id BETWEEN ${salt} AND ${salt + 999} ORDER BY 1`,
    );
    const time = expect.stringMatching(/^2024-02-29 10:00:00/);
    const early = expect.stringMatching(/^2018-02-19 02:05:00/);
    expect(landed).toEqual([
      ...[1, 2, 3].map((n) => [`${salt + n}`, time, `north-${n}`, 'Nails, 5" long', 1000, `${n}.50`, true]),
      [`${salt + 4}`, early, "north-4", "Oak", null, null, false],
      [`${salt + 5}`, early, "north-5", "Unknown oak", null, "1299.00", false],
    ]);
  });

  it("loaded a second time, packed, adds nothing to the lake", async () => {
    const again = await load("--csv", write("again.csv.gz", gzipSync(bytes)));
    expect(again).toMatchObject({ read: 19, landed: 0, duplicates: 6, quarantined: 13, holds: true });
  });

  it("reads the same rows from the object store", async () => {
    const { connection } = await services();
    const { s3AccessKey, s3SecretKey } = connection.instance!.secrets;
    const client = new AwsClient({
      accessKeyId: s3AccessKey,
      secretAccessKey: s3SecretKey,
      region: "us-east-1",
      service: "s3",
    });
    const bucket = `load-${Date.now()}`;
    for (const [path, body] of [
      [bucket, undefined],
      [`${bucket}/a b/damaged.csv`, bytes],
    ] as const) {
      const answer = await client.fetch(`${connection.addresses.store}/${encodeURI(path)}`, {
        method: "PUT",
        ...(body ? { body: new Uint8Array(body) } : {}),
      });
      expect(answer.status).toBe(200);
    }
    const loaded = await load("--csv", `s3://${bucket}/a b/damaged.csv`);
    expect(loaded).toMatchObject({ read: 19, landed: 0, duplicates: 6, quarantined: 13, holds: true });
    const missing = await swordlake("load", "depot", "--csv", `s3://${bucket}/none.csv`);
    expect([missing.exitCode, missing.stderr]).toEqual([1, expect.stringMatching(/none\.csv can't be read/)]);
  });
});

describe("a load", patience, () => {
  it("killed with -9 and resumed accounts for every row once", async () => {
    const rows = 60_000;
    const lines = Array.from({ length: rows }, (_, i) =>
      i % 100 === 7 ? "cut,short" : row(1000 + (i % 50_000)),
    );
    const file = write("big.csv", `${header}\n${lines.join("\n")}\n`);
    const journal = pathOf("big.ndjson");
    const given = ["load", "depot", "--csv", file, "--journal", journal, "--batch", "500"];
    const child = spawn(process.execPath, ["orchestrator/bin.js", ...given, "--rate", "10000"], {
      cwd: repository,
      stdio: "ignore",
    });
    const settled = () => {
      try {
        return JSON.parse(readFileSync(journal, "utf8").trimEnd().split("\n").at(-1)!).line ?? 0;
      } catch {
        return 0;
      }
    };
    await waitFor("some rows are settled", async () => settled() > 5000, { intervalMs: 10 });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    expect(settled()).toBeLessThan(rows);

    const resumed = await load("--csv", file, "--journal", journal, "--batch", "500", "--resume");
    expect(resumed).toMatchObject({
      read: rows,
      landed: 49_500,
      duplicates: 9900,
      quarantined: 600,
      quarantinedBy: { column_count: 600 },
      holds: true,
    });
    expect(resumed.resumed).toBeGreaterThanOrEqual(5000);
    expect(resumed.copies).toBeLessThanOrEqual(500);
    const counted = await sql(
      `SELECT count(*), count(DISTINCT delivery_id) FROM lake.depot.deliveries
       WHERE delivery_id BETWEEN ${salt + 1000} AND ${salt + 99_999}`,
    );
    expect(counted[0]!.map(Number)).toEqual([49_500, 49_500]);
  });

  it("reads NDJSON, and prints the sum", async () => {
    const one = { delivery_id: `${salt + 200_000}`, carrier: "a-1", goods: "x", "Fragile?": "True" };
    const lines = [{ ...one, "Delivered At": "2/19/18 2:05" }, one, { carrier: "a-1" }];
    const file = write("a.ndjson", `${lines.map((line) => JSON.stringify(line)).join("\n")}\n{"a":\n`);
    const ran = await swordlake("load", "depot", "--ndjson", file, "--type", "delivery");
    expect(ran.stdout).toContain("rows read 4 = landed 1 + duplicates 0 + quarantined 3\n");
    expect(ran.stdout).toContain("The sum holds: every row is accounted for.");
    expect(ran.exitCode).toBe(0);
  });

  it.each([
    [
      "no header",
      "1,2,3\n",
      /nohead\.csv:1: no header that fits: it lacks the columns 'carrier', .* for delivery\./,
    ],
    ["nothing", "", /the file is empty: its first row must name the columns/],
  ])("of a file with %s is refused, naming the file and what was expected", async (_, content, message) => {
    const ran = await swordlake("load", "depot", "--csv", write("nohead.csv", content));
    expect([ran.exitCode, ran.stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});
