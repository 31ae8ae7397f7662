// The catalogue's files and answers against a slow and simple recount: every row read by a CSV parser and by
// the contract, products kept in a map, and each report computed from them.
import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, it } from "vitest";
import { requestType } from "../../../flink-sql/envelope.ts";
import { eventsOf } from "../../../flink-sql/folders.ts";
import type { Answers } from "../../../flink-sql/generator.ts";
import type { EventType } from "../../../flink-sql/pipeline.ts";
import generator from "../../../flink-sql/products/generate.ts";
import pipeline from "../../../flink-sql/products/pipeline.ts";
import { textReader } from "../../../flink-sql/text.ts";

const contract = new Map(eventsOf(pipeline).map(({ type, event }) => [type, event]));

/** Rows as an event's JSON; undefined for one that the contract or a reader refuses. */
function readRow(event: EventType, header: string[], row: string[]): Record<string, unknown> | undefined {
  if (row.length !== header.length || row.some((text) => text.includes("\ufffd"))) return undefined;
  const { columns, nothing, read } = event.csv!;
  const named = Object.entries(event.fields.shape).map(([field, type]) => {
    const text = row[header.indexOf((columns[field] ?? field).toLowerCase())]!;
    if (text === "" || nothing.includes(text)) return [field, undefined];
    try {
      return [field, (read[field] ?? textReader(type as never) ?? String)(text)];
    } catch {
      return [field, undefined]; // each field is required
    }
  });
  const parsed = requestType(event).safeParse(Object.fromEntries(named));
  return parsed.success ? (parsed.data as Record<string, unknown>) : undefined;
}

interface Product {
  asin: string;
  category_id: number;
  price: number;
  stars: number;
  reviews: number;
  is_best_seller: boolean;
  row: Record<string, unknown>;
}

function generated(rows: number, seed: number, damage: number) {
  const files = new Map<string, Buffer[]>();
  const answers = generator.generate({ rows, seed, damage }, ({ name }, bytes) => {
    files.set(name, [...(files.get(name) ?? []), Buffer.from(bytes as string)]);
  });
  return {
    answers,
    texts: [...files].map(([name, parts]) => ({ name, text: Buffer.concat(parts).toString() })),
  };
}

/** Reads the files in their order as a load would: what lands, what was there, what can't land. */
function recount(texts: { name: string; text: string }[]) {
  const seen = new Set<string>();
  const products = new Map<string, Product>();
  const categories = new Map<number, string>();
  const counts = { read: 0, landed: 0, duplicates: 0, quarantined: 0 };
  for (const { name, text } of texts) {
    const type = generator.files.find((file) => file.name === name)!.event;
    const end = text.lastIndexOf("\n") + 1;
    const [header = [], ...rows] = parse(text.slice(0, end), {
      bom: true,
      relax_column_count: true,
    }) as string[][];
    const lower = header.map((column) => column.toLowerCase());
    if (end < text.length) {
      counts.read++; // cut in the middle
      counts.quarantined++;
    }
    for (const row of rows) {
      counts.read++;
      const event = readRow(contract.get(type)!, lower, row);
      if (!event) counts.quarantined++;
      else if (seen.has(JSON.stringify([type, event]))) counts.duplicates++;
      else {
        counts.landed++;
        seen.add(JSON.stringify([type, event]));
        if (type === "category") categories.set(event.category_id as number, event.category_name as string);
        else {
          const numbers = { price: Number(event.price), stars: Number(event.stars) };
          products.set(event.asin as string, { ...(event as unknown as Product), ...numbers, row: event });
        }
      }
    }
  }
  return { counts, products: [...products.values()], categories };
}

function groupBy<Key>(products: Product[], of: (product: Product) => Key): [Key, Product[]][] {
  const groups = new Map<Key, Product[]>();
  for (const product of products) {
    const group = groups.get(of(product)) ?? [];
    groups.set(of(product), group);
    group.push(product);
  }
  return [...groups];
}
const sum = (products: Product[], of: (product: Product) => number) =>
  products.reduce((all, p) => all + of(p), 0);
