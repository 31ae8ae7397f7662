// The exact answers of the reports for generated files: sums over what each product is in the end, in whole
// numbers; divided once, and rounded as Trino's DECIMAL division does.
import { hundredths, quotient, type ReportAnswer } from "../generator.ts";
import { categoryOf, type MadeProducts, type ProductFacts, productRow, tenths } from "./made-products.ts";

/** The version of a product of which no row landed. */
export const unseen = 255;

const levelCents = 500;

interface Level {
  products: number;
  rated: number;
  /** Tenths, of rated products alone, as are the reviews. */
  stars: number;
  reviews: number;
}

interface CategorySums {
  products: number;
  bestSellers: number;
  /** Cents of all prices; unknown ones add nothing. */
  price: number;
  priced: number;
  lowest: number;
  highest: number;
  rated: number;
  stars: number;
  levels: Map<number, Level>;
}

const emptySums = (): CategorySums => ({
  products: 0,
  bestSellers: 0,
  price: 0,
  priced: 0,
  lowest: Number.POSITIVE_INFINITY,
  highest: 0,
  rated: 0,
  stars: 0,
  levels: new Map(),
});

function add(sums: CategorySums, { price, stars, reviews, isBestSeller }: ProductFacts): void {
  sums.products++;
  if (isBestSeller) sums.bestSellers++;
  if (stars > 0) sums.rated++;
  sums.stars += stars;
  if (price === 0) return;
  sums.price += price;
  sums.priced++;
  sums.lowest = Math.min(sums.lowest, price);
  sums.highest = Math.max(sums.highest, price);
  const at = Math.floor(price / levelCents) * 5;
  const level = sums.levels.get(at) ?? { products: 0, rated: 0, stars: 0, reviews: 0 };
  sums.levels.set(at, level);
  level.products++;
  if (stars === 0) return;
  level.rated++;
  level.stars += stars;
  level.reviews += reviews;
}

/** Levels of some categories together, those from `highest` on as one, by their lower price. */
function levelsOf(all: CategorySums[], highest = Number.POSITIVE_INFINITY): [number, Level][] {
  const levels = new Map<number, Level>();
  for (const [at, part] of all.flatMap((sums) => [...sums.levels])) {
    const from = Math.min(at, highest);
    const level = levels.get(from) ?? { products: 0, rated: 0, stars: 0, reviews: 0 };
    levels.set(from, level);
    for (const key of ["products", "rated", "stars", "reviews"] as const) level[key] += part[key];
  }
  return [...levels].sort(([a], [b]) => a - b);
}

function priceLevels(parameters: Record<string, string>, levels: [number, Level][]): ReportAnswer {
  const priced = levels.reduce((sum, [, { products }]) => sum + products, 0);
  return {
    report: "price_levels",
    parameters,
    columns: ["price_from", "products", "share"],
    rows: levels.map(([from, { products }]) => [
      String(from),
      String(products),
      quotient(products, priced, 4),
    ]),
  };
}

const ratingByPrice = (parameters: Record<string, string>, levels: [number, Level][]): ReportAnswer => ({
  report: "rating_by_price",
  parameters,
  columns: ["price_from", "products", "average_stars", "reviews"],
  rows: levels
    .filter(([, { rated }]) => rated > 0)
    .map(([from, { rated, stars, reviews }]) => [
      String(from),
      String(rated),
      quotient(stars, rated, 3, 1),
      String(reviews),
    ]),
});

