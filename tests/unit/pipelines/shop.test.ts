// The shop's files against a slow recount: what its generator counts is what the rows say.
import { describe, expect, it } from "vitest";
import { loadCases, misjudged, recordsOf } from "../../../flink-sql/cases.ts";
import { contentId } from "../../../flink-sql/content-id.ts";
import { createCsvReader } from "../../../flink-sql/csv-rows.ts";
import { acceptEvent } from "../../../flink-sql/envelope.ts";
import { eventsOf, loadPipelines } from "../../../flink-sql/folders.ts";
import type { Answers } from "../../../flink-sql/generator.ts";
import { createEventMaker, type HeaderMaker } from "../../../flink-sql/row-events.ts";
import generator from "../../../flink-sql/shop/generate.ts";

const shop = (await loadPipelines()).find(({ name }) => name === "shop")!;
const edge = { receivedAt: "", host: "", userAgent: "", accept: "", newId: () => "" };

interface Row {
  event_type: string;
  event_time: string;
  user_id: string;
  product_id: string;
  user_session?: string;
}

/** The file's rows as they land, each once, and what became of the others. */
function recount(bytes: Buffer) {
  const events = createEventMaker({ pipeline: shop });
  let maker: HeaderMaker | undefined;
  const read = createCsvReader({
    delimiter: ",",
    rowBytesMax: 65_536,
    onHeader(columns) {
      maker = events.forHeader(columns, "actions.csv");
    },
  });
  const rows = new Map<string, Row>();
  const counts = { read: 0, landed: 0, duplicates: 0, quarantined: 0 };
  for (const found of read(bytes, true)) {
    counts.read++;
    const made = "fault" in found ? found : maker!.make(found.cells);
    const declared = "fault" in made ? undefined : eventsOf(shop).find(({ type }) => type === made.type);
    if ("fault" in made || !declared) {
      counts.quarantined++;
      continue;
    }
    const own = { ...made.fields, event_time: made.eventTime };
    const id = contentId(shop.name, made.type, own);
    const verdict = acceptEvent(made.type, declared.event, { event_id: id, ...own }, edge);
    if (!verdict.ok) counts.quarantined++;
    else if (rows.has(id)) counts.duplicates++;
    else rows.set(id, verdict.event as unknown as Row);
  }
  counts.landed = rows.size;
  return { counts, rows: [...rows.values()] };
}

function generate(rows: number, seed: number, damage: number): { answers: Answers; bytes: Buffer } {
  const parts: Buffer[] = [];
  const answers = generator.generate({ rows, seed, damage }, (_file, bytes) =>
    parts.push(Buffer.from(bytes)),
  );
  return { answers, bytes: Buffer.concat(parts) };
}

const answer = (answers: Answers, name: string) =>
  answers.reports.find(({ report, parameters }) => report === name && !parameters.month && !parameters.day)!;

describe("the shop's files", () => {
  it.each([
    [1500, 1, 0],
    [2500, 2, 0.02],
  ])("%i rows of seed %i with damage %f count as they say", (rows, seed, damage) => {
    const { answers, bytes } = generate(rows, seed, damage);
    const found = recount(bytes);
    const { read, landed, duplicates, quarantined } = answers;
    expect(found.counts).toEqual({ read, landed, duplicates, quarantined });
    expect(read).toBe(rows);

    const days = new Map<string, Set<string>>();
    const windows = new Map<string, number>();
    for (const { event_time, user_id } of found.rows) {
      const day = event_time.slice(0, 10);
      days.set(day, (days.get(day) ?? new Set()).add(user_id));
      // The window of ten seconds is all of the time but its last digit of seconds.
      const window = `${user_id} ${event_time.slice(0, 18)}`;
      windows.set(window, (windows.get(window) ?? 0) + 1);
    }
    const visitors = answer(answers, "unique_visitors_per_day").rows.map(([day, users]) => [day, users]);
    expect(visitors).toEqual([...days].sort().map(([day, users]) => [day, `${users.size}`]));

    const bursts = [...windows].filter(([, actions]) => actions > 10);
    expect(bursts).not.toEqual([]);
    expect([...windows.values()].filter((actions) => actions === 10)).not.toEqual([]);
    const alerts = answer(answers, "bot_windows").rows.map(
      ([user, start, , actions]) => `${user} ${String(start).replace(" ", "T").slice(0, 18)} ${actions}`,
    );
    expect(alerts.sort()).toEqual(bursts.map(([window, actions]) => `${window} ${actions}`).sort());

    const left = answer(answers, "unique_visitors_per_day").rows.reduce(
      (sum, row) => sum + Number(row[3]),
      0,
    );
    expect(left).toBe(landed);
  });

  it("are the same for the same seed, and others for another", () => {
    const made = [1, 1, 2].map((seed) => generate(500, seed, 0.02).bytes.toString("latin1"));
    expect(made[0]).toBe(made[1]);
    expect(made[0]).not.toBe(made[2]);
  });
});

describe("the shop's cases", () => {
  it.each(loadCases(shop).map((one) => [one.name, one] as const))("%s: rows are judged as said", (_, one) => {
    expect(misjudged(one, recordsOf(shop, one))).toEqual([]);
  });
});
