// Files as an ad network and an app store export them: skewed countries, several forms of time, rows late,
// doubled and damaged. The answers come from what each row means when it is made.
import {
  allInQuotes,
  type Damage,
  fieldMissing,
  fieldMissingPadded,
  fieldSplit,
  inLiteralQuotes,
  invalidUtf8,
  scientific,
  valueMissing,
  wrongText,
} from "../damage.ts";
import { createDraws, type Draws, powerLaw, scramble, timeWriter, weighted } from "../generate-kit.ts";
import { defineGenerator, type GenerateOptions, type Write } from "../generator.ts";
import { createRowWriter, type RowFile } from "../row-writer.ts";
import { type Cleaning, createBooks, type Stream } from "./answers.ts";

const minuteMs = 60_000;
const firstMs = Date.UTC(2018, 0, 20);
/** Two whole months, and parts of the one before and the one after. */
const minutes = 75 * 24 * 60;

const countries =
  "IN US BR ID RU MX DE JP TR GB FR NG PH VN EG PK BD IT TH ES AR ZA KE CO PL UA NL CA SA MY LK PE".split(
    " ",
  );
// Two letters in capitals might be a country, commas and quotes need quotes.
const brands = [
  ...["Samsung", "Xiaomi", "Oppo", "Vivo", "Huawei", "Apple", "Motorola", "LG", "Nokia", "Tecno", "ZTE"],
  ...["Micromax, Ltd.", 'Alcatel "One"', "Sony Ericsson", "Itel", "BLU", "Türk Telekom", "Wiko"],
];
const things: Record<Stream, string[]> = {
  ad_stream: Array.from({ length: 240 }, (_, at) => `ad-${1000 + at}`),
  store_stream: Array.from({ length: 160 }, (_, at) => `com.example.app${at + 1}`),
};
/** The last ads were displayed before the files begin, the last apps viewed: they are only clicked, downloaded. */
const neverShown = 5;
const actions: Record<Stream, (draws: Draws) => string> = {
  ad_stream: weighted([
    ["logs", 20],
    ["load", 25],
    ["display", 35],
    ["close", 12],
    ["click", 8],
  ]),
  store_stream: weighted([
    ["logs", 30],
    ["app_view", 45],
    ["open", 15],
    ["download", 10],
  ]),
};
const notShown: Record<Stream, Record<string, string>> = {
  ad_stream: { display: "click" },
  store_stream: { app_view: "download" },
};
const nothing = weighted([
  ["", 6],
  ["NaN", 3],
  ["Unknown", 1],
]);
const seconds = weighted([
  [{ has: false, write: timeWriter("M/d/yy H:mm") }, 45],
  [{ has: false, write: timeWriter("M/d/yyyy H:mm") }, 5],
  [{ has: true, write: timeWriter("yyyy-MM-dd'T'HH:mm:ss'Z'") }, 20],
  [{ has: true, write: timeWriter("yyyy-MM-dd HH:mm:ssXXX") }, 15],
  [{ has: true, write: timeWriter("yyyy-MM-dd HH:mm:ss 'UTC'") }, 15],
]);

const [deviceColumn, timeColumn, thingColumn, actionColumn, countryColumn, brandColumn] = [0, 1, 2, 3, 4, 5];
const header = (thing: string) => ["device_id", "server_time", thing, "event_type", "country", "brand"];

/** What a damaged row's reason and field are in the quarantine, from the row's fields. */
type Reason = string | ((fields: readonly string[]) => string);

const damages: (readonly [Damage, number, Reason?])[] = [
  [invalidUtf8(brandColumn), 1, "not_utf8/"],
  [fieldMissing(thingColumn), 1, "column_count/"],
  [fieldSplit(brandColumn), 1, "column_count/"],
  [fieldMissingPadded(deviceColumn), 1, "value_unreadable/event_time"],
  [fieldMissingPadded(timeColumn), 1, "value_unreadable/event_time"],
  [fieldMissingPadded(thingColumn), 1, "event_invalid/action"],
  [fieldMissingPadded(actionColumn), 1, "event_invalid/action"],
  [
    fieldMissingPadded(countryColumn),
    1,
    // A brand of two capitals passes for a country, and then the brand is missing.
    (fields) => `event_invalid/${/^[A-Z]{2}$/.test(fields[brandColumn]!) ? "brand" : "country"}`,
  ],
  [fieldMissingPadded(brandColumn), 1, "event_invalid/brand"],
  [scientific(deviceColumn), 2, "event_invalid/device_id"],
  [valueMissing(deviceColumn, ""), 1, "event_invalid/device_id"],
  [valueMissing(timeColumn, "NaN"), 1, "value_unreadable/event_time"],
  [valueMissing(actionColumn, ""), 1, "event_invalid/action"],
  [valueMissing(countryColumn, "Unknown"), 2, "event_invalid/country"],
  [valueMissing(brandColumn, "NaN"), 2, "event_invalid/brand"],
  [wrongText(timeColumn, "2/30/18 7:15"), 2, "value_unreadable/event_time"],
  [wrongText(timeColumn, "yesterday"), 1, "value_unreadable/event_time"],
  [wrongText(actionColumn, "hover"), 1, "event_invalid/action"],
  [inLiteralQuotes(deviceColumn), 3],
  [inLiteralQuotes(deviceColumn, '"'), 1],
  [allInQuotes, 3],
];

