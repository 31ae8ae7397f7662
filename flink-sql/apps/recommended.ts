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
  const { count } = listings;
  const has = (user: number, app: number) => pairs.downloads[user * count + app]! > 0;
  const all = rank(users.count);
  const chosen = id === "" ? busiest(users, count, pairs) : all.find((user) => users.id(user) === id);
  const had = chosen === undefined ? [] : rank(count).filter((app) => has(chosen, app));
  const similar = all.filter((user) => user !== chosen && had.some((app) => has(user, app)));
  const [usedBy, minutes] = [new Uint32Array(count), new Float64Array(count)];
  for (const user of similar)
    for (let app = 0; app < count; app++)
      if (has(user, app)) {
        usedBy[app]!++;
        minutes[app]! += pairs.minutes[user * count + app]!;
      }
  for (const app of had) usedBy[app] = 0;
  const ranked = rank(count)
    .filter((app) => usedBy[app]! > 0)
    .map((app) => ({ app, key: appKey(fieldsOf(listings, app)) }))
    .sort(
      (a, b) =>
        usedBy[b.app]! - usedBy[a.app]! || minutes[b.app]! - minutes[a.app]! || textOrder(a.key, b.key),
    );
  const rows = ranked.slice(0, shownMax).map(({ app, key }) => {
    const fields = fieldsOf(listings, app);
    return [fields.app, fields.category, fields.app_type, `${usedBy[app]}`, `${minutes[app]}`, key];
  });
  const columns = ["app", "category", "app_type", "similar_users", "minutes", "app_key"];
  return { report: "recommended_apps", parameters: { user_id: id }, columns, rows };
}

/** Undefined where nobody downloaded anything; of equals the lower id, which is the lower number. */
function busiest(users: Users, appCount: number, pairs: Pairs): number | undefined {
  let found: { user: number; minutes: number } | undefined;
  for (let user = 0; user < users.count; user++) {
    let [downloads, minutes] = [0, 0];
    for (let at = user * appCount; at < (user + 1) * appCount; at++) {
      downloads += pairs.downloads[at]!;
      minutes += pairs.minutes[at]!;
    }
    if (downloads > 0 && (!found || minutes > found.minutes)) found = { user, minutes };
  }
  return found?.user;
}
