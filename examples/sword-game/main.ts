// A tiny game: players buy swords and join guilds, and every event's outcome is counted.
// node --import tsx examples/sword-game/main.ts --url http://127.0.0.1:4000 --players 20
import { parseArgs } from "node:util";
import { createGameClient, type Outcome } from "./game-client.ts";

const swords = ["katana", "longsword", "rapier", "scimitar"];
const guilds = ["Nightwatch", "Iron Circle", "Silver Foxes", "Stormcallers"];

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:4000" },
    key: { type: "string" },
    players: { type: "string", default: "20" },
    rounds: { type: "string", default: "5" },
  },
});

function count(name: "players" | "rounds"): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} ${values[name]}: give a whole number, 1 or more.`);
}

const pick = (list: string[]) => list[Math.floor(Math.random() * list.length)] ?? "";
const counts = { accepted: 0, rejected: 0, unknown: 0 };

/** Counts an outcome, says what a player should know of it, and whether the event is kept. */
function tell(what: string, outcome: Outcome): boolean {
  counts[outcome.status] += 1;
  if (outcome.status === "accepted") return true;
  console.log(`${what}: ${outcome.status}, ${outcome.code}: ${outcome.message}`);
  return false;
}

async function play(): Promise<void> {
  const players = Array.from({ length: count("players") }, (_, number) => `player-${number + 1}`);
  const rounds = count("rounds");
  // A game doesn't hang on its statistics: what isn't known after 5 seconds is told as unknown.
  const client = createGameClient({ url: values.url, key: values.key, giveUpAfterMs: 5_000 });
  for (let round = 1; round <= rounds; round += 1) {
    const moves = players.map(async (user_id) => {
      const sword_type = pick(swords);
      const price = 50 + Math.floor(Math.random() * 100);
      const bought = await client.purchaseSword({ user_id, sword_type, price });
      const isBought = tell(`${user_id} buys a ${sword_type}`, bought);
      // Guilds want players with a sword: what must come in order waits for the outcome before it.
      if (round > 1 || !isBought) return;
      const guild_name = pick(guilds);
      tell(`${user_id} joins ${guild_name}`, await client.joinGuild({ user_id, guild_name }));
    });
    await Promise.all(moves);
    console.log(`Round ${round}: ${counts.accepted} events accepted so far`);
  }
  // Refused by the contract; the client doesn't try it again.
  const greedy = { user_id: "player-1", sword_type: "katana", amount: -1 };
  tell("player-1 buys -1 swords", await client.purchaseSword(greedy));
  await client.close();
  console.log(`${counts.accepted} accepted, ${counts.rejected} rejected, ${counts.unknown} unknown`);
  if (counts.unknown > 0) process.exitCode = 1;
}

try {
  await play();
} catch (error) {
  console.error(`sword-game: ${(error as Error).message}`);
  process.exitCode = 1;
}