const noneYet = (): Cleaning => ({
  came: 0,
  landed: 0,
  duplicates: 0,
  withoutThing: 0,
  quarantined: new Map(),
});

/** Damages that write down in the books why they are quarantined. */
const counted = ({ quarantined }: Cleaning): RowFile["damages"] =>
  damages.map(([damage, weight, reason]) => [
    (fields, draws) => {
      const done = damage(fields, draws);
      if (done && reason) {
        const key = typeof reason === "string" ? reason : reason(fields);
        quarantined.set(key, (quarantined.get(key) ?? 0) + 1);
      }
      return done;
    },
    weight,
  ]);

/** Devices by number: their home, brand, id, and the last minute in which they did something. */
function createDevices(count: number, seed: number) {
  const draws = createDraws(seed, "devices");
  const pickCountry = powerLaw(countries.length, 1.1);
  const pickBrand = powerLaw(brands.length, 0.9);
  const home = Uint8Array.from({ length: count }, () => pickCountry(draws));
  const brand = Uint8Array.from({ length: count }, () => pickBrand(draws));
  return {
    home,
    brand,
    pick: powerLaw(count, 0.5),
    /** Some count their devices by numbers beyond 2^53. */
    id(device: number): string {
      const mixed = scramble(device, 26, seed);
      return device % 4 === 0
        ? `21${String(mixed).padStart(16, "0")}`
        : `d${mixed.toString(16).padStart(13, "0")}`;
    },
  };
}

const files = [
  { name: "ad_stream.csv", event: "ad_action" },
  { name: "store_stream.csv", event: "store_action" },
];

function generate({ rows, seed, damage }: GenerateOptions, write: Write) {
  const deviceCount = Math.max(20, Math.floor(rows / 20));
  const devices = createDevices(deviceCount, seed);
  const books = createBooks({ countries, things }, { month: "2018-02", country: 0 });
  const cleaning: Record<Stream, Cleaning> = { ad_stream: noneYet(), store_stream: noneYet() };
  const adRows = Math.ceil(rows * 0.7);

  function fill(stream: Stream, file: RowFile): void {
    const draws = createDraws(seed, stream);
    const writer = createRowWriter(file, createDraws(seed, `${stream} damage`), write);
    const pickThing = powerLaw(things[stream].length, 0.8);
    // One row a minute and device at most, so that no two rows are equal by chance.
    const lastMinute = new Int32Array(deviceCount).fill(-1);
    for (let left = writer.left(); left > 0; left = writer.left()) {
      const now = Math.floor((1 - left / file.rows) * minutes);
      let device = devices.pick(draws);
      for (let tries = 0; lastMinute[device]! >= now && tries < 20; tries++) device = devices.pick(draws);
      const minute = Math.max(now, lastMinute[device]! + 1);
      lastMinute[device] = minute;
      const form = seconds(draws);
      const time = firstMs + minute * minuteMs + (form.has ? draws.below(60) * 1000 : 0);
      const country = draws.chance(0.03) ? draws.below(countries.length) : devices.home[device]!;
      const thing = draws.chance(0.02) ? -1 : pickThing(draws);
      const done = actions[stream](draws);
      const isShown = thing < things[stream].length - neverShown;
      const action = isShown ? done : (notShown[stream][done] ?? done);
      const lands = writer.row([
        devices.id(device),
        form.write(time),
        thing < 0 ? nothing(draws) : things[stream][thing]!,
        action,
        countries[country]!,
        brands[devices.brand[device]!]!,
      ]);
      if (!lands) continue;
      if (thing < 0) cleaning[stream].withoutThing++;
      books.add(stream, { time, device, country, thing, action });
    }
    writer.end();
    const { read: came, landed, duplicates, quarantined } = writer.counts;
    const known = [...cleaning[stream].quarantined.values()].reduce((sum, count) => sum + count, 0);
    // The last row, cut in its middle.
    if (quarantined > known) cleaning[stream].quarantined.set("row_cut/", quarantined - known);
    Object.assign(cleaning[stream], { came, landed, duplicates });
  }

  const common = { damage, copies: damage, late: 400 };
  fill("ad_stream", {
    ...common,
    file: files[0]!,
    header: header("ad_id"),
    rows: adRows,
    damages: counted(cleaning.ad_stream),
    cutLast: true,
  });
  fill("store_stream", {
    ...common,
    file: files[1]!,
    header: header("app_id").map((name) => (damage > 0 ? name.toUpperCase() : name)),
    rows: rows - adRows,
    damages: counted(cleaning.store_stream),
    bom: true,
    crlf: true,
  });
  const sum = (count: (of: Cleaning) => number) => count(cleaning.ad_stream) + count(cleaning.store_stream);
  const [read, landed, duplicates] = [sum((c) => c.came), sum((c) => c.landed), sum((c) => c.duplicates)];
  return {
    read,
    landed,
    duplicates,
    quarantined: read - landed - duplicates,
    reports: books.answers(cleaning),
  };
}

export default defineGenerator({ files, generate });
