// Events in over HTTP, rows out of Trino, and the ledger that accounts for each.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axios from "axios";
import { beforeAll, describe, expect, it } from "vitest";
import type { JournalCheck } from "../../orchestrator/ledger/journal.ts";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import type { Status } from "../../orchestrator/status.ts";
import { waitFor } from "../../stack/wait.ts";
import { load, swordlake, swordlakeJson } from "../support/cli.ts";
import { anonymousStatus, fileMarks } from "../support/lake-files.ts";
import { writeRaw } from "../support/raw-kafka.ts";
import { isolated, type Services, services } from "../support/services.ts";

let running: Services;
const sql = async (query: string) => (await swordlakeJson<{ rows: unknown[][] }>("sql", query)).rows;
const post = (path: string, body: unknown, headers = {}) =>
  axios.post(`${running.api}${path}`, body, { headers, validateStatus: () => true });
const journalFile = () => join(mkdtempSync(join(tmpdir(), "swordlake-journal-")), "journal.ndjson");

beforeAll(async () => {
  running = await services();
});

describe("the game, end to end", () => {
  it("lands a sword bought over HTTP with everything that came with it", async () => {
    const bought = await post(
      "/game/purchase_sword?user_id=ada&amount=3",
      { sword_type: "rapier", event_time: "2026-01-02T03:04:05.678+01:00" },
      { "user-agent": "e2e/1.0 (dash-agent)", accept: "application/json" },
    );
    expect(bought.status).toBe(202);
    const { event_id, partition, offset } = bought.data;
    await swordlakeJson<Ledger>("ledger", "game");
    const rows = await sql(
      `SELECT event_type, user_id, sword_type, amount, price, user_agent, accept, host,
         CAST(event_time AT TIME ZONE 'UTC' AS VARCHAR), kafka_partition, kafka_offset
       FROM lake.game.purchases WHERE event_id = '${event_id}'`,
    );
    const host = new URL(running.api).host;
    expect(rows).toEqual([
      [
        "purchase_sword",
        "ada",
        "rapier",
        3,
        100,
        "e2e/1.0 (dash-agent)",
        "application/json",
        host,
        "2026-01-02 02:04:05.678000 UTC",
        partition,
        String(offset),
      ],
    ]);
  });

  it("lands an event that was sent three times once", async () => {
    const body = { event_id: `thrice-${Date.now()}`, user_id: "bo", guild_name: "Nightwatch" };
    for (const _ of [1, 2, 3]) expect((await post("/game/join_guild", body)).status).toBe(202);
    const ledger = await swordlakeJson<Ledger>("ledger", "game");
    expect(ledger).toMatchObject({ closed: true, inFlight: 0 });
    expect(ledger.duplicates).toBeGreaterThanOrEqual(2);
    expect(
      await sql(`SELECT count(*) FROM lake.game.guild_memberships WHERE event_id = '${body.event_id}'`),
    ).toEqual([["1"]]);
  });

  it("accounts for a load with copies and broken events, and its journal agrees event by event", async () => {
    const before = await swordlakeJson<Ledger>("ledger", "game");
    const journal = journalFile();
    const args = [
      "--events",
      "5000",
      "--users",
      "200",
      "--duplicates",
      "0.02",
      "--broken",
      "0.01",
      "--batch",
      "20",
    ];
    const loaded = await load("--url", running.api, ...args, "--journal", journal, "--json");
    expect(loaded.exitCode, loaded.stderr).toBe(0);
    const ran = await swordlake("ledger", "game", "--json", "--journal", journal);
    expect(ran.exitCode, ran.stdout).toBe(0);
    const ledger = JSON.parse(ran.stdout) as Ledger & { journal: JournalCheck };
    expect(ledger).toMatchObject({ closed: true, inFlight: 0, problems: [] });
    expect(ledger.accepted).toBe(ledger.landed + ledger.filtered + ledger.duplicates + ledger.quarantined);
    expect(ledger.journal).toMatchObject({ agrees: true, unknown: 0 });
    expect(ledger.journal.rejected).toBeGreaterThan(0);
    expect(ledger.duplicates).toBeGreaterThan(before.duplicates);
    expect(ledger.landed + ledger.filtered - before.landed - before.filtered).toBe(ledger.journal.acked);
    expect(Object.keys(ledger.filteredBy)).toEqual(["no table takes event_type 'default'"]);
  });

  it("keeps what the API refused, as it came, and lands it in the quarantine once", async () => {
    const id = isolated("refused");
    const refused = await post("/game/purchase_sword", { event_id: id, user_id: "ada", amount: "many" });
    expect(refused.status).toBe(400);
    const batch = await axios.post(
      `${running.api}/game`,
      `{"event_type":"no_such_type","note":"${id}"}\n{"note":"${id}"`,
      { headers: { "content-type": "application/x-ndjson" }, validateStatus: () => true },
    );
    expect(batch.data).toMatchObject({ accepted: 0, rejected: 2 });
    const rows = () =>
      sql(
        `SELECT reason, event_type, field_path, payload, request_id FROM lake.game.quarantine
         WHERE stage = 'edge' AND strpos(payload, '${id}') > 0 ORDER BY kafka_offset`,
      );
    await waitFor("three refusals land", async () => (await rows()).length >= 3);
    expect(await rows()).toEqual([
      [
        "event_invalid",
        "purchase_sword",
        "sword_type",
        JSON.stringify({ event_id: id, user_id: "ada", amount: "many" }),
        refused.data.request_id,
      ],
      [
        "event_type_unknown",
        "no_such_type",
        "event_type",
        `{"event_type":"no_such_type","note":"${id}"}`,
        batch.data.request_id,
      ],
      ["json_invalid", null, null, `{"note":"${id}"`, batch.data.request_id],
    ]);
  });

  it("quarantines poison written straight into Kafka, and no job restarts", async () => {
    const before = await swordlakeJson<Ledger>("ledger", "game");
    const at = new Date().toISOString();
    const sound = {
      event_id: "p",
      event_type: "join_guild",
      event_time: at,
      received_at: at,
      user_id: "raw",
    };
    const poison = [
      "{broken",
      "[1, 2]",
      "7",
      "",
      null,
      Buffer.from([0xff, 0xfe, 0x00]),
      JSON.stringify(sound),
      JSON.stringify({ ...sound, event_type: "no_such_type" }),
      JSON.stringify({ ...sound, event_type: "purchase_potion", amount: "three", price: 5 }),
      JSON.stringify({ ...sound, guild_name: "x", event_time: "yesterday" }),
      `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`,
    ];
    const places = await writeRaw(running.kafka, "game.events", poison);
    const ledger = await swordlakeJson<Ledger>("ledger", "game");
    expect(ledger).toMatchObject({ closed: true, problems: [] });
    expect(ledger.quarantined - before.quarantined).toBe(poison.length);
    const rows = await sql(
      `SELECT kafka_offset, reason, field_path FROM lake.game.quarantine
       WHERE kafka_partition = ${places[0]!.partition} AND kafka_offset >= ${places[0]!.offset} ORDER BY kafka_offset`,
    );
    expect(rows.map(([offset]) => Number(offset))).toEqual(places.map((place) => place.offset));
    expect(rows.slice(6, 10).map(([, reason, path]) => [reason, path])).toEqual([
      ["missing_or_wrong_type", "guild_name"],
      ["missing_or_wrong_type", "event_type"],
      ["missing_or_wrong_type", "amount"],
      ["missing_or_wrong_type", "event_time"],
    ]);
    for (const job of (await axios.get(`${running.flink}/jobs/overview`)).data.jobs.filter(
      (j: { state: string }) => j.state === "RUNNING",
    )) {
      const { data } = await axios.get(`${running.flink}/jobs/${job.jid}/exceptions`);
      expect(
        data.exceptionHistory.entries.filter(
          ({ timestamp }: { timestamp: number }) => timestamp >= Date.parse(at),
        ),
      ).toEqual([]);
    }
  });

  it("prints every report with rows", async () => {
    const ran = await swordlake("report", "game", "--format", "json");
    expect(ran.exitCode, ran.stderr).toBe(0);
    const reports = JSON.parse(ran.stdout) as { report: string; rows: unknown[] }[];
    expect(reports.length).toBeGreaterThanOrEqual(10);
    expect(reports.filter((report) => report.rows.length === 0)).toEqual([]);
  });

  it("keeps Parquet files in the store, closed to strangers", async () => {
    const [first] = await sql(`SELECT file_path, file_format FROM lake.game."purchases$files" LIMIT 1`);
    const [path, format] = first as [string, string];
    expect(format).toBe("PARQUET");
    expect(await fileMarks(running.connection, path)).toEqual(["PAR1", "PAR1"]);
    if (path.startsWith("s3:")) expect(await anonymousStatus(running.connection, path)).toBe(403);
  });

  it("tells the whole status, and applying again does nothing", async () => {
    const status = await swordlakeJson<Status>("status");
    expect(status.store).toBe(running.connection.store);
    const names = [
      "postgres",
      "kafka",
      status.store,
      "jobmanager",
      "taskmanager",
      "gateway",
      "trino",
      "api",
      "orchestrator",
    ];
    expect(status.engines.map((engine) => engine.name)).toEqual(names);
    expect(status.engines.filter((engine) => !engine.healthy)).toEqual([]);
    const game = status.pipelines.find((pipeline) => pipeline.name === "game")!;
    expect(game.jobs.map((job) => job.state)).toEqual(["RUNNING", "RUNNING"]);
    expect(game.tables.map((table) => table.name)).toContain("purchases");
    expect(await swordlakeJson("apply", "game")).toEqual({ actions: [] });
  });
});
