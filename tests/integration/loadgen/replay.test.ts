import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { JournalEntry, UnreadEntry } from "../../../loadgen/journal.ts";
import { usePatternServers } from "./pattern-server.ts";
import { runProgram } from "./program.ts";

const { folder, serve } = usePatternServers();

const pathOf = (name: string) => join(folder, name);
function write(name: string, content: string | Buffer): string {
  writeFileSync(pathOf(name), content);
  return pathOf(name);
}

type Entry = JournalEntry | UnreadEntry;
function readJournal(path: string): Entry[] {
  const [, ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Entry);
}

const sword = ["--pipeline", "game", "--type", "purchase_sword", "--json"];
const replay = (argv: string[], how: Parameters<typeof runProgram>[2] = {}) =>
  runProgram("loadgen/replay/main.ts", [...sword, ...argv], how);

const patience = { timeout: 60_000 };

describe("a replay", patience, () => {
  it("killed with -9 and resumed accounts for every row", async () => {
    const rows = 50_000;
    const lines = Array.from({ length: rows }, (_, i) =>
      i % 10_007 === 5000
        ? `user-${i},"kat"ana,1`
        : i % 3 === 0
          ? `user-${i},"kat\nana",2`
          : `user-${i},katana,1`,
    );
    const csv = write("big.csv", `user_id,sword_type,amount\n${lines.join("\n")}\n`);
    const server = await serve((n) => (n % 1000 === 7 ? "refuse" : "accept"), { delayMs: 5 });
    const journal = pathOf("big.ndjson");
    const given = ["--url", server.url, "--csv", csv, "--run", "k", "--journal", journal];

    const killed = await replay(given, { until: () => server.seen.length > 15_000, signal: "SIGKILL" });
    expect(killed.code).toBe(null);
    const seenBefore = server.seen.length;
    expect(seenBefore).toBeLessThan(rows);

    const { code, stdout } = await replay([...given, "--resume"]);
    const entries = readJournal(journal);
    expect(entries).toHaveLength(rows);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(rows);
    const counted = { acked: 0, rejected: 0, unread: 0, unknown: 0 };
    for (const { outcome } of entries) counted[outcome] += 1;
    expect(counted).toMatchObject({
      unread: lines.filter((line) => line.includes('"kat"')).length,
      unknown: 0,
    });
    expect(counted.rejected).toBeGreaterThan(0);
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({ rows, unsettled: 0, ...counted });
    expect(summary.resumed).toBeGreaterThan(0);
    expect(code).toBe(1);
    const stored = new Set(server.seen.filter(({ fate }) => fate === "accept").map(({ id }) => id));
    const acked = entries.filter(({ outcome }) => outcome === "acked").map(({ id }) => id);
    expect(acked.every((id) => stored.has(id))).toBe(true);
    expect(stored.size).toBe(acked.length);

    const again = await replay([...given, "--resume"]);
    expect(JSON.parse(again.stdout)).toMatchObject({ rows, resumed: rows, requests: 0 });
  });

  it("reads packed and plain files, CSV and NDJSON, with a mark, CRLF and bad rows", async () => {
    const bad = ["u,katana", "u,katana,1,2", "u,kat\0ana,1", `u,${"x".repeat(500)},1`, 'u,"kat"ana,1'];
    const head = "\ufeffuser_id,sword_type,amount\r\nuser-1,katana,1\r\n";
    const latin = Buffer.concat([
      Buffer.from("u,\xe9p\xe9e,1\r\n", "latin1"),
      Buffer.from("user-2,épée,\r\n"),
    ]);
    const csv = write(
      "a.csv.gz",
      gzipSync(Buffer.concat([Buffer.from(`${head}${bad.join("\r\n")}\r\n`), latin])),
    );
    const ndjson = write(
      "b.ndjson",
      '{"user_id":"user-3","sword_type":"saber","amount":3}\n{"user_id":\n[1]\n',
    );
    const server = await serve(() => "accept");
    const given = ["--url", server.url, "--csv", csv, "--ndjson", ndjson, "--run", "f", "--row-bytes", "200"];

    const first = await replay([...given, "--journal", pathOf("f1.ndjson")]);
    const summary = JSON.parse(first.stdout);
    expect(summary).toMatchObject({ rows: 11, acked: 3, rejected: 0, unread: 8, unknown: 0 });
    expect(server.seen.map(({ fields }) => fields)).toEqual([
      { user_id: "user-1", sword_type: "katana", amount: 1 },
      { user_id: "user-2", sword_type: "épée" },
      { user_id: "user-3", sword_type: "saber", amount: 3 },
    ]);
    const unread = readJournal(pathOf("f1.ndjson")).filter((entry) => entry.outcome === "unread");
    expect(unread.map(({ line, reason }) => `${line}: ${reason}`)).toEqual([
      "3: 2 columns, the header has 3",
      "4: 4 columns, the header has 3",
      "5: it holds a NUL",
      "6: longer than 200 bytes",
      "7: a quote within a quoted column is not doubled",
      "8: not UTF-8",
      expect.stringMatching(/^2: /),
      "3: not a JSON object",
    ]);

    await replay([...given, "--journal", pathOf("f2.ndjson")]);
    expect(server.seen).toHaveLength(6);
    expect(new Set(server.seen.map(({ id }) => id)).size).toBe(3);
  });

  it("tries again what the API calls unknown", async () => {
    const tries = new Map<number, number>();
    const server = await serve((n) => {
      tries.set(n, (tries.get(n) ?? 0) + 1);
      return n % 5 === 0 && tries.get(n) === 1 ? "unavailable" : "accept";
    });
    const csv = write("c.csv", `user_id,sword_type\n${"u,katana\n".repeat(100)}`);
    const given = ["--url", server.url, "--csv", csv, "--journal", pathOf("c.ndjson")];
    const { code, stdout } = await replay(given);
    expect(JSON.parse(stdout)).toMatchObject({ rows: 100, acked: 100 });
    expect(code).toBe(0);
  });

  it("ends on Ctrl-C with 130, and goes on from there", async () => {
    const server = await serve(() => "accept");
    const csv = write("d.csv", `user_id,sword_type\n${"u,katana\n".repeat(2000)}`);
    const given = ["--url", server.url, "--csv", csv, "--journal", pathOf("d.ndjson")];
    const until = () => server.seen.length > 100;
    const cut = await replay([...given, "--rate", "500", "--batch", "10"], { until });
    expect(cut.code).toBe(130);
    const { code, stdout } = await replay([...given, "--resume"]);
    expect(JSON.parse(stdout)).toMatchObject({ rows: 2000, acked: 2000 });
    expect(server.seen).toHaveLength(2000);
    expect(code).toBe(0);
  });

  it("stops where the API stays away, books nothing of what is open, and goes on once it is back", async () => {
    const first = await serve(() => "accept", { delayMs: 5 });
    const { port, url } = first;
    const csv = write("i.csv", `user_id,sword_type\n${"u,katana\n".repeat(3000)}`);
    const given = ["--url", url, "--csv", csv, "--journal", pathOf("i.ndjson"), "--give-up", "1"];
    const rate = ["--rate", "2000", "--batch", "20"];
    const goAway = () => {
      if (first.seen.length > 100) void first.close();
      return false;
    };
    const cut = await replay([...given, ...rate], { until: goAway });
    expect(cut.code).toBe(1);
    expect(cut.stderr).toMatch(/No API answers at .*\n?$/m);
    expect(cut.stderr).toMatch(/rows were under way when it ended\. Give the same command with --resume/);
    const { acked, unknown } = JSON.parse(cut.stdout);
    expect([acked > 0, unknown]).toEqual([true, 0]);
    const second = await serve(() => "accept", { port });
    const { code, stdout } = await replay([...given, "--resume"]);
    expect(JSON.parse(stdout)).toMatchObject({ rows: 3000, acked: 3000, resumed: acked });
    expect(code).toBe(0);
    const stored = new Set([...first.seen, ...second.seen].map(({ id }) => id));
    expect(stored.size).toBe(3000);
  });

  it("ends where a file is cut short, and says which", async () => {
    const server = await serve(() => "accept");
    const whole = gzipSync(Buffer.from(`user_id,sword_type\n${"u,katana\n".repeat(1000)}`));
    const csv = write("j.csv.gz", whole.subarray(0, whole.length - 20));
    const ran = await replay(["--url", server.url, "--csv", csv, "--journal", pathOf("j.ndjson")]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/j\.csv\.gz: can't be read on: unexpected end of file/);
  });

  it("sends its key, keeps it to itself, and stops where the API refuses it", async () => {
    const sent: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      sent.push(request.headers.authorization);
      request.resume().on("end", () => response.writeHead(401).end("{}"));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const csv = write("e.csv", `user_id,sword_type\n${"u,katana\n".repeat(5000)}`);
    const given = ["--url", url, "--csv", csv, "--journal", pathOf("e.ndjson")];
    const ran = await replay(given, { env: { API_KEY: "k-secret" } });
    server.close();
    expect(sent).toContain("Bearer k-secret");
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/answered 401: give a valid API key with --key-file/);
    expect(JSON.parse(ran.stdout)).toMatchObject({ rows: 0, acked: 0 });
    expect(`${ran.stdout}${ran.stderr}${readFileSync(pathOf("e.ndjson"), "utf8")}`).not.toContain("k-secret");
  });

  it("refuses a journal that exists, and one of other files", async () => {
    const server = await serve(() => "accept");
    const [one, two] = ["g.csv", "h.csv"].map((name) => write(name, `user_id,sword_type\n${name},katana\n`));
    const given = ["--url", server.url, "--run", "g", "--journal", pathOf("g.ndjson"), "--csv"];
    expect((await replay([...given, one!])).code).toBe(0);
    const exists = await replay([...given, one!]);
    expect([exists.code, exists.stderr]).toEqual([2, expect.stringMatching(/exists already.*--resume/)]);
    const other = await replay([...given, two!, "--resume"]);
    expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/journal of another replay/)]);
  });
});
