// The exact answers to the reports, kept while rows are made in the order of time: of days, windows and
// sessions that are over only their sums are left.
import type { ReportAnswer } from "../generator.ts";
import { createBrandCounts, createCategoryCounts, type Names, type Scope } from "./generated-counts.ts";
import { dayOf, money, timeOf } from "./generated-forms.ts";
import { createSessionCounts } from "./generated-sessions.ts";

export interface Action {
  type: "view" | "cart" | "remove_from_cart" | "purchase";
  /** Products, categories, brands and users by number; a brand that isn't known is -1. */
  product: number;
  category: number;
  /** Empty where the row lacks it. */
  code: string;
  brand: number;
  cents: number;
  user: number;
  session: string;
  /** A whole second, in ms since 1970. */
  timeMs: number;
}

const windowMs = 10_000;
const actionsMax = 10;

interface DayRow {
  day: string;
  visitors: number;
  buyers: number;
  actions: number;
  left: { users: number; products: number; cents: number };
}

interface Cart {
  user: number;
  lastMs: number;
  last: string;
  bought: boolean;
  cents: number;
}

interface AlertRow {
  user: number;
  startMs: number;
  actions: number;
  firstMs: number;
  lastMs: number;
}

/** Months that answers are given for: all, and the first of the file. */
const scopes: Scope[] = [{ month: "" }, { month: "2019-10" }];
/** Day that answers are given for, beside the last one. */
const chosenDay = "2019-10-02";

