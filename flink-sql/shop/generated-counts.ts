// Actions counted by category and hour or weekday, and by brand: numbers in arrays, never the rows.
import type { ReportAnswer } from "../generator.ts";
import type { Action } from "./generated-answers.ts";
import { ratio } from "./generated-forms.ts";

/** What answers are given for: a month, or all where it is empty. */
export interface Scope {
  month: string;
}

export interface Names {
  users: number;
  products: number;
  categories: number;
  brands: string[];
  userId(user: number): string;
  productId(product: number): string;
  categoryId(category: number): string;
}

const types: Action["type"][] = ["view", "cart", "purchase", "remove_from_cart"];
const kinds = types.length;
const top = 3;

/** Counts of one scope: by group (an hour, a weekday), category and type. */
function createCounts(groups: number, categories: number) {
  const counts = new Uint32Array(groups * categories * kinds);
  const of = (group: number, category: number) => {
    const from = (group * categories + category) * kinds;
    const [views, carts, purchases, removed] = counts.subarray(from, from + kinds);
    return {
      category,
      views: views!,
      carts: carts!,
      purchases: purchases!,
      actions: views! + carts! + purchases! + removed!,
    };
  };
  return {
    add: (group: number, category: number, type: Action["type"]) => {
      const place = (group * categories + category) * kinds + types.indexOf(type);
      counts[place] = counts[place]! + 1;
    },
    best: (group: number) =>
      Array.from({ length: categories }, (_, category) => of(group, category))
        .filter(({ actions }) => actions > 0)
        // Numbers of categories are in the order of their ids.
        .sort((a, b) => b.actions - a.actions || a.category - b.category)
        .slice(0, top),
  };
}

export function createCategoryCounts({ categories, categoryId }: Names, scopes: Scope[]) {
  const codes: string[] = Array.from({ length: categories }, () => "");
  const all = scopes.map((scope) => ({
    scope,
    hour: createCounts(24, categories),
    weekday: createCounts(8, categories),
  }));
  const answer = (
    name: "hour" | "weekday",
    { month }: Scope,
    counts: ReturnType<typeof createCounts>,
    groups: number,
  ): ReportAnswer => ({
    report: `top_categories_per_${name}`,
    parameters: { month, top: `${top}` },
    columns: [name, "place", "category", "actions", "views", "carts", "purchases"],
    rows: Array.from({ length: groups }, (_, group) =>
      counts
        .best(group)
        .map(({ category, actions, views, carts, purchases }, place) => [
          `${group}`,
          `${place + 1}`,
          codes[category] || categoryId(category),
          ...[actions, views, carts, purchases].map(String),
        ]),
    ).flat(),
  });
  return {
    add({ type, category, code, timeMs }: Action, day: string): void {
      if (code) codes[category] = code;
      const time = new Date(timeMs);
      for (const { scope, hour, weekday } of all) {
        if (!day.startsWith(scope.month)) continue;
        hour.add(time.getUTCHours(), category, type);
        weekday.add(time.getUTCDay() || 7, category, type);
      }
    },
    answers: () =>
      all.flatMap(({ scope, hour, weekday }) => [
        answer("hour", scope, hour, 24),
        answer("weekday", scope, weekday, 8),
      ]),
  };
}

const viewsMin = 100;

export function createBrandCounts({ brands, users }: Names, scopes: Scope[]) {
  const all = scopes.map((scope) => ({
    scope,
    counts: brands.map(() => ({ view: 0, cart: 0, purchase: 0, remove_from_cart: 0, viewers: 0 })),
    // One bit for each brand and user: whether the user saw it.
    seen: new Uint8Array(Math.ceil((brands.length * users) / 8)),
  }));
  return {
    add({ type, brand, user }: Action, day: string): void {
      if (brand < 0) return;
      for (const { scope, counts, seen } of all) {
        if (!day.startsWith(scope.month)) continue;
        const of = counts[brand]!;
        of[type]++;
        if (type !== "view") continue;
        const place = brand * users + user;
        const bit = 1 << (place & 7);
        const byte = Math.floor(place / 8);
        if (seen[byte]! & bit) continue;
        seen[byte] = seen[byte]! | bit;
        of.viewers++;
      }
    },
    answers: (): ReportAnswer[] =>
      all.map(({ scope, counts }) => ({
        report: "brands_that_need_marketing",
        parameters: { month: scope.month, views: `${viewsMin}` },
        columns: ["brand", "views", "viewers", "carts", "purchases", "purchases_per_view"],
        rows: counts
          .map((of, brand) => ({ ...of, name: brands[brand]! }))
          .filter(({ view }) => view >= viewsMin)
          .map((of) => ({ ...of, ratio: ratio(of.purchase, of.view) }))
          .sort((a, b) => Number(a.ratio) - Number(b.ratio) || b.view - a.view || (a.name < b.name ? -1 : 1))
          .map((of) => [of.name, ...[of.view, of.viewers, of.cart, of.purchase].map(String), of.ratio]),
      })),
  };
}
