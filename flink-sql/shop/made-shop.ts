// A shop made from a seed: users, products, categories and brands by number, and their ids as the files have
// them, many beyond 2^53. Few products and users have most of the actions.
import { createDraws, type Draws, powerLaw, scramble } from "../generator.ts";
import type { Action } from "./generated-answers.ts";

export interface Shop {
  users: number;
  products: number;
  categories: number;
  brands: string[];
  pickUser(draws: Draws): number;
  /** Of the few users who are bots. */
  pickBot(draws: Draws): number;
  pickProduct(draws: Draws): number;
  userId(user: number): string;
  productId(product: number): string;
  categoryId(category: number): string;
  /** What one action says; its product gives category, brand and price, which some rows lack. */
  act(
    type: Action["type"],
    product: number,
    user: number,
    session: string,
    timeMs: number,
    draws: Draws,
  ): Action;
}

const roots = "electronics appliances computers apparel furniture auto construction kids sport".split(" ");
const kinds = "smartphone audio.headphone kitchen.washer video.tv notebook shoes bathroom.bath toys".split(
  " ",
);
const known = ["samsung", "apple", "xiaomi", "l'oreal", "dr. oetker", "black+decker", "o'neill, inc", "ёлка"];

/** Ids by number, one for each: some short, some beyond 2^53. */
const idOf = (number: number, seed: number, base: bigint, every: number) =>
  number % every === 0
    ? String(9_007_199_254_740_993n + BigInt(scramble(number, 16, seed)) * 2n)
    : String(base + BigInt(number) * 7n);

export function makeShop(rows: number, seed: number): Shop {
  const draws = createDraws(seed, "shop");
  const users = Math.max(40, Math.min(4_000_000, Math.floor(rows / 12)));
  const products = Math.max(30, Math.min(200_000, Math.floor(rows / 40)));
  const categories = Math.max(6, Math.min(500, Math.floor(products / 20)));
  const brands = Array.from({ length: Math.max(8, Math.min(400, Math.floor(products / 10))) }, (_, n) =>
    n < known.length ? known[n]! : `brand${n}`,
  );
  const pickBrand = powerLaw(brands.length, 0.8);
  const pickCategory = powerLaw(categories, 0.9);
  const categoryOf = Uint16Array.from({ length: products }, () => pickCategory(draws));
  // Many products have no brand, and some brands are seen and never bought.
  const brandOf = Int16Array.from({ length: products }, () => (draws.chance(0.15) ? -1 : pickBrand(draws)));
  const cents = Uint32Array.from({ length: products }, () =>
    Math.max(0, Math.floor(Math.exp(8.5 + 1.6 * draws.normal())) % 9_999_999),
  );
  // A third of the categories has no name in any row.
  const codeOf = Array.from({ length: categories }, (_, n) =>
    n % 3 === 2
      ? ""
      : `${roots[n % roots.length]}.${kinds[n % kinds.length]}${n >= roots.length * kinds.length ? n : ""}`,
  );
  const bots = Math.max(3, Math.floor(users / 500));
  return {
    users,
    products,
    categories,
    brands,
    pickUser: powerLaw(users, 0.7),
    pickBot: (draws) => users - 1 - draws.below(bots),
    pickProduct: powerLaw(products, 0.8),
    userId: (user) => idOf(user, seed, 512_000_000n, 4),
    productId: (product) => idOf(product, seed + 1, 1_000_000n, 9),
    categoryId: (category) => String(2_053_013_552_259_662_037n + BigInt(category) * 8_388_609n),
    act(type, product, user, session, timeMs, draws) {
      const category = categoryOf[product]!;
      return {
        type,
        product,
        category,
        code: draws.chance(0.05) ? "" : codeOf[category]!,
        brand: brandOf[product]!,
        cents: cents[product]!,
        user,
        session,
        timeMs,
      };
    },
  };
}