/** Half up, from a ratio of whole numbers that is exact in a double. */
const rounded = (above: number, below: number, digits: number) =>
  (Math.floor((above * 2 * 10 ** digits + below) / (2 * below)) / 10 ** digits).toFixed(digits);
const cents = (price: number) => Math.round(price * 100);

type Asked = Record<string, string>;
type Recounted = ReturnType<typeof recount>;

/** What each report's SQL says, once more in plain TypeScript. */
const reports: Record<string, (asked: Asked, lake: Recounted) => unknown[][]> = {
  price_levels: ({ highest = "200" }, { products }) => {
    const priced = products.filter(({ price }) => price > 0);
    return levels(priced, highest).map(([from, of]) => [
      String(from),
      String(of.length),
      rounded(of.length, priced.length, 4),
    ]);
  },
  rating_by_price: ({ highest = "200", category_id = "" }, { products }) => {
    const rated = products.filter(
      (p) => p.price > 0 && p.stars > 0 && (category_id === "" || String(p.category_id) === category_id),
    );
    return levels(rated, highest).map(([from, of]) => [
      String(from),
      String(of.length),
      rounded(sum(of, (p) => Math.round(p.stars * 10)) * 100, of.length * 1000, 3),
      String(sum(of, (p) => p.reviews)),
    ]);
  },
  products_by_category: ({ top = "30" }, { products, categories }) =>
    groupBy(products, (p) => p.category_id)
      .sort(([a, of], [b, than]) => than.length - of.length || a - b)
      .slice(0, top === "" ? undefined : Number(top))
      .map(([id, of]) => [
        id,
        categories.get(id) ?? `category ${id}`,
        String(of.length),
        String(of.filter((p) => p.is_best_seller).length),
      ]),
  average_price_by_category: ({ unknown = "without", top = "30" }, { products, categories }) =>
    groupBy(
      products.filter((p) => p.price > 0 || unknown === "with"),
      (p) => p.category_id,
    )
      .map(([id, of]) => ({
        id,
        of,
        average: rounded(
          sum(of, (p) => cents(p.price)),
          of.length * 100,
          2,
        ),
      }))
      .sort((a, b) => Number(b.average) - Number(a.average) || a.id - b.id)
      .slice(0, top === "" ? undefined : Number(top))
      .map(({ id, of, average }) => [
        id,
        categories.get(id) ?? `category ${id}`,
        String(of.length),
        String(of.filter((p) => p.price === 0).length),
        average,
        Math.min(...of.map((p) => p.price)).toFixed(2),
        Math.max(...of.map((p) => p.price)).toFixed(2),
      ]),
  product: ({ asin }, { products, categories }) => {
    const most = products.toSorted((a, b) => b.reviews - a.reviews || (a.asin < b.asin ? -1 : 1))[0];
    const { row } = asin === "" ? most! : products.find((p) => p.asin === asin)!;
    const money = (text: unknown) => Number(text).toFixed(2);
    return [
      [
        ...[
          row.asin,
          row.title,
          row.category_id,
          categories.get(row.category_id as number) ?? null,
          row.stars,
        ],
        ...[
          row.reviews,
          money(row.price),
          money(row.list_price),
          row.is_best_seller,
          row.bought_in_last_month,
        ],
        ...[row.product_url, row.img_url],
      ],
    ];
  },
  category: ({ category = "" }, { products, categories }) =>
    [...categories]
      .filter(
        ([id, name]) => ["", String(id)].includes(category) || name.toLowerCase() === category.toLowerCase(),
      )
      .sort(([a], [b]) => a - b)
      .map(([id, name]) => {
        const of = products.filter((p) => p.category_id === id);
        const [priced, rated] = [of.filter((p) => p.price > 0), of.filter((p) => p.stars > 0)];
        return [
          ...[id, name, String(of.length), String(of.filter((p) => p.is_best_seller).length)],
          priced.length > 0
            ? rounded(
                sum(priced, (p) => cents(p.price)),
                priced.length * 100,
                2,
              )
            : null,
          rated.length > 0
            ? rounded(
                sum(rated, (p) => Math.round(p.stars * 10)),
                rated.length * 10,
                3,
              )
            : null,
        ];
      }),
};

