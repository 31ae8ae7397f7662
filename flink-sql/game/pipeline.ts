// A mobile game: players buy swords, join guilds, fight and level up.
import { z } from "zod";
import { definePipeline, event, topic } from "../pipeline.ts";

const user_id = z
  .string()
  .min(1)
  .max(128)
  .meta({ description: "Who plays", examples: ["user-1"] });
const amount = z
  .int32()
  .min(1)
  .max(1_000_000)
  .default(1)
  .meta({ examples: [1, 2, 3] });
const points = (value: number) =>
  z
    .int32()
    .min(0)
    .max(1_000_000)
    .default(value)
    .meta({ examples: [value] });
const name = (...examples: string[]) => z.string().min(1).max(128).meta({ examples });

export default definePipeline({
  title: "Mobile game: purchases, guilds, fights and levels",
  topics: {
    events: topic({
      key: "user_id",
      events: {
        purchase_sword: event("A player buys swords", {
          user_id,
          sword_type: name("katana", "longsword", "rapier", "scimitar"),
          amount,
          price: points(100),
        }),
        purchase_shield: event("A player buys shields", { user_id, amount, price: points(50) }),
        purchase_potion: event("A player buys potions", { user_id, amount, price: points(5) }),
        join_guild: event("A player joins a guild", {
          user_id,
          guild_name: name("Nightwatch", "Iron Circle", "Silver Foxes", "Stormcallers"),
        }),
        take_potion: event(
          "A player drinks potions: 10 health each",
          { user_id, amount },
          { computed: { health: { type: z.int32(), from: (e) => 10 * (e.amount as number) } } },
        ),
        find_treasure: event("A player finds a treasure", { user_id }),
        enemy_attack: event("An enemy attacks a player", { user_id }),
        defeat_enemy: event("A player defeats an enemy", { user_id }),
        level_up: event("A player rises in level", {
          user_id,
          level: points(1),
          attack: points(200),
          defence: points(175),
          health: points(100),
        }),
        default: event(
          "The root page was asked for",
          { user_id: user_id.default("anonymous") },
          { path: "/" },
        ),
      },
    }),
  },
});
