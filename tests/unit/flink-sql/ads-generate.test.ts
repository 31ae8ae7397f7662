// The answers of the generator against a recount that reads its files, as plainly as can be.
import { createHash } from "node:crypto";
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import generator from "../../../flink-sql/ads/generate.ts";
import { recordsOf } from "../../../flink-sql/cases.ts";
import { loadPipelines } from "../../../flink-sql/folders.ts";
import type { Answers, GenerateOptions } from "../../../flink-sql/generator.ts";

function make(options: GenerateOptions): { files: Map<string, Buffer>; answers: Answers } {
  const parts = new Map<string, Uint8Array[]>(generator.files.map(({ name }) => [name, []]));
  const answers = generator.generate(options, ({ name }, bytes) => parts.get(name)!.push(Buffer.from(bytes)));
  return { files: new Map([...parts].map(([name, chunks]) => [name, Buffer.concat(chunks)])), answers };
}

const forms = [
  /^(?<m>\d+)\/(?<d>\d+)\/(?<y>\d\d|\d{4}) (?<h>\d+):(?<min>\d\d)$/,
  /^(?<y>\d{4})-(?<m>\d\d)-(?<d>\d\d)[T ](?<h>\d\d):(?<min>\d\d):(?<s>\d\d)(Z|\+00:00| UTC)$/,
];

/** ISO text; undefined where it is no time. */
function timeIn(text: string): string | undefined {
  const found = forms.map((form) => form.exec(text)?.groups).find(Boolean);
  if (!found) return undefined;
  const { y, m, d, h, min, s = "0" } = found;
  const time = new Date(
    Date.UTC((Number(y) % 100) + 2000, Number(m) - 1, Number(d), Number(h), Number(min), Number(s)),
  );
  return time.getUTCDate() === Number(d) ? time.toISOString() : undefined;
}

interface Row {
  device: string;
  time: string;
  thing: string | undefined;
  action: string;
  country: string;
}

type Tally = Record<string, number>;

