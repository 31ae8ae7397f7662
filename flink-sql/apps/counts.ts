// What the rows of a generated file add up to, kept as they are made; from it the reports' answers.
import { hundredths, quotient, type ReportAnswer } from "../generator.ts";
import { audience, type Tracked, userItems } from "./answers-by-id.ts";
import { bandOf, rank, textOrder } from "./arithmetic.ts";
import { appKey } from "./keys.ts";
import { categories, fieldsOf, type Listings, monthCount, monthText } from "./listings.ts";
import { recommended } from "./recommended.ts";
import { type Users, versionsMax } from "./users.ts";

const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const dayMs = 24 * 3600 * 1000;

export interface Counts {
  /** One row that lands. */
  add(user: number, version: number, app: number, day: number, month: number, minutes: number): void;
  answers(): ReportAnswer[];
}

interface Group {
  users: number;
  lastUser: number;
  downloads: number;
  minutes: number;
}

export function createCounts(users: Users, listings: Listings, firstDay: number): Counts {
  // By user, version, category and month: what most reports are sums of.
  const cells = users.count * versionsMax * categories.length * monthCount;
  const [downloads, minutesIn] = [new Uint32Array(cells), new Float64Array(cells)];
  const cellOf = (user: number, version: number, category: number, month: number) =>
    ((user * versionsMax + version) * categories.length + category) * monthCount + month;
  const appDownloads = new Uint32Array(listings.count * monthCount);
  const appMinutes = new Float64Array(listings.count);
  const pairs = { downloads: new Uint32Array(users.count * listings.count), minutes: new Float64Array(0) };
  pairs.minutes = new Float64Array(users.count * listings.count);
  const byDay = new Map<number, { downloads: number; minutes: number }>();
  const tracked: Tracked = {
    users: new Map([0, users.count - 1].map((user) => [user, new Map()])),
    apps: new Map([0, 59, 4321].map((app) => [app, new Map()])),
  };

  /** Sums by a group, over the cells that are wanted; the cells come user by user, so that each counts once. */
  function grouped(
    groupOf: (user: number, version: number, category: number, month: number) => string,
    wanted: (category: number, month: number) => boolean,
  ): Map<string, Group> {
    const groups = new Map<string, Group>();
    for (let user = 0; user < users.count; user++)
      for (let version = 0; version < versionsMax; version++)
        for (let category = 0; category < categories.length; category++)
          for (let month = 0; month < monthCount; month++) {
            const cell = cellOf(user, version, category, month);
            if (downloads[cell] === 0 || !wanted(category, month)) continue;
            const name = groupOf(user, version, category, month);
            let group = groups.get(name);
            if (!group) {
              group = { users: 0, lastUser: -1, downloads: 0, minutes: 0 };
              groups.set(name, group);
            }
            if (group.lastUser !== user) group.users++;
            group.lastUser = user;
            group.downloads += downloads[cell]!;
            group.minutes += minutesIn[cell]!;
          }
    return groups;
  }

  const shown = ({ users: all, downloads: sum, minutes }: Group) => [
    String(all),
    String(sum),
    String(minutes),
    quotient(minutes, sum, 2),
  ];
  const measures = ["users", "downloads", "minutes", "minutes_per_download"];
  const wantedBy =
    ({ month = "", category = "" }: Record<string, string>) =>
    (c: number, m: number) =>
      (month === "" || monthText(m) === month) && (category === "" || categories[c] === category);
  const byMinutes = (groups: Map<string, Group>) =>
    [...groups].sort(([a, x], [b, y]) => y.minutes - x.minutes || textOrder(a, b));
  const byName = (groups: Map<string, Group>) => [...groups].sort(([a], [b]) => textOrder(a, b));

  function byAgeBand(parameters: Record<string, string>): ReportAnswer {
    const groups = grouped((user, version) => bandOf(users.age(user, version)), wantedBy(parameters));
    const rows = byName(groups).map(([band, group]) => [band, ...shown(group)]);
    return { report: "minutes_by_age_band", parameters, columns: ["age_band", ...measures], rows };
  }

  function byPlace(parameters: Record<string, string>): ReportAnswer {
    const groups = grouped((user, version) => users.place(user, version) ?? "unknown", wantedBy(parameters));
    const rows = byMinutes(groups).map(([place, group]) => [place, ...shown(group)]);
    return { report: "minutes_by_place", parameters, columns: ["place", ...measures], rows };
  }

  function byMonth(parameters: Record<string, string>): ReportAnswer {
    const groups = grouped((_user, _version, _category, month) => monthText(month), wantedBy(parameters));
    const rows = byName(groups).map(([month, group]) => [month, ...shown(group)]);
    return { report: "minutes_by_month", parameters, columns: ["download_month", ...measures], rows };
  }

  /** How many apps of a group were downloaded in the wanted months. */
  function appsBy(groupOf: (app: number) => string, month = ""): Map<string, number> {
    const apps = new Map<string, number>();
    for (let app = 0; app < listings.count; app++)
      for (let m = 0; m < monthCount; m++) {
        if (appDownloads[app * monthCount + m] === 0 || (month !== "" && monthText(m) !== month)) continue;
        apps.set(groupOf(app), (apps.get(groupOf(app)) ?? 0) + 1);
        break;
      }
    return apps;
  }

  function byCategory(parameters: Record<string, string>): ReportAnswer {
    const groups = grouped((_user, _version, category) => categories[category]!, wantedBy(parameters));
    const apps = appsBy((app) => categories[listings.category[app]!]!, parameters.month);
    const rows = byMinutes(groups).map(([name, group]) => [name, `${apps.get(name)}`, ...shown(group)]);
    return { report: "minutes_by_category", parameters, columns: ["category", "apps", ...measures], rows };
  }

  function byWeekday(parameters: Record<string, string>): ReportAnswer {
    const groups = new Map<number, { days: number; downloads: number; minutes: number }>();
    for (const [day, { downloads: sum, minutes }] of byDay) {
      const date = new Date(firstDay + day * dayMs);
      if (parameters.month && !date.toISOString().startsWith(parameters.month)) continue;
      const weekday = (date.getUTCDay() + 6) % 7;
      const group = groups.get(weekday) ?? { days: 0, downloads: 0, minutes: 0 };
      groups.set(weekday, {
        days: group.days + 1,
        downloads: group.downloads + sum,
        minutes: group.minutes + minutes,
      });
    }
    const rows = [...groups]
      .sort(([a], [b]) => a - b)
      .map(([weekday, group]) => [
        weekday + 1,
        weekdays[weekday]!,
        ...[group.days, group.downloads, group.minutes].map(String),
        quotient(group.minutes, group.days, 2),
      ]);
    const columns = ["weekday", "weekday_name", "days", "downloads", "minutes", "minutes_per_day"];
    return { report: "minutes_by_weekday", parameters, columns, rows };
  }

  const used = (app: number) => {
    let sum = 0;
    for (let month = 0; month < monthCount; month++) sum += appDownloads[app * monthCount + month]!;
    return sum;
  };

  function medianRatings(): ReportAnswer {
    const found = new Map<string, { apps: number; ratings: number[] }>();
    for (let app = 0; app < listings.count; app++) {
      let latest = monthCount - 1;
      while (latest >= 0 && appDownloads[app * monthCount + latest] === 0) latest--;
      if (latest < 0) continue;
      const name = categories[listings.category[app]!]!;
      const group = found.get(name) ?? { apps: 0, ratings: [] };
      found.set(name, group);
      group.apps++;
      const rating = listings.rating(app, latest);
      if (rating > 0) group.ratings.push(rating);
    }
    const rows = [...found].map(([name, { apps, ratings }]) => {
      ratings.sort((a, b) => a - b);
      const [low, high] = [ratings[Math.floor((ratings.length - 1) / 2)], ratings[ratings.length >> 1]];
      // Tenths: half of the sum of two is twentieths, which two decimals hold exactly.
      const median = low === undefined || high === undefined ? null : ((low + high) / 20).toFixed(2);
      return [name, String(apps), String(ratings.length), median] as const;
    });
    rows.sort(([a, , , x], [b, , , y]) => Number(y ?? -1) - Number(x ?? -1) || textOrder(a, b));
    const columns = ["category", "apps", "rated_apps", "median_rating"];
    return {
      report: "median_rating_by_category",
      parameters: {},
      columns,
      rows: rows.map((row) => [...row]),
    };
  }

  function freeAndPaid(): ReportAnswer {
    const rows = [false, true].flatMap((paid) => {
      const apps = rank(listings.count).filter((app) => listings.isPaid(app) === paid && used(app) > 0);
      if (apps.length === 0) return [];
      const sum = (of: (app: number) => number) => apps.reduce((all, app) => all + of(app), 0);
      let downloaders = 0;
      for (let user = 0; user < users.count; user++)
        if (apps.some((app) => pairs.downloads[user * listings.count + app]! > 0)) downloaders++;
      const [downloaded, minutes] = [sum(used), sum((app) => appMinutes[app]!)];
      const spent = hundredths(sum((app) => used(app) * listings.price[app]!));
      const name = paid ? "Paid" : "Free";
      const figures = [apps.length, downloaders, downloaded, minutes].map(String);
      return [[name, ...figures, quotient(minutes, downloaded, 2), spent]];
    });
    const columns = ["app_type", "apps", ...measures, "spent"];
    return { report: "free_and_paid", parameters: {}, columns, rows };
  }

  function appsByName(name: string): ReportAnswer {
    const found = new Map<string, number[]>();
    for (let app = 0; app < listings.count; app++)
      if (used(app) > 0) found.set(listings.name(app), [...(found.get(listings.name(app)) ?? []), app]);
    const wanted = [...found].filter(([of, apps]) => (name === "" ? apps.length > 1 : of === name));
    const rows = wanted
      .flatMap(([, apps]) => apps)
      .map((app) => {
        const fields = fieldsOf(listings, app);
        const figures = [String(used(app)), String(appMinutes[app])];
        return [fields.app, fields.category, fields.app_type, ...figures, appKey(fields)];
      })
      .sort((a, b) => a.map((text, at) => textOrder(text, b[at]!)).find((order) => order !== 0) ?? 0);
    const columns = ["app", "category", "app_type", "downloads", "minutes", "app_key"];
    return { report: "apps_by_name", parameters: { name }, columns, rows };
  }

  return {
    add(user, version, app, day, month, minutes) {
      const cell = cellOf(user, version, listings.category[app]!, month);
      downloads[cell]!++;
      minutesIn[cell]! += minutes;
      appDownloads[app * monthCount + month]!++;
      appMinutes[app]! += minutes;
      pairs.downloads[user * listings.count + app]!++;
      pairs.minutes[user * listings.count + app]! += minutes;
      const ofDay = byDay.get(day);
      if (ofDay) {
        ofDay.downloads++;
        ofDay.minutes += minutes;
      } else byDay.set(day, { downloads: 1, minutes });
      const items = tracked.users.get(user);
      if (items) {
        const item = items.get(app * monthCount + month);
        items.set(app * monthCount + month, {
          downloads: (item?.downloads ?? 0) + 1,
          minutes: (item?.minutes ?? 0) + minutes,
          firstDay: Math.min(item?.firstDay ?? day, day),
        });
      }
      const audienceOf = tracked.apps.get(app);
      if (audienceOf) {
        const one = audienceOf.get(user * versionsMax + version);
        audienceOf.set(user * versionsMax + version, {
          downloads: (one?.downloads ?? 0) + 1,
          minutes: (one?.minutes ?? 0) + minutes,
        });
      }
    },
    answers() {
      const inCategory = (user: number, version: number, category: number) => {
        let sum = 0;
        for (let month = 0; month < monthCount; month++)
          sum += minutesIn[cellOf(user, version, category, month)]!;
        return sum;
      };
      const choices = [
        {},
        { month: "2020-05" },
        { category: "GAME" },
        { month: "2020-11", category: "TOOLS" },
      ];
      return [
        ...choices.map(byAgeBand),
        ...choices.map(byPlace),
        ...[{}, { month: "2020-05" }].map(byCategory),
        ...[{}, { category: "GAME" }].map(byMonth),
        ...[{}, { month: "2020-05" }].map(byWeekday),
        medianRatings(),
        freeAndPaid(),
        ...["", listings.name(59), listings.name(0)].map(appsByName),
        ...["", users.id(0), users.id(users.count - 1)].map((id) => recommended(users, listings, pairs, id)),
        ...userItems(users, listings, tracked, firstDay),
        ...audience(users, listings, tracked, inCategory),
      ];
    },
  };
}