export function createBooks(names: Names) {
  const { users } = names;
  const seenOn = new Int32Array(users).fill(-1);
  const boughtOn = new Int32Array(users).fill(-1);
  const watched = Math.floor(users / 3);
  const journey: Action[] = [];
  const dayRows: DayRow[] = [];
  const alerts: AlertRow[] = [];
  const leftOn = new Map<string, Map<number, { products: number; cents: number }>>();
  const categories = createCategoryCounts(names, scopes);
  const brands = createBrandCounts(names, scopes);
  const sessions = createSessionCounts();
  let carts = new Map<number, Cart>();
  let window = new Map<number, AlertRow>();
  let windowStart = -1;
  let day = -1;
  let today: DayRow | undefined;

  function endWindow(): void {
    for (const row of window.values()) if (row.actions > actionsMax) alerts.push(row);
    window = new Map();
  }

  function endDay(): void {
    if (!today) return;
    const byUser = new Map<number, { products: number; cents: number }>();
    for (const { user, last, bought, cents } of carts.values()) {
      if (last !== "cart" || bought) continue;
      const of = byUser.get(user) ?? { products: 0, cents: 0 };
      byUser.set(user, { products: of.products + 1, cents: of.cents + cents });
      today.left.products++;
      today.left.cents += cents;
    }
    today.left.users = byUser.size;
    // The last day is not known before the end: the newest is kept, and the chosen one.
    for (const known of leftOn.keys()) if (known !== chosenDay) leftOn.delete(known);
    leftOn.set(today.day, byUser);
    carts = new Map();
  }

  function addToCart({ type, product, user, cents, timeMs }: Action): void {
    if (type === "view") return;
    const key = user * names.products + product;
    const cart = carts.get(key) ?? { user, lastMs: 0, last: "", bought: false, cents: 0 };
    carts.set(key, cart);
    if (type === "purchase") cart.bought = true;
    // As the report has it: in one second, taking out comes after putting in.
    else if (timeMs > cart.lastMs || type > cart.last) [cart.lastMs, cart.last] = [timeMs, type];
    if (type === "cart") cart.cents = Math.max(cart.cents, cents);
  }

  function addToWindow({ user, timeMs }: Action): void {
    const startMs = Math.floor(timeMs / windowMs) * windowMs;
    if (startMs !== windowStart) {
      endWindow();
      windowStart = startMs;
    }
    const row = window.get(user);
    if (row) {
      row.actions++;
      row.lastMs = timeMs;
    } else window.set(user, { user, startMs, actions: 1, firstMs: timeMs, lastMs: timeMs });
  }

  function add(action: Action): void {
    const dayNumber = Math.floor(action.timeMs / 86_400_000);
    if (dayNumber !== day) {
      endDay();
      day = dayNumber;
      today = {
        day: dayOf(action.timeMs),
        visitors: 0,
        buyers: 0,
        actions: 0,
        left: { users: 0, products: 0, cents: 0 },
      };
      dayRows.push(today);
    }
    const { user, type } = action;
    today!.actions++;
    if (seenOn[user] !== day) today!.visitors++;
    seenOn[user] = day;
    if (type === "purchase") {
      if (boughtOn[user] !== day) today!.buyers++;
      boughtOn[user] = day;
    }
    if (user === watched) journey.push(action);
    addToCart(action);
    addToWindow(action);
    categories.add(action, today!.day);
    brands.add(action, today!.day);
    sessions.add(action, today!.day);
  }

  const inMonth = (text: string, { month }: Scope) => text.startsWith(month);

  function perDay(scope: Scope): ReportAnswer[] {
    const rows = dayRows.filter((row) => inMonth(row.day, scope));
    const parameters = { month: scope.month };
    const alerted = new Map<string, AlertRow[]>();
    for (const alert of alerts) {
      const on = dayOf(alert.startMs);
      if (inMonth(on, scope)) alerted.set(on, [...(alerted.get(on) ?? []), alert]);
    }
    return [
      {
        report: "unique_visitors_per_day",
        parameters,
        columns: ["day", "visitors", "buyers", "actions"],
        rows: rows.map((row) => [row.day, `${row.visitors}`, `${row.buyers}`, `${row.actions}`]),
      },
      {
        report: "carts_left_per_day",
        parameters,
        columns: ["day", "users", "products", "worth"],
        rows: rows
          .filter(({ left }) => left.products > 0)
          .map(({ day, left }) => [day, `${left.users}`, `${left.products}`, money(left.cents)]),
      },
      {
        report: "alerts_by_day",
        parameters,
        columns: ["day", "alerts", "users", "actions", "actions_max"],
        rows: [...alerted]
          .sort()
          .map(([on, of]) => [
            on,
            `${of.length}`,
            `${new Set(of.map(({ user }) => user)).size}`,
            `${of.reduce((sum, { actions }) => sum + actions, 0)}`,
            `${Math.max(...of.map(({ actions }) => actions))}`,
          ]),
      },
    ];
  }

  function cartsLeft(on: string, asked: string): ReportAnswer {
    const left = [...(leftOn.get(on) ?? [])].map(([user, { products, cents }]) => ({
      id: BigInt(names.userId(user)),
      products,
      cents,
    }));
    left.sort((a, b) => b.cents - a.cents || (a.id < b.id ? -1 : 1));
    return {
      report: "carts_left",
      parameters: { day: asked, user: "" },
      columns: ["user_id", "products", "worth"],
      rows: left.map(({ id, products, cents }) => [`${id}`, `${products}`, money(cents)]),
    };
  }

  function windows(on: string): ReportAnswer {
    const found = alerts
      .filter(({ startMs }) => dayOf(startMs).startsWith(on))
      .map((row) => ({ ...row, id: BigInt(names.userId(row.user)) }))
      .sort((a, b) => a.startMs - b.startMs || (a.id < b.id ? -1 : 1));
    return {
      report: "bot_windows",
      parameters: { day: on, user: "" },
      columns: ["user_id", "window_start", "window_end", "actions", "first_action", "last_action"],
      rows: found.map(({ id, startMs, actions, firstMs, lastMs }) => [
        `${id}`,
        timeOf(startMs),
        timeOf(startMs + windowMs),
        `${actions}`,
        timeOf(firstMs),
        timeOf(lastMs),
      ]),
    };
  }

  function journeyOf(): ReportAnswer {
    const order = ({ timeMs, type }: Action) => `${timeMs} ${type}`;
    const rows = [...journey].sort(
      (a, b) =>
        (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0) ||
        (BigInt(names.productId(a.product)) < BigInt(names.productId(b.product)) ? -1 : 1),
    );
    return {
      report: "user_journey",
      parameters: { user: names.userId(watched), day: "" },
      columns: ["at", "action", "product_id", "category", "brand", "price", "session"],
      rows: rows.map(({ timeMs, type, product, code, brand, cents, session }) => [
        timeOf(timeMs),
        type,
        names.productId(product),
        code || null,
        brand < 0 ? null : names.brands[brand]!,
        money(cents),
        session || null,
      ]),
    };
  }

  /** The answers for what was added; nothing may be added after. */
  function answers(): ReportAnswer[] {
    endDay();
    endWindow();
    return [
      ...scopes.flatMap(perDay),
      cartsLeft(chosenDay, chosenDay),
      cartsLeft(today?.day ?? "", ""),
      ...categories.answers(),
      ...brands.answers(),
      ...scopes.map((scope) => sessions.answer(scope.month)),
      windows(""),
      windows(chosenDay),
      journeyOf(),
    ];
  }

  return { add, answers };
}
