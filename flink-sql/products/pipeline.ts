// A shop's catalogue: products and their categories, of which the lake keeps the latest row each.
import { z } from "zod";
import { definePipeline, event, topic } from "../pipeline.ts";
import { amount, wholeNumber, yesNo } from "../readers.ts";

const dayMs = 24 * 3600 * 1000;

// Types are tight, so that a row whose fields shifted can't pass for another: a title is no asin, a
// product's page is no picture, a number is neither True nor False.
const asin = z
  .string()
  .regex(/^[0-9A-Z]{10}$/, "Not an asin: 10 of 0-9 A-Z")
  .meta({ description: "The product", examples: ["B014TMV5YE", "B07GDLCQXV", "0593441273"] });
const category_id = z
  .int32()
  .min(1)
  .max(1_000_000)
  .meta({ description: "The category", examples: [104, 110, 3] });
const count = (description: string, ...examples: number[]) =>
  z.int32().min(0).max(100_000_000).meta({ description, examples });
/** Money without a sign: DECIMAL(10, 2). */
const money = (description: string, ...examples: string[]) =>
  z
    .string()
    .regex(/^\d{1,8}(\.\d{1,2})?$/, "Not an amount: up to 8 digits, and 2 after a point")
    .meta({ description, examples, flink: "DECIMAL(10, 2)" });

export default definePipeline({
  title: "Catalogue: products by price, category and rating",
  // Each commit that replaces rows makes files that readers must merge: fewer commits, quicker reports.
  freshnessMs: 10_000,
  deduplicationMs: 7 * dayMs,
  topics: {
    product: topic({
      key: "asin",
      events: {
        product: event(
          "A product as it is now: it replaces what was known of its asin",
          {
            asin,
            title: z
              .string()
              .min(1)
              .max(2000)
              .meta({ examples: ['Roller luggage, black, 29" large', "Pack-it cube set, 3 pieces"] }),
            img_url: z
              .string()
              .max(2000)
              .regex(/^https?:\/\/(?!\S*\/dp\/)[^\s/]+\/\S+$/, "Not a picture's URL")
              .meta({ examples: ["https://m.media-amazon.com/images/I/815dLQKYIYL._AC_UL320_.jpg"] }),
            product_url: z
              .string()
              .max(2000)
              .regex(
                /^https?:\/\/[^\s/]+\/(\S*\/)?dp\/[0-9A-Z]{10}$/,
                "Not a product's page: it ends in /dp/ASIN",
              )
              .meta({ examples: ["https://www.amazon.com/dp/B014TMV5YE"] }),
            stars: z
              .string()
              .regex(/^([0-4](\.\d)?|5(\.0)?)$/, "Not a rating: 0 to 5, and one digit after a point")
              .meta({
                description: "Mean rating; 0 where nobody rated",
                examples: ["4.5"],
                flink: "DECIMAL(2, 1)",
              }),
            reviews: count("How many reviewed it", 0, 223, 71_000),
            price: money("In dollars; 0.00 where it is unknown", "139.99", "12.5", "0.00"),
            list_price: money("Before a discount; 0.00 where there is none", "169.99", "0.00"),
            category_id,
            is_best_seller: z.boolean(),
            bought_in_last_month: count("How often, as the page says it", 0, 50, 2000),
          },
          {
            csv: {
              columns: {
                img_url: "imgUrl",
                product_url: "productURL",
                list_price: "listPrice",
                is_best_seller: "isBestSeller",
                bought_in_last_month: "boughtInLastMonth",
              },
              nothing: ["NaN"],
              read: {
                stars: amount(),
                reviews: wholeNumber(),
                price: amount(),
                list_price: amount(),
                category_id: wholeNumber(),
                is_best_seller: yesNo("True", "False"),
                bought_in_last_month: wholeNumber(),
              },
            },
          },
        ),
      },
    }),
    category: topic({
      key: "category_id",
      partitions: 1,
      events: {
        category: event(
          "A category as it is now: it replaces what was known of its id",
          {
            category_id,
            category_name: z
              .string()
              .regex(/[^\d\s.,]/, "Not a name: it has no letter")
              .max(200)
              .meta({ examples: ["Suitcases", "Men's Shoes", "Beading & Jewelry Making"] }),
          },
          { csv: { columns: { category_id: "id" }, nothing: ["NaN"], read: { category_id: wholeNumber() } } },
        ),
      },
    }),
  },
});
