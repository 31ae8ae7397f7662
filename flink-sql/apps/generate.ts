// Makes "users app data": listings joined with users, their minutes and download dates, from 2020-01-01 to
// 2021-01-01, with the damage that such files have. What each row means is counted as it is made.
import {
  allInQuotes,
  createDraws,
  createRowWriter,
  type Damage,
  defineGenerator,
  fieldMissing,
  fieldMissingPadded,
  fieldSplit,
  inLiteralQuotes,
  invalidUtf8,
  powerLaw,
  scientific,
  timeWriter,
  valueMissing,
  withThousands,
  wrongText,
} from "../generator.ts";
import { createCounts } from "./counts.ts";
import { createListings } from "./listings.ts";
import { createUsers } from "./users.ts";

const appCount = 10_000;
const dayCount = 367;
const dayMs = 24 * 3600 * 1000;
const firstDay = Date.UTC(2020, 0, 1);
const userCountMin = 200;
const rowsPerUser = 5000;

const header =
  "App,Category,Rating,Reviews,Size,Installs,Type,Price,Content Rating,Genres,Last Updated,Current Ver,Android Ver,user_id,user_name,age,user_location,minutes,download_date".split(
    ",",
  );
const column = (name: string) => header.indexOf(name);

const otherDate = timeWriter("M/d/yyyy");
/** The day as a spreadsheet writes it. */
const spreadsheetDate: Damage = (fields, draws) => {
  const copy = [...fields];
  copy[column("download_date")] = otherDate(Date.parse(fields[column("download_date")]!));
  return allInQuotes(copy, draws);
};

const damages: [Damage, number][] = [
  // The one that the real file has: no category, and all after it shifted left.
  [fieldMissing(column("Category")), 3],
  [fieldMissingPadded(column("Category")), 3],
  [fieldMissingPadded(column("user_name")), 2],
  [fieldSplit(column("Genres")), 1],
  [invalidUtf8(column("App")), 2],
  [scientific(column("user_id")), 3],
  [valueMissing(column("App")), 1],
  [valueMissing(column("user_id"), "Unknown"), 1],
  [valueMissing(column("minutes"), "NaN"), 2],
  [valueMissing(column("download_date")), 1],
  [wrongText(column("download_date"), "2020-02-30"), 2],
  [wrongText(column("minutes"), "-5"), 1],
  [wrongText(column("Rating"), "19"), 1],
  [wrongText(column("Price"), "Everyone"), 1],
  [wrongText(column("Installs"), "Free"), 1],
  [withThousands(column("Reviews")), 3],
  [withThousands(column("minutes")), 3],
  [inLiteralQuotes(column("user_id")), 2],
  [inLiteralQuotes(column("user_id"), '"'), 1],
  [allInQuotes, 1],
  [spreadsheetDate, 2],
];

/** Distinct for distinct n: few minutes most of the time, some for a day. */
const minutesOf = (n: number) => n + Math.floor((n / 600) ** 4 * 900);
const minuteSteps = 601;

export default defineGenerator({
  files: [{ name: "users_app_data.csv", event: "app_usage" }],
  generate({ rows, seed, damage }, write) {
    const draws = createDraws(seed, "usage");
    const listings = createListings(appCount, seed);
    const users = createUsers(Math.max(userCountMin, Math.floor(rows / rowsPerUser)), dayCount, seed);
    const counts = createCounts(users, listings, firstDay);
    const pickUser = powerLaw(users.count, 0.5);
    const pickApp = powerLaw(appCount, 0.85);
    const days = Array.from({ length: dayCount }, (_, day) => new Date(firstDay + day * dayMs));
    const dayTexts = days.map((day) => day.toISOString().slice(0, 10));
    // Rows of one user and day differ in their minutes: no row is another's copy but by intent.
    const made = new Uint32Array(users.count * dayCount);
    const writer = createRowWriter(
      {
        file: this.files[0]!,
        header: damage > 0 ? header.map((name) => name.toUpperCase()) : header,
        rows,
        damage,
        damages,
        late: 500,
        bom: true,
        crlf: true,
        cutLast: true,
      },
      draws,
      write,
    );
    while (writer.left() > 0) {
      // More and more downloads in the course of the year.
      const day = Math.min(dayCount - 1, Math.floor(dayCount * (writer.counts.read / rows) ** 0.85));
      const user = pickUser(draws);
      // Half of what a user takes is near the user's own taste, the other half is what all take.
      const any = pickApp(draws);
      const app = draws.chance(0.5) ? any : (any + (user % 8) * (appCount / 8)) % appCount;
      const month = days[day]!.getUTCMonth() + 12 * (days[day]!.getUTCFullYear() - 2020);
      const version = users.version(user, day);
      const nth = made[user * dayCount + day]!++;
      const step = (nth * 97 + user * 31 + day * 7) % minuteSteps;
      // Beyond the longest time there is, where one user has very many rows in a day.
      const minutes = minutesOf(step) + 1501 * Math.floor(nth / minuteSteps);
      const fields = [
        ...listings.columns(app, month),
        ...users.columns(user, version),
        String(minutes),
        dayTexts[day]!,
      ];
      if (writer.row(fields)) counts.add(user, version, app, day, month, minutes);
    }
    writer.end();
    return { ...writer.counts, reports: counts.answers() };
  },
});
