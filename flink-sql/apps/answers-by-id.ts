// Answers of the reports on one user and on one app: for a few that are watched while rows are made.
import { quotient, type ReportAnswer } from "../generator.ts";
import { bandOf, textOrder } from "./arithmetic.ts";
import { appKey } from "./keys.ts";
import { fieldsOf, type Listings, monthCount, monthText } from "./listings.ts";
import { type Users, versionsMax } from "./users.ts";

interface Sums {
  downloads: number;
  minutes: number;
}

export interface Tracked {
  /** By user, then by app and month in one number. */
  users: Map<number, Map<number, Sums & { firstDay: number }>>;
  /** By app, then by user and version in one number. */
  apps: Map<number, Map<number, Sums>>;
}

const dayMs = 24 * 3600 * 1000;

export function userItems(
  users: Users,
  listings: Listings,
  tracked: Tracked,
  firstDay: number,
): ReportAnswer[] {
  const answerFor = (user: number, month: string): ReportAnswer => {
    const apps = new Map<number, Sums & { firstDay: number }>();
    for (const [appAndMonth, sums] of tracked.users.get(user) ?? []) {
      if (month !== "" && monthText(appAndMonth % monthCount) !== month) continue;
      const app = Math.floor(appAndMonth / monthCount);
      const known = apps.get(app) ?? { downloads: 0, minutes: 0, firstDay: sums.firstDay };
      apps.set(app, {
        downloads: known.downloads + sums.downloads,
        minutes: known.minutes + sums.minutes,
        firstDay: Math.min(known.firstDay, sums.firstDay),
      });
    }
    const rows = [...apps]
      .map(([app, sums]) => ({ ...sums, ...fieldsOf(listings, app), key: appKey(fieldsOf(listings, app)) }))
      .sort((a, b) => b.minutes - a.minutes || textOrder(a.key, b.key))
      .map((item) => [
        users.id(user),
        ...[item.app, item.category, item.app_type],
        new Date(firstDay + item.firstDay * dayMs).toISOString().slice(0, 10),
        ...[String(item.downloads), String(item.minutes), item.key],
      ]);
    const columns = [
      "user_id",
      "app",
      "category",
      "app_type",
      "first_download",
      "downloads",
      "minutes",
      "app_key",
    ];
    return { report: "user_items", parameters: { user_id: users.id(user), month }, columns, rows };
  };
  const [most, least] = [0, users.count - 1];
  return [answerFor(most, "2020-02"), answerFor(least, "2020-11"), answerFor(least, "")];
}

/** `inCategory`: minutes of one version of a user in a category. */
export function audience(
  users: Users,
  listings: Listings,
  tracked: Tracked,
  inCategory: (user: number, version: number, category: number) => number,
): ReportAnswer[] {
  const columns = [
    "group_value",
    "users",
    "downloads",
    "minutes",
    "minutes_in_category",
    "share_of_category",
  ];
  const groupBy: Record<string, (user: number, version: number) => string> = {
    age_band: (user, version) => bandOf(users.age(user, version)),
    place: (user, version) => users.place(user, version) ?? "unknown",
  };
  return [...tracked.apps].flatMap(([app, sums]) =>
    Object.entries(groupBy).map(([by, groupOf]): ReportAnswer => {
      const its = new Set([...sums.keys()].map((one) => Math.floor(one / versionsMax)));
      const groups = new Map<string, Sums & { users: Set<number>; all: number }>();
      for (const user of its)
        for (let version = 0; version < versionsMax; version++) {
          const name = groupOf(user, version);
          const group = groups.get(name) ?? { users: new Set(), downloads: 0, minutes: 0, all: 0 };
          groups.set(name, group);
          group.all += inCategory(user, version, listings.category[app]!);
          const own = sums.get(user * versionsMax + version);
          if (!own) continue;
          group.users.add(user);
          group.downloads += own.downloads;
          group.minutes += own.minutes;
        }
      const rows = [...groups]
        .filter(([, group]) => group.downloads > 0)
        .sort(([a, x], [b, y]) => y.minutes - x.minutes || textOrder(a, b))
        .map(([name, group]) => [
          name,
          ...[group.users.size, group.downloads, group.minutes, group.all].map(String),
          group.all === 0 ? null : quotient(group.minutes, group.all, 4),
        ]);
      const parameters = { app_key: appKey(fieldsOf(listings, app)), by };
      return { report: "app_audience", parameters, columns, rows };
    }),
  );
}
