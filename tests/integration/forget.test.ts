// A person is forgotten under load and a crash: nobody else's row is lost or doubled, nothing of theirs is left.
import axios from "axios";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectTrino, type Lake } from "../../orchestrator/engines/trino.ts";
import type { Forgotten } from "../../orchestrator/forget/forget.ts";
import type { Retained } from "../../orchestrator/forget/retain.ts";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import type { Status } from "../../orchestrator/status.ts";
import { apply, stop, swordlake, swordlakeJson } from "../support/cli.ts";
import { meanwhile } from "../support/meanwhile.ts";
import { isolated, type Services, services } from "../support/services.ts";

const timeout = 15 * 60_000;
const run = isolated("club").replaceAll("_", "-");
// An id with all that could break out of SQL, JSON or a pattern.
const person = `${run} O'Brien; "x" \\ ü ${"$"}{y}`;
const payer = person.replace("Brien", "Neil");
const other = `${run} neighbour`;
let running: Services;
let lake: Lake;

type Event = Record<string, unknown>;
const visit = (member_id: string): Event => ({ event_type: "visit", member_id, room: "gym" });
const payment = (member_id: string): Event => ({ event_type: "payment", member_id, amount: 5 });
const question = (member_id: string): Event => ({ event_type: "question", member_id, text: "why" });

const send = async (events: Event[], event_time?: string) => {
  const lines = events.map((event) => JSON.stringify({ ...event, ...(event_time ? { event_time } : {}) }));
  return axios.post(`${running.api}/club`, lines.join("\n"), {
    headers: { "content-type": "application/x-ndjson" },
    validateStatus: () => true,
  });
};
const count = async (sql: string) => Number((await lake.query(`SELECT count(*) FROM ${sql}`)).rows[0]![0]);
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

beforeAll(async () => {
  await apply("club");
  running = await services();
  lake = connectTrino(running.trino);
}, timeout);

afterAll(() => stop("club"), timeout);

