// Ad and app-store events of devices: what was displayed and clicked, viewed and downloaded.
import { z } from "zod";
import { definePipeline, event, topic } from "../pipeline.ts";
import { time, unquoted } from "../readers.ts";

const dayMs = 24 * 3600 * 1000;

// Types are tight, so that a row whose fields shifted can't pass for another one: a time is no id, a type
// of event is no country, and a number in scientific notation has lost the digits of its id.
const device_id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{3,63}$/, "Not a device's id: 4 to 64 of A-Z a-z 0-9 _ -")
  .meta({ description: "The device", examples: ["d1f0c3a97be24", "8f14e45fceea167a"] });
const thing = (description: string, ...examples: string[]) =>
  z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "Not an id: 1 to 100 of A-Z a-z 0-9 . _ -")
    .optional()
    .meta({ description, examples });
const country = z
  .string()
  .regex(/^[A-Z]{2}$/, "Not a country: two letters of ISO 3166-1, as in DE")
  .meta({ description: "Where the device is, ISO 3166-1", examples: ["IN", "US", "BR", "DE"] });
const brand = z
  .string()
  .min(1)
  .max(64)
  .meta({ description: "Who made the device", examples: ["Samsung", "Xiaomi", "Oppo"] });

// The files' own event_type is what was done; to the engine it is a field like any other.
const csv = {
  columns: { event_time: "server_time", action: "event_type" },
  nothing: ["NaN", "NULL", "Unknown"],
  read: {
    device_id: unquoted(),
    event_time: time(
      "M/d/yy H:mm",
      "yyyy-MM-dd'T'HH:mm:ssXXX",
      "yyyy-MM-dd HH:mm:ssXXX",
      "yyyy-MM-dd HH:mm:ss 'UTC'",
      "yyyy-MM-dd HH:mm:ss",
      "M/d/yyyy H:mm",
    ),
  },
};

export default definePipeline({
  title: "Ads and app store: active devices, ads clicked, apps downloaded",
  // Files of many days are written by day: fewer commits keep their files from being tiny.
  freshnessMs: 5000,
  deduplicationMs: 7 * dayMs,
  topics: {
    ad_stream: topic({
      key: "device_id",
      events: {
        ad_action: event(
          "Something befell an ad on a device",
          {
            device_id,
            ad_id: thing("The ad, where it is known", "ad-1041", "ad-77"),
            action: z.enum(["logs", "display", "load", "close", "click"]),
            country,
            brand,
          },
          { csv },
        ),
      },
    }),
    store_stream: topic({
      key: "device_id",
      events: {
        store_action: event(
          "A device did something in the app store",
          {
            device_id,
            app_id: thing("The app, where it is known", "com.example.chat", "org.example.maps"),
            action: z.enum(["logs", "app_view", "open", "download"]),
            country,
            brand,
          },
          { csv },
        ),
      },
    }),
  },
});
