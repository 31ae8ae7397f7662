// A pipeline made in a temporary directory runs like the ones of the checkout; its ledger opens
// when a row is deleted by hand.
import axios from "axios";
import { beforeAll, describe, expect, it } from "vitest";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import { apply, load, swordlake, swordlakeJson } from "../support/cli.ts";
import { type Services, services } from "../support/services.ts";

let running: Services;
const sql = async (query: string) => (await swordlakeJson<{ rows: unknown[][] }>("sql", query)).rows;
const arrival = {
  ship_id: "9223372036854775807",
  fee: "123456789012345678.91",
  draught_m: 7.25,
  cargo: "ore",
  pilot: false,
  due: "2026-02-28",
};

beforeAll(async () => {
  await apply("harbour");
  running = await services();
});

describe("a pipeline folder elsewhere", () => {
  it("lands every kind of field exactly, ids beyond 2^53 and money included", async () => {
    const answer = await axios.post(`${running.api}/harbour/ship_arrived`, arrival);
    expect(answer.status).toBe(202);
    expect(await swordlakeJson<Ledger>("ledger", "harbour")).toMatchObject({ closed: true });
    const rows = await sql(
      `SELECT ship_id, fee, draught_m, berth, cargo, pilot, CAST(due AS VARCHAR) FROM lake.harbour.arrivals
       WHERE event_id = '${answer.data.event_id}'`,
    );
    expect(rows).toEqual([
      ["9223372036854775807", "123456789012345678.91", 7.25, null, "ore", false, "2026-02-28"],
    ]);
  });

  it("refuses what the contract refuses", async () => {
    const wrong = { ...arrival, ship_id: "9223372036854775808", fee: "1.234", cargo: "gold" };
    const answer = await axios.post(`${running.api}/harbour/ship_arrived`, wrong, {
      validateStatus: () => true,
    });
    expect(answer.status).toBe(400);
    expect(answer.data.issues.map((issue: { path: string }) => issue.path).sort()).toEqual([
      "cargo",
      "fee",
      "ship_id",
    ]);
  });

  it("takes generated load and reports it", async () => {
    const loaded = await load(
      "--url",
      running.api,
      "--pipeline",
      "harbour",
      "--events",
      "1000",
      "--batch",
      "50",
      "--users",
      "40",
    );
    expect(loaded.exitCode, loaded.stderr).toBe(0);
    const ledger = await swordlakeJson<Ledger>("ledger", "harbour");
    expect(ledger).toMatchObject({ closed: true, quarantined: 0, refusals: { inFlight: 0 } });
    expect(ledger.refusals.refused).toBeGreaterThan(0);
    expect(ledger.refusals.kept).toBe(ledger.refusals.refused);
    expect(Object.keys(ledger.filteredBy)).toEqual(["no table takes event_type 'ship_left'"]);
    const ran = await swordlake("report", "harbour", "fees_by_cargo");
    expect(ran.stdout).toMatch(/grain/);
  });

  it("has an open ledger, with the place named, once a row is deleted by hand", async () => {
    const [victim] = await sql(
      "SELECT event_id, kafka_partition, kafka_offset FROM lake.harbour.arrivals ORDER BY kafka_offset LIMIT 1",
    );
    const [id, partition, offset] = victim as [string, number, string];
    await sql(`DELETE FROM lake.harbour.arrivals WHERE event_id = '${id}'`);
    const ran = await swordlake("ledger", "harbour", "--json");
    expect(ran.exitCode).toBe(1);
    const ledger = JSON.parse(ran.stdout) as Ledger;
    expect(ledger.closed).toBe(false);
    expect(ledger.problems).toEqual([
      {
        kind: "lost",
        topic: "calls",
        partition,
        offset: Number(offset),
        detail: `event_id ${id}, event_type ship_arrived`,
      },
    ]);
  });

  it("has an open ledger, with the place named, once a refusal is missing in the quarantine", async () => {
    const before = await swordlake("ledger", "harbour", "--json");
    const { refusals, problems } = JSON.parse(before.stdout) as Ledger;
    const [place] = await sql(
      "SELECT kafka_partition, kafka_offset FROM lake.harbour.quarantine WHERE stage = 'edge' ORDER BY 2 LIMIT 1",
    );
    const [partition, offset] = place as [number, string];
    await sql(
      `DELETE FROM lake.harbour.quarantine WHERE kafka_partition = ${partition} AND kafka_offset = ${offset}`,
    );
    const ran = await swordlake("ledger", "harbour", "--json");
    expect(ran.exitCode).toBe(1);
    const after = JSON.parse(ran.stdout) as Ledger;
    expect(after.refusals).toEqual({ ...refusals, kept: refusals.kept - 1 });
    const missing = {
      kind: "missing in the quarantine",
      topic: "quarantine",
      partition,
      offset: Number(offset),
      detail: `refusals at offsets ${offset} to ${offset}`,
    };
    expect(after.problems).toHaveLength(problems.length + 1);
    expect(after.problems).toContainEqual(missing);
  });
});
