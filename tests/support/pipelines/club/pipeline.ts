// A sports club: its members are persons, each named by `member_id`, and some ask to be forgotten.
import { alert, definePipeline, event, topic } from "swordlake";
import { z } from "zod";

const member_id = z
  .string()
  .min(1)
  .max(64)
  .meta({ examples: ["m-1"] });

export default definePipeline({
  title: "Club: members come and pay",
  person: "member_id",
  retention: { visits: { days: 400, by: "event_time" } },
  alerts: {
    asked: alert("A member asks something", {
      key: ["member_id", "asked_at"],
      fields: { member_id: z.string(), asked_at: z.iso.datetime({ offset: true }) },
    }),
  },
  topics: {
    desk: topic({
      key: "member_id",
      partitions: 2,
      events: {
        visit: event("A member comes", { member_id, room: z.enum(["gym", "pool"]) }),
        payment: event("A member pays", {
          member_id,
          amount: z
            .int32()
            .min(1)
            .meta({ examples: [20] }),
        }),
        question: event("A member asks something; no table takes it", {
          member_id,
          text: z.string().max(200),
        }),
      },
    }),
  },
});
