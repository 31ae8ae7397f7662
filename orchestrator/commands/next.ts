// url, next: addresses, and what to try with them.
import { readStackConfig } from "../../stack/config.ts";
import { resolveConnection } from "../engines/connection.ts";
import { printLine } from "./output.ts";

export function url(name: string): void {
  const { addresses } = resolveConnection(readStackConfig());
  const known = Object.entries(addresses).filter(([, value]) => typeof value === "string");
  const found = known.find(([key]) => key === name);
  if (!found)
    throw new Error(`No address is named '${name}'. Known: ${known.map(([key]) => key).join(", ")}.`);
  printLine(String(found[1]));
}

export function next(): void {
  const { addresses } = resolveConnection(readStackConfig());
  printLine(`
What to try next
  curl -X POST '${addresses.api}/game/purchase_sword?user_id=ada&sword_type=katana&amount=2'
  npx swordlake sql "SELECT * FROM lake.game.purchases WHERE user_id = 'ada'"
  make load EVENTS=200000        more events, with a journal of each
  npx swordlake ledger game      the account again
  npx swordlake report game --format html --out report.html
  make notebooks                 the pipeline explained, with pictures
  ${`${addresses.api}/docs`.padEnd(30)} every route, to try in a browser
  ${addresses.console.padEnd(30)} the console: what runs and what came of it, in a browser
  make down                      end it; the data stays`);
}
