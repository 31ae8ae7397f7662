// Repairs of refused events: what is sent, under which id, and what stays refused.
import { beforeAll, describe, expect, it } from "vitest";
import { loadPipelines, type PipelineFolder } from "../../flink-sql/folders.ts";
import {
  type Edit,
  eventText,
  type Item,
  placeName,
  readEvent,
  readPlace,
  readSet,
  repair,
} from "../../orchestrator/quarantine/item.ts";
import { readPages } from "../../orchestrator/quarantine/query.ts";

let game: PipelineFolder;
beforeAll(async () => {
  game = (await loadPipelines()).find(({ name }) => name === "game")!;
});

const item = (payload: string | null, more: Partial<Item> = {}): Item => ({
  topic: "quarantine",
  partition: 0,
  offset: "7",
  stage: "edge",
  reason: "event_invalid",
  fieldPath: "amount",
  eventType: "purchase_sword",
  message: null,
  payload,
  isCut: false,
  refusedAt: "2026-01-01T00:00:00.000Z",
  ...more,
});
const edit = (more: Partial<Edit> = {}): Edit => ({ set: {}, unset: [], ...more });
const sword = (more: object = {}) =>
  JSON.stringify({ user_id: "ann", sword_type: "katana", amount: 0, ...more });

describe("a repair", () => {
  it("keeps the event_id that the client gave", async () => {
    const verdict = await repair(game, item(sword({ event_id: "mine-1" })), edit({ set: { amount: 2 } }));
    expect(verdict).toMatchObject({
      ok: true,
      repaired: { type: "purchase_sword", eventId: "mine-1", event: { amount: 2, event_id: "mine-1" } },
    });
  });

  it("makes an id of the place where there was none, the same each time", async () => {
    const ids = [];
    for (let i = 0; i < 2; i += 1) {
      const verdict = await repair(game, item(sword()), edit({ set: { amount: 2 } }));
      ids.push(verdict.ok && verdict.repaired.eventId);
    }
    expect(ids).toEqual(["quarantine.quarantine:0:7", "quarantine.quarantine:0:7"]);
  });

  it("says what is still wrong", async () => {
    expect(await repair(game, item(sword()), edit())).toMatchObject({
      ok: false,
      issues: [{ path: "amount" }],
    });
    const other = edit({ set: { event_type: "sell_sword" } });
    expect(await repair(game, item(sword()), other)).toMatchObject({
      ok: false,
      issues: [{ path: "event_type" }],
    });
  });

  it("runs a function, which may leave an event as it is", async () => {
    const mend = edit({ with: (event) => ({ ...event, amount: 3 }) });
    expect(await repair(game, item(sword()), mend)).toMatchObject({
      ok: true,
      repaired: { event: { amount: 3 } },
    });
    expect(await repair(game, item(sword()), edit({ with: () => undefined }))).toMatchObject({ ok: false });
  });

  it("joins the fields of query string and body; the body wins", async () => {
    const both = JSON.stringify({ query: { user_id: "bob", amount: 1 }, body: sword({ amount: 4 }) });
    expect(await repair(game, item(both), edit())).toMatchObject({
      ok: true,
      repaired: { event: { user_id: "ann", amount: 4 } },
    });
  });

  it("takes from a record of Kafka what the edge will add again", async () => {
    const record = sword({
      amount: "x",
      event_type: "purchase_sword",
      received_at: "2026-01-01T00:00:00Z",
      host: "h",
    });
    const poison = item(record, { stage: "flink", topic: "events", eventType: null });
    const verdict = await repair(game, poison, edit({ set: { amount: 1 } }));
    expect(verdict.ok && Object.keys(verdict.repaired.event).sort()).toEqual([
      "amount",
      "event_id",
      "sword_type",
      "user_id",
    ]);
  });

  it.each([
    ["cut", item(sword(), { isCut: true })],
    ["no JSON", item("{")],
    ["nothing", item(null)],
  ])("of a payload that is %s needs its fields given", async (_, refused) => {
    expect(await repair(game, refused, edit())).toMatchObject({ ok: false, issues: [{ path: "" }] });
    const given = edit({ set: { user_id: "ann", sword_type: "katana", amount: 1 } });
    expect((await repair(game, refused, given)).ok).toBe(true);
  });
});

describe("places and edits in words", () => {
  it("reads a place as it is printed, and refuses others", () => {
    const place = { topic: "events", partition: 3, offset: "9223372036854775807" };
    expect(readPlace(placeName(place))).toEqual(place);
    for (const bad of ["events:3", "Events:1:1", "events:1:1; DROP TABLE x", "", "events:x:1"])
      expect(() => readPlace(bad)).toThrow(/is no place/);
  });

  it("reads values as JSON where they are, else as text; big numbers keep their digits", () => {
    expect(
      readSet(["amount=3", "sword_type=katana", "id=9223372036854775807", "note=", "flag=true"]),
    ).toEqual({
      amount: 3,
      sword_type: "katana",
      id: "9223372036854775807",
      note: "",
      flag: true,
    });
    expect(() => readSet(["amount"])).toThrow(/--set amount: give field=value/);
  });

  it("keeps every digit on its way through Postgres", () => {
    const event = { id: "9223372036854775807", amount: 2, text: 'a "b"' };
    expect(readEvent(eventText(event))).toEqual(event);
  });
});

describe("pages of the quarantine", () => {
  /** A lake of `count` rows that gives those behind the place and within the limit that a query names. */
  const lakeOf = (count: number, asked: string[]) => ({
    async query(sql: string) {
      asked.push(sql);
      const after = Number(/kafka_offset > BIGINT '(\d+)'/.exec(sql)?.[1] ?? -1);
      const limit = Number(/LIMIT (\d+)/.exec(sql)?.[1]);
      const offsets = Array.from({ length: count }, (_, offset) => offset).filter((offset) => offset > after);
      const rows = offsets.slice(0, limit).map((offset) => ["quarantine", 2, `${offset}`]);
      return { columns: [], rows };
    },
  });
  const read = async (count: number, limit: number) => {
    const asked: string[] = [];
    const offsets: number[] = [];
    for await (const page of readPages(lakeOf(count, asked), "game", { places: [] }, limit))
      offsets.push(...page.map(({ offset }) => Number(offset)));
    return { asked, offsets };
  };

  it("hold every row once, whatever the number, and go on behind the last place", async () => {
    for (const count of [0, 1, 5000, 12_345]) {
      const { asked, offsets } = await read(count, Number.POSITIVE_INFINITY);
      expect(offsets).toEqual(Array.from({ length: count }, (_, n) => n));
      for (const sql of asked.slice(1))
        expect(sql).toMatch(
          /topic = 'quarantine' AND \(q\.kafka_partition > 2 OR q\.kafka_partition = 2 AND/,
        );
    }
  });

  it("end at the limit", async () => {
    for (const limit of [1, 5000, 7000]) expect((await read(12_345, limit)).offsets).toHaveLength(limit);
  });
});
