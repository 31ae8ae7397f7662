// Products and categories as a generator makes them: each from its number alone, so that nothing of them has
// to be kept; with the skews of the real catalogue.
import { byWeight, createDraws, type Draws, hundredths, powerLaw, scramble, weighted } from "../generator.ts";

export const categoryCount = 248;

const whose = ["Men's", "Women's", "Girls'", "Boys'", "Baby", "Home", "Office", "Outdoor"];
const what = (
  "Shoes|Clothing|Watches|Jewelry|Accessories|Toys & Games|Bedding|Storage & Organization|Lighting|Tools|" +
  "Paint, Wall Treatments & Supplies|Kitchen & Dining|Seating|Tables|Bags & Suitcases|Sports & Fitness|Books|" +
  "Music|Electronics|Headphones & Earbuds|Cameras|Cleaning Supplies|Health Care|Skin Care|Hair Care|Stationery|" +
  "Crafts & Sewing|Garden Decor|Pet Supplies|Party Supplies|Safety & Security"
).split("|");

/** Ids rise with gaps, as those of the real file do. `n` from 0 to 247. */
export const categoryOf = (n: number) => ({
  id: 1 + Math.floor((n * 270) / categoryCount),
  name: `${whose[n % whose.length]} ${what[Math.floor(n / whose.length)]}`,
});

export interface ProductFacts {
  /** Number of its category, 0 to 247. */
  category: number;
  /** Cents; 0 is unknown. */
  price: number;
  listPrice: number;
  /** Tenths of a star; 0 is unrated. */
  stars: number;
  reviews: number;
  isBestSeller: boolean;
  bought: number;
}

const makers =
  "Sion,Amberly,Nordhaus,KOVA,BrightPeak,Tidewell,Casa Luz,Ferrow,Little Otter,Hexa,Øst,Café Noir".split(",");
const kinds = (
  "Expandable Roller Luggage|Packing Cube Set|Ceramic Mug|LED Desk Lamp|Running Shoes|Wireless Earbuds|Throw Pillow|" +
  "Cast Iron Skillet|Notebook|Rain Jacket|Yoga Mat|Water Bottle|Wall Clock|Tool Kit|Picture Frame|Backpack"
).split("|");
const colours = "Black,White,Navy Blue,Forest Green,Rosé,Grey,Red,Assorted".split(",");
const extras = [
  (draws: Draws) => `, ${draws.between(2, 24)} Pieces`,
  (draws: Draws) => ` ${draws.between(8, 60)}" x ${draws.between(8, 60)}"`,
  (draws: Draws) => `, the "${draws.pick(makers)}" Edition, Gift Box`,
  (draws: Draws) => ` - ${draws.between(5, 64)} oz. (Pack of ${draws.between(1, 12)})`,
  () => "",
];

const boughtOf = weighted<number>([
  [0, 62],
  [50, 16],
  [100, 10],
  [200, 5],
  [500, 3],
  [1000, 2],
  [2000, 1],
  [10_000, 0.2],
  [100_000, 0.01],
]);
/** Tenths of a star from 1.0 to 5.0: most between 4.0 and 4.8. */
const starsOf = byWeight(
  Float64Array.from({ length: 41 }, (_, at) => Math.exp(-(((at - 34) / 5) ** 2)) + 0.004),
);

/** A cent at least, and no more than the dearest product of the real file. */
const inRange = (cents: number) => Math.min(1_973_181, Math.max(1, Math.round(cents)));

/** Facts and texts of the products of one seed, in so many categories. */
export function makeProducts(seed: number, categories: number) {
  const pickCategory = powerLaw(categories, 0.5);
  const levels = createDraws(seed, "levels");
  const priceLevel = Float64Array.from({ length: categories }, () => 2.9 + 0.6 * levels.normal());
  const [ofFacts, ofChange, ofTitle] = ["facts", "change", "title"].map((name) =>
    createDraws(seed, name),
  ) as [Draws, Draws, Draws];

  /** What product `n` is at first. */
  const first = (n: number): ProductFacts => {
    const draws = ofFacts.at(n);
    const category = pickCategory(draws);
    const exact = inRange(100 * Math.exp(priceLevel[category]! + 0.9 * draws.normal()));
    const price = draws.chance(0.5) ? Math.floor(exact / 100) * 100 + 99 : exact;
    const isRated = draws.chance(0.9);
    return {
      category,
      price: draws.chance(0.023) ? 0 : price,
      listPrice: draws.chance(0.35) ? inRange(price * (1.05 + draws.below(80) / 100)) : 0,
      stars: isRated ? 10 + starsOf(draws) : 0,
      reviews:
        isRated && draws.chance(0.4) ? Math.min(346_563, Math.floor(Math.exp(4 + 2 * draws.normal()))) : 0,
      isBestSeller: draws.chance(0.006),
      bought: boughtOf(draws),
    };
  };

  return {
    /** `version` 0 is what it was at first, 1 what it became: another price, and a review more. */
    factsOf(n: number, version: number): ProductFacts {
      const before = first(n);
      if (version === 0) return before;
      const draws = ofChange.at(n);
      const price = before.price === 0 ? 999 : inRange(before.price * (0.7 + draws.below(60) / 100));
      return {
        ...before,
        price: price === before.price ? price + 1 : price,
        listPrice: price < before.price ? before.price : before.listPrice,
        reviews: before.reviews + 1,
      };
    },
    /** Ten characters, no two products alike; one in twenty is a book's number, digits only. */
    asinOf: (n: number): string =>
      n % 20 === 19
        ? `0${String(scramble(n, 14, seed)).padStart(9, "0")}`
        : `B0${scramble(n, 20, seed).toString(36).toUpperCase().padStart(8, "0")}`,
    titleOf(n: number): string {
      const draws = ofTitle.at(n);
      return `${draws.pick(makers)} ${draws.pick(kinds)}, ${draws.pick(colours)}${draws.pick(extras)(draws)}`;
    },
    imageOf: (n: number): string =>
      `https://m.media-amazon.com/images/I/${scramble(n, 26, seed).toString(36).padStart(11, "0")}L._AC_UL320_.jpg`,
    pageOf: (asin: string): string => `https://www.amazon.com/dp/${asin}`,
  };
}

export type MadeProducts = ReturnType<typeof makeProducts>;

/** Hundredths as the real file's writer has them: 12.5 and 0.0, not 12.50 and 0.00. */
const shortened = (cents: number) => {
  const text = hundredths(cents);
  return text.endsWith("0") ? text.slice(0, -1) : text;
};

export const tenths = (value: number) => `${Math.floor(value / 10)}.${value % 10}`;

/** A product's row, its columns in the order of the real file. */
export function productRow(made: MadeProducts, n: number, version: number): string[] {
  const facts = made.factsOf(n, version);
  const asin = made.asinOf(n);
  return [
    asin,
    made.titleOf(n),
    made.imageOf(n),
    made.pageOf(asin),
    tenths(facts.stars),
    String(facts.reviews),
    shortened(facts.price),
    shortened(facts.listPrice),
    String(categoryOf(facts.category).id),
    facts.isBestSeller ? "True" : "False",
    String(facts.bought),
  ];
}
