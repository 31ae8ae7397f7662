// What users do with their apps: the listing of an app store, joined with who used which app for how long.
import { z } from "zod";
import { decimal, definePipeline, event, id64, topic } from "../pipeline.ts";
import { amount, byteSize, date, time, unquoted, wholeNumber } from "../readers.ts";
import { appKey, listingKey, userKey } from "./keys.ts";

const dayMs = 24 * 3600 * 1000;
const text = (...examples: string[]) => z.string().min(1).max(500).meta({ examples });
/** Text of a narrow form: a row whose columns shifted can't fit it by chance. */
const formed = (form: RegExp, ...examples: string[]) => z.string().max(500).regex(form).meta({ examples });
const key = (description: string) => z.string().meta({ description });
const days = ["yyyy-MM-dd", "M/d/yyyy"];

export default definePipeline({
  title: "Apps: who uses which app, for how long",
  deduplicationMs: 7 * dayMs,
  batchDate: "download_date",
  freshnessMs: 5000,
  topics: {
    usage: topic({
      key: "user_id",
      events: {
        app_usage: event(
          "A user downloaded an app and used it",
          {
            app: text("Sketch Pad", "Coloring book", "Maps, Routes & More"),
            category: formed(/^[A-Z]+(_[A-Z]+)*$/, "ART_AND_DESIGN", "GAME", "TOOLS"),
            rating: z
              .string()
              .regex(/^([1-4](\.\d)?|5(\.0)?)$/, "Not a rating from 1.0 to 5.0")
              .meta({ flink: "DECIMAL(2, 1)", examples: ["3.9", "4.4"] })
              .optional(),
            reviews: z
              .int()
              .min(0)
              .meta({ examples: [0, 159, 78158306] }),
            size_bytes: z
              .int()
              .min(1)
              .meta({ examples: [19922944] })
              .optional(),
            installs: z
              .int()
              .min(0)
              .max(100_000_000_000)
              .meta({ examples: [0, 10000, 1000000] }),
            app_type: z.enum(["Free", "Paid"]).optional(),
            price: decimal(8, 2).meta({ flink: "DECIMAL(8, 2)", examples: ["0", "4.99"] }),
            content_rating: z
              .enum(["Everyone", "Everyone 10+", "Teen", "Mature 17+", "Adults only 18+", "Unrated"])
              .optional(),
            genres: formed(/^[A-Za-z][A-Za-z&;,' -]*$/, "Art & Design", "Tools", "Board;Action & Adventure"),
            last_updated: z.iso.date(),
            current_ver: text("1.0.0", "Varies with device").optional(),
            android_ver: formed(/^(\d[\dA-Z. -]*( and up)?|Varies with device)$/, "4.0.3 and up").optional(),
            user_id: id64().meta({ flink: "BIGINT", description: "Who used it" }),
            user_name: formed(/^\p{L}[^\d$]*$/u, "Ada Lovelace", "Bo Diddley"),
            age: z.int32().min(1).max(120).optional(),
            user_location: formed(/^\p{L}[^\d$]*$/u, "Berlin", "São Paulo").optional(),
            minutes: z
              .int32()
              .min(0)
              .max(366 * 24 * 60)
              .meta({ description: "Time spent on the app", examples: [0, 12, 240] }),
            download_date: z.iso.date(),
          },
          {
            computed: {
              app_key: { type: key("Which app"), from: appKey },
              listing_key: { type: key("Which version of the app's listing"), from: listingKey },
              user_key: { type: key("Which version of the user"), from: userKey },
            },
            csv: {
              columns: {
                size_bytes: "Size",
                app_type: "Type",
                content_rating: "Content Rating",
                last_updated: "Last Updated",
                current_ver: "Current Ver",
                android_ver: "Android Ver",
                event_time: "download_date",
              },
              nothing: ["NaN", "Unknown"],
              read: {
                reviews: wholeNumber(),
                size_bytes: byteSize("Varies with device"),
                installs: wholeNumber(),
                price: amount(),
                last_updated: date("MMMM d, yyyy", ...days),
                user_id: unquoted(),
                age: wholeNumber(),
                minutes: wholeNumber(),
                download_date: date(...days),
                event_time: time(...days),
              },
            },
          },
        ),
      },
    }),
  },
});
