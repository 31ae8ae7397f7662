// The exact answers of the reports for generated files: their sums divided once, and rounded as Trino's
// DECIMAL division does. Each with the report's defaults and with other parameters.
import { hundredths, quotient, type ReportAnswer } from "../generator.ts";
import { levelsOf, sumUp } from "./generated-sums.ts";
import { categoryOf, type MadeProducts, productRow, tenths } from "./made-products.ts";

type Parameters = ReportAnswer["parameters"];
type Levels = ReturnType<typeof levelsOf>;

function priceLevels(parameters: Parameters, levels: Levels): ReportAnswer {
  const priced = levels.reduce((sum, { products }) => sum + products, 0);
  return {
    report: "price_levels",
    parameters,
    columns: ["price_from", "products", "share"],
    rows: levels.map(({ from, products }) => [String(from), String(products), quotient(products, priced, 4)]),
  };
}

const ratingByPrice = (parameters: Parameters, levels: Levels): ReportAnswer => ({
  report: "rating_by_price",
  parameters,
  columns: ["price_from", "products", "average_stars", "reviews"],
  rows: levels
    .filter(({ rated }) => rated > 0)
    .map(({ from, rated, stars, reviews }) => [
      String(from),
      String(rated),
      quotient(stars, rated, 3, 1),
      String(reviews),
    ]),
});

/** `versions`: of each product, the one in the lake; `named`: whether a category's row landed. */
export function answersOf(made: MadeProducts, versions: Uint8Array, named: boolean[]): ReportAnswer[] {
  const { sums, mostReviewed } = sumUp(made, versions, named.length);
  const idOf = (n: number) => categoryOf(n).id;
  const nameOf = (n: number) => (named[n] ? categoryOf(n).name : null);
  const shownName = (n: number) => nameOf(n) ?? `category ${idOf(n)}`;
  const held = sums.map((of, n) => ({ n, ...of })).filter(({ products }) => products > 0);

  const byCategory = (parameters: Parameters, top?: number): ReportAnswer => ({
    report: "products_by_category",
    parameters,
    columns: ["category_id", "category", "products", "best_sellers"],
    rows: held
      .toSorted((a, b) => b.products - a.products || a.n - b.n)
      .slice(0, top)
      .map(({ n, products, bestSellers }) => [idOf(n), shownName(n), String(products), String(bestSellers)]),
  });

  const averagePrice = (parameters: Parameters, withUnknown: boolean, top?: number): ReportAnswer => ({
    report: "average_price_by_category",
    parameters,
    columns: "category_id,category,products,unknown_prices,average_price,lowest_price,highest_price".split(
      ",",
    ),
    rows: held
      .map((of) => ({ ...of, counted: withUnknown ? of.products : of.priced }))
      .filter(({ counted }) => counted > 0)
      .map((of) => ({ ...of, average: quotient(of.price, of.counted, 2, 2) }))
      .sort((a, b) => Number(b.average) - Number(a.average) || a.n - b.n)
      .slice(0, top)
      .map(({ n, counted, priced, lowest, highest, average }) => {
        const unknown = counted - priced;
        const range = [hundredths(unknown > 0 ? 0 : lowest), hundredths(highest)];
        return [idOf(n), shownName(n), String(counted), String(unknown), average, ...range];
      }),
  });

  const product = (asin: string, n: number): ReportAnswer => {
    const version = versions[n]!;
    const facts = made.factsOf(n, version);
    const [id = "", title = "", image = "", page = ""] = productRow(made, n, version);
    const cells = {
      asin: id,
      title,
      category_id: idOf(facts.category),
      category_name: nameOf(facts.category),
      stars: tenths(facts.stars),
      reviews: facts.reviews,
      price: hundredths(facts.price),
      list_price: hundredths(facts.listPrice),
      is_best_seller: facts.isBestSeller,
      bought_in_last_month: facts.bought,
      product_url: page,
      img_url: image,
    };
    return {
      report: "product",
      parameters: { asin },
      columns: Object.keys(cells),
      rows: [Object.values(cells)],
    };
  };

  const category = (asked: string, wanted: (n: number) => boolean): ReportAnswer => ({
    report: "category",
    parameters: { category: asked },
    columns: "category_id,category_name,products,best_sellers,average_price,average_stars".split(","),
    rows: sums.flatMap(({ products, bestSellers, price, priced, stars, rated }, n) => {
      if (!named[n] || !wanted(n)) return [];
      const counts = [String(products), String(bestSellers)];
      const averagePrice = priced > 0 ? quotient(price, priced, 2, 2) : null;
      const averageStars = rated > 0 ? quotient(stars, rated, 3, 1) : null;
      return [[idOf(n), nameOf(n), ...counts, averagePrice, averageStars]];
    }),
  });

  const largest = held.toSorted((a, b) => b.products - a.products || a.n - b.n)[0]?.n ?? 0;
  const [changed, unchanged, known] = [versions.indexOf(1), versions.indexOf(0), named.indexOf(true)];
  const lookUps = [
    { asin: "", n: mostReviewed },
    ...[changed, unchanged].filter((n) => n >= 0).map((n) => ({ asin: made.asinOf(n), n })),
  ].filter(({ n }) => n >= 0);
  return [
    priceLevels({}, levelsOf(sums, 200)),
    priceLevels({ highest: "" }, levelsOf(sums)),
    priceLevels({ highest: "52" }, levelsOf(sums, 50)),
    byCategory({}, 30),
    byCategory({ top: "" }),
    averagePrice({}, false, 30),
    averagePrice({ unknown: "without", top: "" }, false),
    averagePrice({ unknown: "with", top: "" }, true),
    ratingByPrice({}, levelsOf(sums, 200)),
    ratingByPrice({ highest: "" }, levelsOf(sums)),
    ratingByPrice({ highest: "", category_id: String(idOf(largest)) }, levelsOf([sums[largest]!])),
    ...lookUps.map(({ asin, n }) => product(asin, n)),
    category("", () => true),
    category(String(idOf(largest)), (n) => n === largest),
    ...(known < 0 ? [] : [category(categoryOf(known).name.toUpperCase(), (n) => n === known)]),
  ];
}