/** What a file holds by plain reading: rows that land, each once, and how many do not, by reason. */
function recount(file: Buffer, actions: string[]) {
  const isWhole = file.at(-1) === 10;
  const lines = file.toString("latin1").replace(/\n$/, "").split("\n").slice(1);
  const rows = new Map<string, Row>();
  const tally: Tally = { came: lines.length };
  const count = (what: string) => {
    tally[what] = (tally[what] ?? 0) + 1;
  };
  const given = (text: string) => (["", "NaN", "NULL", "Unknown"].includes(text) ? undefined : text);
  for (const [at, line] of lines.entries()) {
    const bytes = Buffer.from(line.replace(/\r$/, ""), "latin1");
    const text = bytes.toString("utf8");
    const cells = text.includes("\ufffd") ? [] : (parse(text)[0] as string[]);
    const [device = "", written = "", thing = "", action = "", country = "", brand = ""] = cells;
    const time = timeIn(written);
    const id = device.replace(/^(['"])(.*)\1$/, "$2");
    if (cells.length === 0) count("not_utf8/");
    else if (cells.length !== 6) count(at === lines.length - 1 && !isWhole ? "row_cut/" : "column_count/");
    else if (!time) count("value_unreadable/event_time");
    else if (!/^[A-Za-z0-9]{4,64}$/.test(id)) count("event_invalid/device_id");
    else if (!actions.includes(action)) count("event_invalid/action");
    else if (!/^[A-Z]{2}$/.test(country)) count("event_invalid/country");
    else if (!given(brand)) count("event_invalid/brand");
    else {
      const key = JSON.stringify([id, time, given(thing), action, country, brand]);
      if (rows.has(key)) count("duplicates");
      rows.set(key, { device: id, time, thing: given(thing), action, country });
    }
  }
  return { rows: [...rows.values()], tally };
}

const distinct = (rows: Row[]) => String(new Set(rows.map(({ device }) => device)).size);

function groups(rows: Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keyOf(row);
    if (!found.has(key)) found.set(key, []);
    found.get(key)!.push(row);
  }
  return found;
}

const isActive = ({ action }: Row) => ["close", "click", "app_view", "open", "download"].includes(action);
const did = (rows: Row[], action: string) => rows.filter((row) => row.action === action);

const folder = (await loadPipelines()).find(({ name }) => name === "ads")!;
const { files, answers } = make({ rows: 4_000, seed: 3, damage: 0.1 });
const ads = recount(files.get("ad_stream.csv")!, ["logs", "display", "load", "close", "click"]);
const store = recount(files.get("store_stream.csv")!, ["logs", "app_view", "open", "download"]);
const all = [...ads.rows, ...store.rows];
const answerOf = (report: string, month = "") =>
  answers.reports.find((one) => one.report === report && (one.parameters.month ?? "") === month)!;
const sorted = (rows: unknown[][]) => rows.map((row) => JSON.stringify(row)).sort();

describe("the generator of ads", () => {
  it("knows what becomes of each row, and of each reason how often", () => {
    const of = (stream: string, { rows, tally }: typeof ads) =>
      Object.entries({ ...tally, landed: rows.length, none: rows.filter(({ thing }) => !thing).length }).map(
        ([what, events]) => {
          const [reason, field] = what.split("/");
          const step = what === "none" ? "landed without ad or app" : what;
          return field === undefined
            ? [stream, step, "", "", String(events)]
            : [stream, "quarantined", reason, field, String(events)];
        },
      );
    const expected = [...of("ad_stream", ads), ...of("store_stream", store)];
    expect(sorted(answerOf("cleaning").rows)).toEqual(sorted(expected));
    const { read, landed, duplicates, quarantined } = answers;
    expect(read).toBe(4_000);
    expect(landed).toBe(all.length);
    expect(duplicates).toBeGreaterThan(150);
    expect(landed + duplicates + quarantined).toBe(read);
  });

  it("says of each row what the load and the contract say", () => {
    for (const [stream, name] of [
      ["ad_stream", "ad_stream.csv"],
      ["store_stream", "store_stream.csv"],
    ] as const) {
      const base64 = files.get(name)!.toString("base64");
      const { byTopic, refused, unreadable } = recordsOf(folder, { csv: { base64 } });
      const ids = new Set(byTopic.get(stream)!.map((event) => (event as { event_id: string }).event_id));
      const steps = answerOf("cleaning").rows.filter(([of]) => of === stream);
      const told = (wanted: (reason: string, field: string) => boolean) =>
        steps
          .filter(([, step, reason, field]) => step === "quarantined" && wanted(`${reason}`, `${field}`))
          .reduce((sum, row) => sum + Number(row[4]), 0);
      expect(steps.find(([, step]) => step === "landed")![4]).toBe(String(ids.size));
      const fields = Object.values(refused);
      for (const field of new Set(fields))
        expect([field, told((reason, of) => reason === "event_invalid" && of === field)]).toEqual([
          field,
          fields.filter((one) => one === field).length,
        ]);
      const reasons = Object.values(unreadable);
      for (const reason of new Set(reasons))
        expect([reason, told((one) => one === reason)]).toEqual([
          reason,
          reasons.filter((one) => one === reason).length,
        ]);
      expect(told(() => true)).toBe(fields.length + reasons.length);
    }
  }, 30_000);

  it.each([
    ["daily_active", 10],
    ["monthly_active", 7],
  ])("answers %s and its live twin", (report, length) => {
    const expected = [...groups(all, ({ time, country }) => `${time.slice(0, length)} ${country}`)].map(
      ([key, rows]) => [...key.split(" "), distinct(rows), distinct(rows.filter(isActive))],
    );
    expect(answerOf(report).rows.map((row) => JSON.stringify(row))).toEqual(sorted(expected));
    expect(answerOf(`${report}_live`).rows).toEqual(answerOf(report).rows);
    const chosen = expected.filter(([period, country]) => period!.startsWith("2018-02") && country === "IN");
    expect(sorted(answerOf(report, "2018-02").rows)).toEqual(sorted(chosen));
  });

  it("answers ad_performance, with ads that were clicked and never displayed", () => {
    const known = ads.rows.filter(({ thing, action }) => thing && ["display", "click"].includes(action));
    const expected = [
      ...groups(known, ({ time, country, thing }) => `${time.slice(0, 7)} ${country} ${thing}`),
    ].map(([key, rows]) => {
      const [displayed, clicked] = [distinct(did(rows, "display")), distinct(did(rows, "click"))];
      const rate = displayed === "0" ? null : (Number(clicked) / Number(displayed)).toFixed(4);
      return [...key.split(" "), displayed, clicked, rate];
    });
    const { rows } = answerOf("ad_performance");
    expect(sorted(rows)).toEqual(sorted(expected));
    expect(rows.filter(([, , , displayed]) => displayed === "0").length).toBeGreaterThan(0);
    const before = rows.every((row, at) => at === 0 || rows[at - 1]![0]! <= row[0]!);
    expect(before).toBe(true);
  });

  it.each(["", "2018-02"])("answers app_performance of month '%s'", (month) => {
    const known = store.rows.filter(
      ({ thing, action, time, country }) =>
        thing &&
        ["app_view", "download"].includes(action) &&
        (month === "" || (time.startsWith(month) && country === "IN")),
    );
    const expected = [...groups(known, ({ thing }) => thing!)].map(([app, rows]) => {
      const [views, downloads] = [did(rows, "app_view"), did(rows, "download")];
      const rate = views.length === 0 ? null : (downloads.length / views.length).toFixed(4);
      return [
        app,
        distinct(views),
        distinct(downloads),
        String(views.length),
        String(downloads.length),
        rate,
      ];
    });
    expect(sorted(answerOf("app_performance", month).rows)).toEqual(sorted(expected));
  });

  it("makes the same files of the same seed, others of another, and none damaged where none is asked for", () => {
    const hash = (seed: number) =>
      [...make({ rows: 500, seed, damage: 0 }).files.values()].map((file) =>
        createHash("sha256").update(file).digest("hex"),
      );
    expect(hash(1)).toEqual(hash(1));
    expect(hash(1)).not.toEqual(hash(2));
    const { read, landed } = make({ rows: 500, seed: 1, damage: 0 }).answers;
    expect([read, landed]).toEqual([500, 500]);
  });
});