const levels = (products: Product[], highest: string) => {
  const last = highest === "" ? Number.POSITIVE_INFINITY : Math.floor(Number(highest) / 5) * 5;
  const from = (p: Product) => Math.min(last, Math.floor(cents(p.price) / 500) * 5);
  return groupBy(products, from).sort(([a], [b]) => a - b);
};

describe.each([
  { rows: 4000, seed: 1, damage: 0.02 },
  { rows: 3000, seed: 77, damage: 0.2 },
  { rows: 3000, seed: 2, damage: 0 },
  { rows: 50, seed: 3, damage: 0.5 },
])("a catalogue of $rows rows with damage $damage", ({ rows, seed, damage }) => {
  let answers: Answers;
  let lake: Recounted;

  beforeAll(() => {
    const made = generated(rows, seed, damage);
    answers = made.answers;
    lake = recount(made.texts);
  });

  it("has exactly its rows, and each has the verdict that was counted", () => {
    const { read, landed, duplicates, quarantined } = answers;
    expect({ read, landed, duplicates, quarantined }).toEqual(lake.counts);
    expect(read).toBe(rows);
    expect(landed + duplicates + quarantined).toBe(rows);
    if (damage === 0) expect(quarantined).toBe(0);
    else expect(quarantined).toBeGreaterThan(0);
  });

  it("has the answers of a recount", () => {
    const asked = answers.reports.map(({ report, parameters, rows: answered }) => ({
      report,
      parameters,
      answered,
    }));
    expect(asked.map(({ report }) => report).sort()).toEqual(
      expect.arrayContaining(Object.keys(reports).sort()),
    );
    for (const { report, parameters, answered } of asked)
      expect({ report, parameters, rows: answered }).toEqual({
        report,
        parameters,
        rows: reports[report]!(parameters, lake),
      });
  });
});

describe("the catalogue's files", () => {
  it("are the same bytes for the same seed, and others for another", () => {
    const [first, again, other] = [generated(500, 1, 0.05), generated(500, 1, 0.05), generated(500, 2, 0.05)];
    expect(again).toEqual(first);
    expect(other.texts).not.toEqual(first.texts);
  });

  it("name 248 categories, each its own, and products that changed beside ones that did not", () => {
    const { texts } = generated(3000, 1, 0);
    const { products, categories } = recount(texts);
    expect(categories.size).toBe(248);
    expect(new Set(categories.values()).size).toBe(248);
    const { products: before } = recount(texts.slice(0, 2));
    const prices = new Map(before.map((p) => [p.asin, p.price]));
    const changed = products.filter((p) => prices.get(p.asin) !== p.price);
    expect(products).toHaveLength(before.length);
    expect(changed.length / before.length).toBeGreaterThan(0.05);
    expect(changed.length / before.length).toBeLessThan(0.1);
  });

  it("say how many rows a catalogue needs", () => {
    expect(() => generated(49, 1, 0)).toThrow("--rows 49: a catalogue needs 50 or more");
  });
});

describe("the contract", () => {
  it("refuses every row whose fields shifted left, also where it was filled up to its width", () => {
    const [, { text }] = generated(400, 5, 0).texts as [unknown, { text: string }];
    const [header = [], ...rows] = parse(text) as string[][];
    const lower = header.map((column) => column.toLowerCase());
    const product = contract.get("product")!;
    expect(rows.filter((row) => readRow(product, lower, row))).toHaveLength(rows.length);
    const passed = rows.flatMap((row) =>
      row
        .map((_, column) => [...row.toSpliced(column, 1), ""])
        .filter((shifted) => readRow(product, lower, shifted)),
    );
    expect(passed).toEqual([]);
  });
});
