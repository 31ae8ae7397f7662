// An online shop: visitors look at products, fill carts and buy; who acts faster than a person is a bot.
import { z } from "zod";
import { alert, decimal, definePipeline, event, id64, topic } from "../pipeline.ts";
import { amount, time, unquoted } from "../readers.ts";

const text = (pattern: RegExp, what: string, ...examples: string[]) =>
  z.string().max(128).regex(pattern, what).meta({ examples });

/** What every action says; the four actions differ in their name alone. */
const fields = {
  product_id: id64().meta({ examples: ["44600062", "9007199254740993"] }),
  category_id: id64().meta({ examples: ["2103807459595387724", "2053013555631882655"] }),
  category_code: text(/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/, "Not a category such as electronics.audio")
    .optional()
    .meta({ examples: ["electronics.smartphone", "apparel.shoes"] }),
  // A bare number is a price that moved to the left.
  brand: text(/^(?!-?\d+([.,]\d+)?$)\S(.*\S)?$/u, "Not a brand")
    .optional()
    .meta({ examples: ["samsung", "l'oreal"] }),
  // Below zero where the shop gives money back.
  price: decimal(10, 2).meta({ examples: ["35.79", "1081.98"] }),
  user_id: id64().meta({ examples: ["541312140", "9007199254740995"] }),
  user_session: z
    .guid()
    .optional()
    .meta({ examples: ["72d76fde-8bb3-4e00-8c23-a032dfed738c"] }),
};

// One file has actions of all types; its column event_type says which.
const csv = {
  columns: {},
  nothing: ["NaN", "Unknown"],
  read: {
    event_time: time(
      "yyyy-MM-dd HH:mm:ss 'UTC'",
      "yyyy-MM-dd HH:mm:ssXXX",
      "yyyy-MM-dd'T'HH:mm:ssXXX",
      "M/d/yyyy H:mm",
      "M/d/yy H:mm",
    ),
    price: amount(),
    user_id: unquoted(),
  },
};

const action = (description: string) => event(description, fields, { csv });

const dayMs = 24 * 3600 * 1000;

export default definePipeline({
  title: "Online shop: views, carts, purchases, and bots",
  // Files are loaded again days later: a row that came before is still known.
  deduplicationMs: 7 * dayMs,
  // More actions than this in one window are a burst. Windows begin at whole multiples of their length.
  settings: { WINDOW_SECONDS: "10", ACTIONS_MAX: "10" },
  alerts: {
    bot_bursts: alert("A user acts more often in one window than a person does", {
      key: ["user_id", "window_start"],
      fields: {
        user_id: id64(),
        window_start: z.iso.datetime({ offset: true }),
        window_end: z.iso.datetime({ offset: true }),
        actions: z.int(),
        first_action: z.iso.datetime({ offset: true }),
        last_action: z.iso.datetime({ offset: true }),
      },
    }),
  },
  topics: {
    clicks: topic({
      key: "category_id",
      events: {
        view: action("A visitor looks at a product"),
        cart: action("A visitor puts a product into the cart"),
        remove_from_cart: action("A visitor takes a product out of the cart"),
        purchase: action("A visitor buys a product"),
      },
    }),
  },
});