describe("reports of a pipeline in a temporary directory", { timeout }, () => {
  it("take a parameter that no quote escapes, and show it", async () => {
    expect((await send([payment(payer), payment(other), payment(other)])).status).toBe(202);
    expect(await swordlakeJson<Ledger>("ledger", "club")).toMatchObject({ closed: true });
    const ran = await swordlake(
      "report",
      "club",
      "paid",
      "--format",
      "json",
      "--param",
      `member_id=${payer}`,
    );
    expect(ran.exitCode, ran.stderr).toBe(0);
    const [report] = JSON.parse(ran.stdout);
    expect(report).toMatchObject({ parameters: { member_id: payer } });
    expect(report.rows).toEqual([{ member_id: payer, payments: "1", paid: "5" }]);
    const all = await swordlake("report", "club", "paid", "--param", "member=1");
    expect(all.exitCode).toBe(1);
    expect(all.stderr).toMatch(/no parameter 'member': report 'paid' has member_id \(One member/);
  });

  it("read the tables as they were", async () => {
    const then = (await lake.query("SELECT to_iso8601(current_timestamp)")).rows[0]![0] as string;
    expect((await send([payment(other)])).status).toBe(202);
    expect(await swordlakeJson<Ledger>("ledger", "club")).toMatchObject({ closed: true });
    const paid = async (...args: string[]) => {
      const ran = await swordlake(
        "report",
        "club",
        "paid",
        "--format",
        "json",
        "--param",
        `member_id=${other}`,
        ...args,
      );
      expect(ran.exitCode, ran.stderr).toBe(0);
      return JSON.parse(ran.stdout)[0].rows[0].paid;
    };
    expect(await paid()).toBe("15");
    expect(await paid("--as-of", then)).toBe("10");
    const early = await swordlake("report", "club", "paid", "--as-of", "2001-01-01");
    expect(early.exitCode).toBe(1);
    expect(early.stderr).toMatch(/lake\.club\.payments has no snapshot as old as 2001-01-01.*\d{10}/s);
  });
});

describe("retention", { timeout }, () => {
  it("removes old days alone, and the ledger says that they expired", async () => {
    const before = await swordlakeJson<Ledger>("ledger", "club");
    expect((await send([visit(other), visit(other)], "2020-02-29T12:00:00Z")).status).toBe(202);
    expect((await send([visit(other)])).status).toBe(202);
    expect(await swordlakeJson<Ledger>("ledger", "club")).toMatchObject({
      closed: true,
      expired: before.expired,
    });
    const retained = await swordlakeJson<Retained>("retain", "club");
    expect(retained.tables).toMatchObject([{ table: "visits", rows: 2 }]);
    expect(retained.history).toMatchObject([{ table: "visits", olderSnapshots: 0, strayFiles: 0 }]);
    expect(await count(`lake.club.visits WHERE member_id = ${literal(other)}`)).toBe(1);
    expect(await swordlakeJson<Ledger>("ledger", "club")).toMatchObject({
      closed: true,
      expired: before.expired + 2,
    });
    expect((await swordlakeJson<Retained>("retain", "club")).tables).toMatchObject([{ rows: 0 }]);
  });
});

describe("forget", { timeout }, () => {
  it("leaves nothing of a person, under load and a kill, and all of everybody else", async () => {
    const crowd = Array.from({ length: 20 }, (_, n) => `${run} ${n}`);
    const own = [visit(person), payment(person), question(person), visit(person)];
    expect((await send([...own, question(other), ...crowd.map(visit)])).status).toBe(202);
    const refused = await send([{ ...visit(person), room: "attic" }]);
    expect(refused.status).toBe(400);
    const broken = await axios.post(`${running.api}/club/visit`, `{"member_id":${JSON.stringify(person)},`, {
      headers: { "content-type": "application/json" },
      validateStatus: () => true,
    });
    expect(broken.status).toBe(400);
    let sent = 0;
    const stopLoad = meanwhile(async () => {
      const answer = await send(crowd.map(payment));
      if (answer.status === 202) sent += crowd.length;
      // Others read meanwhile; it also keeps the load to what a busy machine lands in time.
      await lake.query("SELECT count(*) FROM lake.club.payments");
    });
    const forgetting = swordlake("forget", "club", "--user", person, "--json");
    const ended = await forgetting;
    const status = await swordlakeJson<Status>("status");
    const taskmanager = status.engines.find((engine) => engine.name === "taskmanager")!;
    // What it goes back to now is what forgetting has left of the snapshots.
    process.kill(taskmanager.pid!, "SIGKILL");
    await send(crowd.map(visit));
    await stopLoad();
    expect(ended.exitCode, `${ended.stdout}\n${ended.stderr}`).toBe(0);
    const done = JSON.parse(ended.stdout) as Forgotten;
    expect(done).toMatchObject({
      proven: true,
      nothingLeft: false,
      rows: { log: 4, quarantine: 2, visits: 2, payments: 1 },
      rowsLeft: { log: 0, quarantine: 0, visits: 0, payments: 0 },
      alerts: 1,
      alertsLeft: 0,
    });
    expect(done.history.map(({ table }) => table).sort()).toEqual([
      "log",
      "payments",
      "quarantine",
      "visits",
    ]);
    for (const of of done.history) expect(of).toMatchObject({ olderSnapshots: 0, strayFiles: 0 });
    expect(done.kafka.map(({ topic }) => topic)).toContain("club.alerts");
    for (const { records, until } of done.kafka) {
      expect(records).toBeGreaterThan(0);
      expect(Date.parse(until)).toBeGreaterThan(Date.now());
    }

    const after = await swordlakeJson<Ledger>("ledger", "club", "--wait", "240");
    expect(after).toMatchObject({ closed: true, problems: [], inFlight: 0 });
    expect(after.forgotten).toBeGreaterThanOrEqual(4);
    const others = crowd.map(literal).join(", ");
    expect(await count(`lake.club.payments WHERE member_id IN (${others})`)).toBe(sent);
    expect(await count(`lake.club.visits WHERE member_id IN (${others})`)).toBe(2 * crowd.length);
    expect(await count(`lake.club.log WHERE strpos(from_utf8(record), 'Brien') > 0`)).toBe(0);
    expect(await count(`lake.club.quarantine WHERE strpos(payload, 'Brien') > 0`)).toBe(0);
  });

  it("says the second time that nothing is left", async () => {
    const again = await swordlakeJson<Forgotten>("forget", "club", "--user", person);
    expect(again).toMatchObject({ proven: true, nothingLeft: true, history: [] });
    expect(Date.parse(`${again.forgottenAt}`)).toBeLessThanOrEqual(Date.now());
  });

  it("refuses a pipeline that names no person", async () => {
    const ran = await swordlake("forget", "harbour", "--user", "x");
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr).toMatch(/doesn't say which column names a person.*Add person: "…"/s);
  });
});