/** Answers of every report, with its defaults and with other parameters. */
export function answersOf(made: MadeProducts, versions: Uint8Array, named: boolean[]): ReportAnswer[] {
  const all = named.map(emptySums);
  let most = { n: -1, reviews: -1 };
  for (const [n, version] of versions.entries()) {
    if (version === unseen) continue;
    const facts = made.factsOf(n, version);
    add(all[facts.category]!, facts);
    const isMore = facts.reviews > most.reviews;
    if (isMore || (facts.reviews === most.reviews && made.asinOf(n) < made.asinOf(most.n)))
      most = { n, reviews: facts.reviews };
  }
  const idOf = (n: number) => categoryOf(n).id;
  const nameOf = (n: number) => (named[n] ? categoryOf(n).name : null);
  const shownName = (n: number) => nameOf(n) ?? `category ${idOf(n)}`;
  const held = all.flatMap((sums, n) => (sums.products > 0 ? [{ n, ...sums }] : []));

  const byCategory = (parameters: Record<string, string>, top: number): ReportAnswer => ({
    report: "products_by_category",
    parameters,
    columns: ["category_id", "category", "products", "best_sellers"],
    rows: held
      .toSorted((a, b) => b.products - a.products || a.n - b.n)
      .slice(0, top)
      .map(({ n, products, bestSellers }) => [idOf(n), shownName(n), String(products), String(bestSellers)]),
  });
  const averagePrice = (
    parameters: Record<string, string>,
    top: number,
    withUnknown: boolean,
  ): ReportAnswer => ({
    report: "average_price_by_category",
    parameters,
    columns: [
      ...[
        "category_id",
        "category",
        "products",
        "unknown_prices",
        "average_price",
        "lowest_price",
        "highest_price",
      ],
    ],
    rows: held
      .map((sums) => ({ ...sums, counted: withUnknown ? sums.products : sums.priced }))
      .filter(({ counted }) => counted > 0)
      .map((sums) => ({ ...sums, average: quotient(sums.price, sums.counted, 2, 2) }))
      .sort((a, b) => Number(b.average) - Number(a.average) || a.n - b.n)
      .slice(0, top)
      .map(({ n, counted, priced, lowest, highest, average }) => [
        idOf(n),
        shownName(n),
        String(counted),
        String(counted - priced),
        average,
        hundredths(counted > priced ? 0 : lowest),
        hundredths(highest),
      ]),
  });
  const product = (asin: string, n: number): ReportAnswer => {
    const version = versions[n]!;
    const { category, price, listPrice, stars, reviews, isBestSeller, bought } = made.factsOf(n, version);
    const [id = "", title = "", image = "", page = ""] = productRow(made, n, version);
    return {
      report: "product",
      parameters: { asin },
      columns: [
        ...["asin", "title", "category_id", "category_name", "stars", "reviews", "price", "list_price"],
        ...["is_best_seller", "bought_in_last_month", "product_url", "img_url"],
      ],
      rows: [
        [id, title, idOf(category), nameOf(category), tenths(stars), reviews, hundredths(price)].concat([
          hundredths(listPrice),
          isBestSeller,
          bought,
          page,
          image,
        ] as never[]),
      ],
    };
  };
  const category = (asked: string, wanted: (n: number) => boolean): ReportAnswer => ({
    report: "category",
    parameters: { category: asked },
    columns: ["category_id", "category_name", "products", "best_sellers", "average_price", "average_stars"],
    rows: all.flatMap((sums, n) =>
      named[n] && wanted(n)
        ? [
            [
              idOf(n),
              nameOf(n),
              String(sums.products),
              String(sums.bestSellers),
              sums.priced > 0 ? quotient(sums.price, sums.priced, 2, 2) : null,
              sums.rated > 0 ? quotient(sums.stars, sums.rated, 3, 1) : null,
            ],
          ]
        : [],
    ),
  });

  const everything = Number.POSITIVE_INFINITY;
  const largest = byCategory({}, 1).rows[0]![0] as number;
  const ofLargest = all.filter((_, n) => idOf(n) === largest);
  const [changed, unchanged] = [versions.indexOf(1), versions.indexOf(0)];
  const known = named.indexOf(true);
  return [
    priceLevels({}, levelsOf(all, 200)),
    priceLevels({ highest: "" }, levelsOf(all)),
    priceLevels({ highest: "52" }, levelsOf(all, 50)),
    byCategory({}, 30),
    byCategory({ top: "" }, everything),
    averagePrice({}, 30, false),
    averagePrice({ unknown: "without", top: "" }, everything, false),
    averagePrice({ unknown: "with", top: "" }, everything, true),
    ratingByPrice({}, levelsOf(all, 200)),
    ratingByPrice({ highest: "" }, levelsOf(all)),
    ratingByPrice({ highest: "", category_id: String(largest) }, levelsOf(ofLargest)),
    product("", most.n),
    ...[changed, unchanged].filter((n) => n >= 0).map((n) => product(made.asinOf(n), n)),
    category("", () => true),
    category(String(largest), (n) => idOf(n) === largest),
    ...(known < 0 ? [] : [category(categoryOf(known).name.toUpperCase(), (n) => n === known)]),
  ];
}
