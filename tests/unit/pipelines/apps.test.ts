// The generator of apps against a recount of its file that shares no code with it: read with csv-parse, added up
// by plain maps.
import { createHash } from "node:crypto";
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import generator from "../../../flink-sql/apps/generate.ts";
import type { Answers } from "../../../flink-sql/generator.ts";

const rows = 4000;

function made(seed: number, damage: number): { bytes: Buffer; answers: Answers } {
  const parts: Buffer[] = [];
  const answers = generator.generate({ rows, seed, damage }, (_file, bytes) =>
    parts.push(Buffer.from(bytes)),
  );
  return { bytes: Buffer.concat(parts), answers };
}

interface Usage {
  app: string;
  category: string;
  type: string;
  key: string;
  rating: number | undefined;
  cents: number;
  user: string;
  age: number | undefined;
  place: string | undefined;
  minutes: number;
  day: string;
}

const whole = (text: string) =>
  /^(\d{1,3}(,\d{3})+|\d+)$/.test(text) ? Number(text.replaceAll(",", "")) : undefined;
const some = (text: string | undefined) => (text && text !== "NaN" && text !== "Unknown" ? text : undefined);

/** A row as a person would judge it: undefined for one that can't be meant so. */
function read(fields: string[]): Usage | undefined {
  if (fields.length !== 19 || fields.some((text) => text.includes("\ufffd"))) return undefined;
  const [app, category, rating, , , installs, type, price, , , , , , id, , age, place, minutes, day] =
    fields.map(some);
  const user = (id ?? "").replace(/^(['"])(.*)\1$/, "$2");
  const slashed = /^(\d+)\/(\d+)\/(\d{4})$/.exec(day ?? "");
  const date = slashed
    ? `${slashed[3]}-${slashed[1]!.padStart(2, "0")}-${slashed[2]!.padStart(2, "0")}`
    : (day ?? "");
  const isDay = /^\d{4}-\d\d-\d\d$/.test(date) && new Date(`${date}T00:00:00Z`).toJSON()?.startsWith(date);
  const spent = whole(minutes ?? "");
  const stars = rating === undefined ? undefined : Number(rating);
  const cents = Math.round(Number((price ?? "").replace("$", "")) * 100);
  const isCategory = /^[A-Z_]+$/.test(category ?? "");
  if (!app || !isCategory || !/^\d+$/.test(user) || !isDay || spent === undefined || Number.isNaN(cents))
    return undefined;
  if ((stars !== undefined && !(stars >= 1 && stars <= 5)) || installs === "Free") return undefined;
  const paid = type ?? (cents > 0 ? "Paid" : "Free");
  return {
    ...{ app, category: category!, type: paid, rating: stars, cents, user },
    key: createHash("sha256")
      .update(JSON.stringify([app, category, paid]))
      .digest("hex")
      .slice(0, 32),
    age: age === undefined ? undefined : Number(age),
    ...{ place, minutes: spent, day: date },
  };
}

function recount(bytes: Buffer) {
  const text = bytes.toString("utf8");
  // A last row without its line end was cut, perhaps within quotes: it is read by itself.
  const end = text.lastIndexOf("\n") + 1;
  const [, ...all] = parse(text.slice(0, end), { bom: true, relax_column_count: true }) as string[][];
  if (end < text.length) all.push(text.slice(end).split(","));
  const seen = new Set<string>();
  const landed: Usage[] = [];
  const counts = { read: all.length, landed: 0, duplicates: 0, quarantined: 0 };
  for (const fields of all) {
    const usage = read(fields);
    const content =
      usage && JSON.stringify([usage, fields.slice(2, 13).map((text) => text.replaceAll(",", ""))]);
    if (!usage || !content) counts.quarantined++;
    else if (seen.has(content)) counts.duplicates++;
    else {
      seen.add(content);
      landed.push(usage);
    }
  }
  counts.landed = landed.length;
  return { counts, landed };
}

function by<Key>(usages: Usage[], keyOf: (usage: Usage) => Key): [Key, Usage[]][] {
  const groups = new Map<Key, Usage[]>();
  for (const usage of usages) {
    const group = groups.get(keyOf(usage));
    if (group) group.push(usage);
    else groups.set(keyOf(usage), [usage]);
  }
  return [...groups];
}

const sum = (usages: Usage[]) => usages.reduce((all, { minutes }) => all + minutes, 0);
const distinct = (values: string[]) => new Set(values).size;
/** Half up, by way of whole numbers: what the report says in decimals. */
const rounded = (a: number, b: number, digits: number) =>
  (Math.floor((2 * a * 10 ** digits + b) / (2 * b)) / 10 ** digits).toFixed(digits);
const measures = (usages: Usage[]) => [
  String(distinct(usages.map(({ user }) => user))),
  String(usages.length),
  String(sum(usages)),
  rounded(sum(usages), usages.length, 2),
];
const order = (a: string, b: string) => (a < b ? -1 : 1);
const bandOf = ({ age }: Usage) => {
  if (age === undefined) return "unknown";
  if (age < 18) return "0-17";
  if (age >= 65) return "65+";
  if (age < 25) return "18-24";
  const low = Math.floor((age - 5) / 10) * 10 + 5;
  return `${low}-${low + 9}`;
};
const grouped = (usages: Usage[], keyOf: (usage: Usage) => string) =>
  by(usages, keyOf).map(([name, group]) => [name, ...measures(group)]);
const alphabetic = (list: string[][]) => list.sort(([a], [b]) => order(a!, b!));
const longest = (list: string[][], minutes: number) =>
  list.sort((a, b) => Number(b[minutes]) - Number(a[minutes]) || order(a[0]!, b[0]!));
const about = ([first]: Usage[]) => [first!.app, first!.category, first!.type];

const reports: Record<string, (usages: Usage[], parameters: Record<string, string>) => unknown[][]> = {
  minutes_by_age_band: (usages) => alphabetic(grouped(usages, bandOf)),
  minutes_by_place: (usages) =>
    longest(
      grouped(usages, ({ place }) => place ?? "unknown"),
      3,
    ),
  minutes_by_month: (usages) => alphabetic(grouped(usages, ({ day }) => day.slice(0, 7))),
  minutes_by_category: (usages) =>
    longest(
      by(usages, ({ category }) => category).map(([name, group]) => [
        name,
        String(distinct(group.map(({ key }) => key))),
        ...measures(group),
      ]),
      4,
    ),
  minutes_by_weekday: (usages) =>
    by(usages, ({ day }) => new Date(day).getUTCDay() || 7)
      .sort(([a], [b]) => a - b)
      .map(([weekday, group]) => {
        const days = distinct(group.map(({ day }) => day));
        const name = new Date(group[0]!.day).toLocaleDateString("en-US", {
          weekday: "long",
          timeZone: "UTC",
        });
        const figures = [days, group.length, sum(group)].map(String);
        return [weekday, name, ...figures, rounded(sum(group), days, 2)];
      }),
  median_rating_by_category: (usages) => {
    const latest = by(usages, ({ key }) => key).map(([, group]) =>
      group.reduce((last, one) => (one.day > last.day ? one : last)),
    );
    return by(latest, ({ category }) => category)
      .map(([name, apps]) => {
        const ratings = apps.flatMap(({ rating }) => rating ?? []).sort((a, b) => a - b);
        const middle = ratings.length / 2;
        const median = (ratings[Math.ceil(middle) - 1]! + ratings[Math.floor(middle)]!) / 2;
        return [name, String(apps.length), String(ratings.length), ratings.length ? median.toFixed(2) : null];
      })
      .sort((a, b) => Number(b[3] ?? -1) - Number(a[3] ?? -1) || order(a[0]!, b[0]!));
  },
  free_and_paid: (usages) =>
    alphabetic(
      by(usages, ({ type }) => type).map(([type, group]) => {
        const spent = group.reduce((all, { cents }) => all + cents, 0);
        return [
          type,
          String(distinct(group.map(({ key }) => key))),
          ...measures(group),
          (spent / 100).toFixed(2),
        ];
      }),
    ),
  apps_by_name: (usages, { name }) =>
    by(usages, ({ app }) => app)
      .filter(([app, group]) => (name ? app === name : distinct(group.map(({ key }) => key)) > 1))
      .flatMap(([, group]) => by(group, ({ key }) => key))
      .map(([key, group]) => [...about(group), String(group.length), String(sum(group)), key] as string[])
      .sort((a, b) => order(a.slice(0, 3).join("\u0000"), b.slice(0, 3).join("\u0000"))),
  user_items: (usages, { user_id }) =>
    by(
      usages.filter(({ user }) => user === user_id),
      ({ key }) => key,
    )
      .map(([key, group]) => {
        const first = group.map(({ day }) => day).sort(order)[0]!;
        return [user_id!, ...about(group), first, String(group.length), String(sum(group)), key];
      })
      .sort((a, b) => Number(b[6]) - Number(a[6]) || order(a[7]!, b[7]!)),
  recommended_apps: (usages, { user_id }) => {
    const users = new Map(by(usages, ({ user }) => user));
    const most = [...users].sort(([a, x], [b, y]) => sum(y) - sum(x) || Number(BigInt(a) - BigInt(b)))[0]![0];
    const chosen = user_id || most;
    const had = new Set(users.get(chosen)?.map(({ key }) => key));
    const similar = [...users].filter(
      ([user, group]) => user !== chosen && group.some(({ key }) => had.has(key)),
    );
    const theirs = similar.flatMap(([, group]) => group).filter(({ key }) => !had.has(key));
    return by(theirs, ({ key }) => key)
      .map(([key, group]) => [
        ...about(group),
        String(distinct(group.map((u) => u.user))),
        String(sum(group)),
        key,
      ])
      .sort((a, b) => Number(b[3]) - Number(a[3]) || Number(b[4]) - Number(a[4]) || order(a[5]!, b[5]!))
      .slice(0, 20);
  },
  app_audience: (usages, { app_key, by: what }) => {
    const own = usages.filter(({ key }) => key === app_key);
    const its = new Set(own.map(({ user }) => user));
    const groupOf = (usage: Usage) => (what === "place" ? (usage.place ?? "unknown") : bandOf(usage));
    const around = usages.filter(({ user, category }) => its.has(user) && category === own[0]!.category);
    const rows = by(own, groupOf).map(([name, group]) => {
      const all = sum(around.filter((usage) => groupOf(usage) === name));
      return [
        name,
        ...measures(group).slice(0, 3),
        String(all),
        all === 0 ? null : rounded(sum(group), all, 4),
      ];
    });
    return longest(rows as string[][], 3);
  },
};

const chosenBy =
  ({ month, category }: Record<string, string>) =>
  (usage: Usage) =>
    (!month || usage.day.startsWith(month)) && (!category || usage.category === category);

describe("the generator of apps", { timeout: 60_000 }, () => {
  it.each([
    [1, 0],
    [2, 0.02],
    [3, 0.3],
  ])("seed %i, damage %f: its answers are what its file holds", (seed, damage) => {
    const { bytes, answers } = made(seed, damage);
    const { counts, landed } = recount(bytes);
    const { reports: told, ...sums } = answers;
    expect(sums).toEqual(counts);
    expect(new Set(told.map(({ report }) => report))).toEqual(new Set(Object.keys(reports)));
    for (const { report, parameters, rows: expected } of told) {
      const recounted = reports[report]!(landed.filter(chosenBy(parameters)), parameters);
      expect({ report, parameters, rows: recounted }).toEqual({ report, parameters, rows: expected });
    }
  });

  it("makes the same bytes for the same seed, and others for another", () => {
    const [one, same, other] = [made(5, 0.1), made(5, 0.1), made(6, 0.1)];
    expect(one.bytes.equals(same.bytes)).toBe(true);
    expect(one.answers).toEqual(same.answers);
    expect(one.bytes.equals(other.bytes)).toBe(false);
  });

  it("has names that stand for several apps, users beyond 2^53, and ratings that are missing", () => {
    const { landed } = recount(made(4, 0).bytes);
    expect(by(landed, ({ app }) => app).some(([, group]) => distinct(group.map(({ key }) => key)) > 1)).toBe(
      true,
    );
    expect(landed.some(({ user }) => BigInt(user) > 2n ** 53n)).toBe(true);
    expect(landed.some(({ rating }) => rating === undefined)).toBe(true);
  });
});
