// Files as a shop's tracker exports them: sessions of visitors in the order of time, few of whom do most, and
// bots that act in bursts; rows late, doubled and damaged. The answers come from what each row means when made.
import {
  allInQuotes,
  createDraws,
  createRowWriter,
  type Damage,
  type Draws,
  defineGenerator,
  fieldMissing,
  fieldMissingPadded,
  fieldSplit,
  type GeneratedFile,
  type GenerateOptions,
  hundredths,
  inLiteralQuotes,
  invalidUtf8,
  powerLaw,
  scientific,
  timeWriter,
  valueMissing,
  type Write,
  weighted,
  withThousands,
  wrongText,
} from "../generator.ts";
import { type Action, createBooks } from "./generated-answers.ts";
import { createTimeline } from "./generated-timeline.ts";
import { makeShop, type Shop } from "./made-shop.ts";

const file: GeneratedFile = { name: "actions.csv", event: "view, cart, remove_from_cart, purchase" };
const header =
  "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session".split(",");
const at = (name: string) => header.indexOf(name);

const firstMs = Date.UTC(2019, 9, 1);
const days = 31;
const secondMs = 1000;

const damages: [Damage, number][] = [
  [invalidUtf8(at("brand")), 1],
  ...header.map((_, column): [Damage, number] => [fieldMissing(column), 0.3]),
  // Without its session a row is whole: the contract can't tell that one was there.
  ...header.slice(0, -1).map((_, column): [Damage, number] => [fieldMissingPadded(column), 0.3]),
  [fieldSplit(at("brand")), 1],
  [scientific(at("category_id")), 2],
  [scientific(at("user_id")), 1],
  [valueMissing(at("event_time")), 1],
  [valueMissing(at("price"), "NaN"), 1],
  [valueMissing(at("user_id")), 1],
  [wrongText(at("event_type"), "hover"), 1],
  [wrongText(at("event_time"), "2019-10-32 00:00:00 UTC"), 1],
  [wrongText(at("user_session"), "72d76fde"), 1],
  [withThousands(at("price")), 3],
  [inLiteralQuotes(at("user_id")), 3],
  [allInQuotes, 3],
];

const writeTime = weighted([
  [timeWriter("yyyy-MM-dd HH:mm:ss 'UTC'"), 90],
  [timeWriter("yyyy-MM-dd HH:mm:ssXXX"), 7],
  [timeWriter("yyyy-MM-dd'T'HH:mm:ss'Z'"), 3],
]);
const plainTime = timeWriter("yyyy-MM-dd HH:mm:ss 'UTC'");
const nothing = weighted([
  ["", 8],
  ["NaN", 1],
  ["Unknown", 1],
]);

/** Hours of the day by how many sessions begin in them, UTC. */
const busyHours = [2, 2, 4, 7, 10, 11, 11, 11, 11, 10, 10, 10, 10, 11, 12, 13, 12, 10, 7, 5, 4, 3, 2, 2];
const busyMean = busyHours.reduce((sum, weight) => sum + weight, 0) / busyHours.length;

const sessionLength = powerLaw(30, 1.2);
/** Actions in one window, in windows of bots: above the bound, at it, and far above; one after the other. */
const burstSizes = [11, 10, 14, 11, 40, 10, 12];
/** One burst in so many rows, or more often, so that small files have some of each size. */
const rowsPerBurst = 2500;
const burstsMin = 8;

const sessionId = (number: number, draws: Draws) => {
  const hex = (value: number, width: number) => value.toString(16).padStart(width, "0").slice(-width);
  return `${hex(number, 8)}-${hex(draws.below(65536), 4)}-4${hex(draws.below(4096), 3)}-8${hex(draws.below(4096), 3)}-${hex(draws.below(2 ** 48), 12)}`;
};

