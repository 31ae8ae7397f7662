// Files of a catalogue as people have them: categories, products, and later prices of some products; with the
// exact answers of every report. A product is made from its number: what is kept is one byte for each.
import {
  allInQuotes,
  createDraws,
  createRowWriter,
  type Damage,
  defineGenerator,
  fieldMissing,
  fieldMissingPadded,
  fieldSplit,
  type GeneratedFile,
  type GenerateOptions,
  invalidUtf8,
  scientific,
  valueMissing,
  type Write,
  withThousands,
  wrongText,
} from "../generator.ts";
import { answersOf } from "./generated-answers.ts";
import { unseen } from "./generated-sums.ts";
import { categoryCount, categoryOf, type MadeProducts, makeProducts, productRow } from "./made-products.ts";

const categoriesFile: GeneratedFile = { name: "categories.csv", event: "category" };
const productsFile: GeneratedFile = { name: "products.csv", event: "product" };
const updateFile: GeneratedFile = { name: "products-update.csv", event: "product" };

const header =
  "asin,title,imgUrl,productURL,stars,reviews,price,listPrice,category_id,isBestSeller,boughtInLastMonth".split(
    ",",
  );
const columns = header.map((_, column) => column);

/** Rows to share between the files: fewer make no catalogue. */
const rowsMin = 50;

const productDamages: [Damage, number][] = [
  [invalidUtf8(1), 3],
  // Any column may be the one that is gone; the contract's types catch every shift.
  ...columns.map((column): [Damage, number] => [fieldMissing(column), 0.5]),
  ...columns.map((column): [Damage, number] => [fieldMissingPadded(column), 0.5]),
  [fieldSplit(2), 2],
  [scientific(0), 1],
  [valueMissing(1), 1],
  [valueMissing(6, "NaN"), 2],
  [valueMissing(10), 1],
  [wrongText(4, "7.5"), 1],
  [wrongText(9, "Maybe"), 1],
  [withThousands(6), 4],
  [withThousands(7), 4],
  [allInQuotes, 4],
];

const categoryDamages: [Damage, number][] = [
  [invalidUtf8(1), 1],
  [fieldMissing(1), 1],
  [fieldMissingPadded(0), 1],
  [fieldSplit(1), 1],
  [scientific(0), 1],
  [allInQuotes, 1],
];

function writeCategories(count: number, rows: number, { seed, damage }: GenerateOptions, write: Write) {
  const draws = createDraws(seed, "categories");
  const file = {
    file: categoriesFile,
    header: ["id", "category_name"],
    rows,
    damage,
    damages: categoryDamages,
  };
  const writer = createRowWriter({ ...file, copies: 0, bom: true }, draws, write);
  const hasLanded = new Array<boolean>(count).fill(false);
  const fieldsOf = (n: number) => [String(categoryOf(n).id), categoryOf(n).name];
  for (let n = 0; n < count; n++) hasLanded[n] = writer.row(fieldsOf(n));
  while (writer.left() > 0) {
    const missing = hasLanded.indexOf(false);
    if (missing < 0) writer.copy(fieldsOf(draws.below(count)));
    else hasLanded[missing] = writer.row(fieldsOf(missing));
  }
  writer.end();
  return { counts: writer.counts, hasLanded };
}

/** The catalogue as it is at first. Returns the version that each product has in the lake then. */
function writeProducts(made: MadeProducts, rows: number, { seed, damage }: GenerateOptions, write: Write) {
  const file = { file: productsFile, header, rows, damage, damages: productDamages };
  const options = { ...file, late: damage > 0 ? 50 : 0, bom: true, cutLast: true };
  const writer = createRowWriter(options, createDraws(seed, "products"), write);
  const versions = new Uint8Array(rows).fill(unseen);
  let products = 0;
  while (writer.left() > 0) {
    if (writer.row(productRow(made, products, 0))) versions[products] = 0;
    products++;
  }
  writer.end();
  return { counts: writer.counts, versions: versions.subarray(0, products) };
}

/** A later export of some products: two in three have another price, the others are as they were. */
function writeUpdate(
  made: MadeProducts,
  versions: Uint8Array,
  rows: number,
  { seed, damage }: GenerateOptions,
  write: Write,
) {
  const draws = createDraws(seed, "update");
  // Headers in another case, and line ends of another system: it was saved by another program.
  const otherCase = damage > 0 ? header.map((name) => name.toUpperCase()) : header;
  const file = { file: updateFile, header: otherCase, rows, damage, damages: productDamages };
  const writer = createRowWriter({ ...file, crlf: true }, draws, write);
  for (let at = 0; writer.left() > 0; at++) {
    const n = Math.floor((at * versions.length) / rows);
    const version = at % 3 === 2 ? 0 : 1;
    const fields = productRow(made, n, version);
    if (version === 0 && versions[n] === 0) writer.copy(fields);
    else if (writer.row(fields)) versions[n] = version;
  }
  writer.end();
  return writer.counts;
}

export default defineGenerator({
  files: [categoriesFile, productsFile, updateFile],
  generate(options, write) {
    const { rows, seed, damage } = options;
    if (rows < rowsMin) throw new Error(`--rows ${rows}: a catalogue needs ${rowsMin} or more.`);
    const categories = Math.min(categoryCount, Math.floor(rows / 5));
    // Room to send again what was damaged, and copies.
    const categoryRows = categories + (damage > 0 ? Math.ceil(categories * (damage + 0.03)) : 0);
    const updateRows = Math.floor((rows - categoryRows) / 10);
    const made = makeProducts(seed, categories);
    const first = writeCategories(categories, categoryRows, options, write);
    const second = writeProducts(made, rows - categoryRows - updateRows, options, write);
    const third = writeUpdate(made, second.versions, updateRows, options, write);
    const all = [first.counts, second.counts, third];
    const sum = (of: keyof typeof third) => all.reduce((total, counts) => total + counts[of], 0);
    return {
      read: sum("read"),
      landed: sum("landed"),
      duplicates: sum("duplicates"),
      quarantined: sum("quarantined"),
      reports: answersOf(made, second.versions, first.hasLanded),
    };
  },
});
