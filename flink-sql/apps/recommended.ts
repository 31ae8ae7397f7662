// The answer of the report recommended_apps: apps that a user lacks, by how many similar users use them.
import type { ReportAnswer } from "../generator.ts";
import { rank, textOrder } from "./arithmetic.ts";
import { appKey } from "./keys.ts";
import { fieldsOf, type Listings } from "./listings.ts";
import type { Users } from "./users.ts";

/** By user, then app. */
export interface Pairs {
  downloads: Uint32Array;
  minutes: Float64Array;
}

const shownMax = 20;

/** `id` empty: who spent the most minutes. */
export function recommended(users: Users, listings: Listings, pairs: Pairs, id: string): ReportAnswer {
  const apps = rank(listings.count);
  const has = (user: number, app: number) => pairs.downloads[user * listings.count + app]! > 0;
  const minutesOf = (user: number, app: number) => pairs.minutes[user * listings.count + app]!;
  const active = rank(users.count).filter((user) => apps.some((app) => has(user, app)));
  const spent = (user: number) => apps.reduce((sum, app) => sum + minutesOf(user, app), 0);
  const busiest = () =>
    active
      .map((user) => ({ user, minutes: spent(user) }))
      .sort((a, b) => b.minutes - a.minutes || Number(BigInt(users.id(a.user)) - BigInt(users.id(b.user))))[0]
      ?.user;
  const chosen = id === "" ? busiest() : active.find((user) => users.id(user) === id);
  const columns = ["app", "category", "app_type", "similar_users", "minutes", "app_key"];
  const answer = (rows: ReportAnswer["rows"]) => ({
    report: "recommended_apps",
    parameters: { user_id: id },
    columns,
    rows,
  });
  if (chosen === undefined) return answer([]);
  const had = apps.filter((app) => has(chosen, app));
  const similar = active.filter((user) => user !== chosen && had.some((app) => has(user, app)));
  const ranked = apps
    .filter((app) => !has(chosen, app))
    .map((app) => ({
      app,
      users: similar.filter((user) => has(user, app)).length,
      minutes: similar.reduce((sum, user) => sum + minutesOf(user, app), 0),
      key: appKey(fieldsOf(listings, app)),
    }))
    .filter((one) => one.users > 0)
    .sort((a, b) => b.users - a.users || b.minutes - a.minutes || textOrder(a.key, b.key));
  return answer(
    ranked.slice(0, shownMax).map(({ app, users: all, minutes, key }) => {
      const fields = fieldsOf(listings, app);
      return [fields.app, fields.category, fields.app_type, String(all), String(minutes), key];
    }),
  );
}