/** A visitor's way through the shop: products looked at, some put into the cart, some bought. */
function planSession(shop: Shop, number: number, startMs: number, draws: Draws): Action[] {
  const user = shop.pickUser(draws);
  const session = draws.chance(0.01) ? "" : sessionId(number, draws);
  const actions: Action[] = [];
  let timeMs = startMs;
  const step = (type: Action["type"], product: number) => {
    actions.push(shop.act(type, product, user, session, timeMs, draws));
    // Never fast enough to be a bot's.
    timeMs += draws.between(4, 90) * secondMs;
  };
  for (let left = sessionLength(draws); left >= 0; left--) {
    const product = shop.pickProduct(draws);
    step("view", product);
    if (!draws.chance(0.12)) continue;
    step("cart", product);
    if (draws.chance(0.2)) step("remove_from_cart", product);
    else if (draws.chance(0.5)) step("purchase", product);
  }
  return actions;
}

/** Actions of a bot within one window; or, one in four, around the bound between two windows. */
function planBurst(shop: Shop, count: number, number: number, startMs: number, draws: Draws): Action[] {
  const size = burstSizes[count % burstSizes.length]!;
  const windowMs = 10 * secondMs;
  const begin = Math.ceil(startMs / windowMs) * windowMs;
  const isAcross = count % 4 === 3;
  const user = shop.pickBot(draws);
  const session = sessionId(number, draws);
  const first = draws.below(shop.products);
  return Array.from({ length: size }, (_, n) => {
    // Half before the bound and half after it: neither window has enough of a small burst.
    const offset = isAcross ? windowMs - 5 * secondMs : 0;
    const timeMs = begin + offset + Math.floor((n * 10) / size) * secondMs;
    return shop.act("view", (first + n) % shop.products, user, session, timeMs, draws);
  });
}

function generate({ rows, seed, damage }: GenerateOptions, write: Write) {
  const draws = createDraws(seed, "actions");
  const shop = makeShop(rows, seed);
  const books = createBooks(shop);
  const writer = createRowWriter(
    {
      file,
      header: damage > 0 ? header.map((name) => (name === "brand" ? "Brand" : name)) : header,
      rows,
      damage,
      damages,
      late: damage > 0 ? 40 : 0,
      bom: true,
      crlf: true,
      cutLast: true,
    },
    createDraws(seed, "damage"),
    write,
  );
  const textOf = (value: string) => value || (damage > 0 ? nothing(draws) : "");
  const putRow = (action: Action) => {
    const { type, product, category, code, brand, cents, user, session, timeMs } = action;
    const landed = writer.row([
      damage > 0 ? writeTime(draws)(timeMs) : plainTime(timeMs),
      type,
      shop.productId(product),
      shop.categoryId(category),
      textOf(code),
      textOf(brand < 0 ? "" : shop.brands[brand]!),
      hundredths(cents),
      shop.userId(user),
      session,
    ]);
    if (landed) books.add(action);
  };
  const timeline = createTimeline((action) => {
    if (writer.left() > 0) putRow(action);
  });

  // About 6 rows a session; the file ends where its rows do, be it before or after the month.
  const meanGapMs = (days * 24 * 3600 * secondMs) / (rows / 6);
  let clockMs = firstMs;
  let number = 0;
  let bursts = 0;
  const burstEvery = Math.min(rowsPerBurst, Math.floor(rows / burstsMin));
  while (writer.left() > 0) {
    const busy = busyHours[new Date(clockMs).getUTCHours()]! / busyMean;
    clockMs += (-Math.log(1 - draws.below(1e6) / 1e6) * meanGapMs) / busy;
    const startMs = Math.floor(clockMs / secondMs) * secondMs;
    timeline.advance(startMs);
    number++;
    timeline.add(planSession(shop, number, startMs, draws));
    if (rows - writer.left() < bursts * burstEvery) continue;
    number++;
    timeline.add(planBurst(shop, bursts++, number, startMs, draws));
  }
  writer.end();
  return { ...writer.counts, reports: books.answers() };
}

export default defineGenerator({ files: [file], generate });
