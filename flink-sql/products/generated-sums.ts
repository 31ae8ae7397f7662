// Sums over what each generated product is in the end, by category and level of price: whole numbers only.
import type { MadeProducts, ProductFacts } from "./made-products.ts";

/** The version of a product of which no row landed. */
export const unseen = 255;

const levelCents = 500;

export interface Level {
  products: number;
  rated: number;
  /** Tenths, of rated products alone, as are the reviews. */
  stars: number;
  reviews: number;
}

export interface CategorySums {
  products: number;
  bestSellers: number;
  /** Cents of all prices; unknown ones add nothing. */
  price: number;
  priced: number;
  lowest: number;
  highest: number;
  rated: number;
  /** Tenths. */
  stars: number;
  levels: Map<number, Level>;
}

const emptyLevel = (): Level => ({ products: 0, rated: 0, stars: 0, reviews: 0 });

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

function levelAt(levels: Map<number, Level>, from: number): Level {
  const level = levels.get(from) ?? emptyLevel();
  levels.set(from, level);
  return level;
}

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
  const level = levelAt(sums.levels, Math.floor(price / levelCents) * 5);
  level.products++;
  if (stars === 0) return;
  level.rated++;
  level.stars += stars;
  level.reviews += reviews;
}

/** Sums of each category, and the product with the most reviews: the first asin of equal ones; -1 for none. */
export function sumUp(made: MadeProducts, versions: Uint8Array, categories: number) {
  const sums = Array.from({ length: categories }, emptySums);
  let most = { n: -1, reviews: -1 };
  for (let n = 0; n < versions.length; n++) {
    const version = versions[n]!;
    if (version === unseen) continue;
    const facts = made.factsOf(n, version);
    add(sums[facts.category]!, facts);
    const { reviews } = facts;
    if (reviews > most.reviews || (reviews === most.reviews && made.asinOf(n) < made.asinOf(most.n)))
      most = { n, reviews };
  }
  return { sums, mostReviewed: most.n };
}

/** Levels of all these categories together, in dollars and rising; those from `highest` on are one. */
export function levelsOf(
  all: CategorySums[],
  highest = Number.POSITIVE_INFINITY,
): ({ from: number } & Level)[] {
  const levels = new Map<number, Level>();
  for (const sums of all)
    for (const [from, part] of sums.levels) {
      const level = levelAt(levels, Math.min(from, highest));
      for (const key of ["products", "rated", "stars", "reviews"] as const) level[key] += part[key];
    }
  return [...levels].map(([from, level]) => ({ from, ...level })).sort((a, b) => a.from - b.from);
}
