// Deliveries reach a depot; its books are CSV files of two kinds, with all that files do to rows.
import {
  amount,
  decimal,
  definePipeline,
  event,
  id64,
  time,
  topic,
  unquoted,
  wholeNumber,
  yesNo,
} from "swordlake";
import { z } from "zod";

const delivery_id = id64().meta({ examples: ["9007199254740993"] });

export default definePipeline({
  title: "Depot: deliveries and their carriers",
  deduplicationMs: 7 * 24 * 3600 * 1000,
  topics: {
    goods: topic({
      key: "delivery_id",
      events: {
        delivery: event(
          "Goods are delivered",
          {
            delivery_id,
            carrier: z
              .string()
              .regex(/^[a-z]+-\d+$/, "Not a carrier: letters, a dash, digits")
              .meta({ examples: ["north-7"] }),
            goods: z.string().min(1).max(200),
            pieces: z.int32().min(1).optional(),
            price: decimal(12, 2).optional(),
            is_fragile: z.boolean(),
          },
          {
            csv: {
              columns: { event_time: "Delivered At", is_fragile: "Fragile?", pieces: "Pieces" },
              nothing: ["NaN", "Unknown"],
              read: {
                event_time: time("yyyy-MM-dd HH:mm:ss 'UTC'", "M/d/yy H:mm"),
                carrier: unquoted(),
                pieces: wholeNumber(),
                price: amount(),
                is_fragile: yesNo("True", "False"),
              },
            },
          },
        ),
      },
    }),
  },
});
