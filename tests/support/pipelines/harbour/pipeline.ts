// Ships call at a harbour: one field of every kind a contract can have.
import { decimal, definePipeline, event, id64, topic } from "swordlake";
import { z } from "zod";

const ship_id = id64().meta({ examples: ["9223372036854775807", "9007199254740993"] });

export default definePipeline({
  title: "Harbour: ships arrive and leave",
  topics: {
    calls: topic({
      key: "ship_id",
      partitions: 2,
      events: {
        ship_arrived: event("A ship moors", {
          ship_id,
          fee: decimal(20, 2).meta({ examples: ["123456789012345678.91", "0.10"] }),
          draught_m: z.number().meta({ examples: [7.25] }),
          berth: z
            .int32()
            .optional()
            .meta({ examples: [4] }),
          cargo: z.enum(["grain", "ore"]),
          pilot: z.boolean(),
          due: z.iso.date().meta({ examples: ["2026-02-28"] }),
        }),
        ship_left: event("A ship leaves", { ship_id }),
      },
    }),
  },
});
