// What was refused is mended by the command line and lands once, under its own event_id.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axios from "axios";
import { beforeAll, expect, it } from "vitest";
import type { Ledger } from "../../orchestrator/ledger/ledger.ts";
import { waitFor } from "../../stack/wait.ts";
import { swordlake, swordlakeJson } from "../support/cli.ts";
import { writeRaw } from "../support/raw-kafka.ts";
import { isolated, type Services, services } from "../support/services.ts";

interface Counted {
  replayed: number;
  refused: number;
  unknown: number;
}
type Listed = { place: string; state: string; payload: string; eventType: string | null };

let running: Services;
const user = isolated("mend");
const id = (n: number) => `${user}-${n}`;
const rows = async () =>
  (
    await swordlakeJson<{ rows: string[][] }>(
      "sql",
      `SELECT event_id, amount FROM lake.game.purchases WHERE starts_with(event_id, '${user}') ORDER BY 1`,
    )
  ).rows;

beforeAll(async () => {
  running = await services();
  const sword = (n: number, amount: unknown) => ({
    event_id: id(n),
    event_type: "purchase_sword",
    user_id: user,
    sword_type: "katana",
    amount,
  });
  const refused = await axios.post(`${running.api}/game`, [sword(1, 0), sword(2, "many")], {
    validateStatus: () => true,
  });
  expect(refused.status).toBe(400);
  const at = new Date().toISOString();
  const poison = {
    ...sword(3, "x"),
    event_time: at,
    received_at: at,
    host: "h",
    user_agent: "u",
    accept: "a",
  };
  await writeRaw(running.kafka, "game.events", [JSON.stringify(poison)]);
});

const mine = async () =>
  (await swordlakeJson<Listed[]>("quarantine", "list", "game", "--each", "--limit", "100000")).filter(
    ({ payload }) => payload?.includes(user),
  );

it("lists, repairs by an edit and by a function, replays once", async () => {
  let listed: Listed[] = [];
  await waitFor("the refused events are in the quarantine", async () => {
    listed = await mine();
    return listed.length === 3;
  });
  expect(listed.map(({ state }) => state)).toEqual(["open", "open", "open"]);
  const places = listed.map(({ place }) => place);
  const shown = await swordlake("quarantine", "show", "game", places[0]!);
  expect(shown.stdout).toContain(user);

  const untouched = await swordlake("quarantine", "repair", "game", ...places);
  expect(untouched.exitCode).toBe(1);
  expect(untouched.stdout).toMatch(/amount: [\s\S]*0 repaired, 3 still not fit/);

  expect((await swordlake("quarantine", "repair", "game", places[0]!, "--set", "amount=2")).exitCode).toBe(0);
  const file = join(mkdtempSync(join(tmpdir(), "repair-")), "mend.ts");
  writeFileSync(file, "export default (event: Record<string, unknown>) => ({ ...event, amount: 5 });\n");
  const byFunction = await swordlake("quarantine", "repair", "game", ...places.slice(1), "--with", file);
  expect(byFunction.exitCode, byFunction.stderr + byFunction.stdout).toBe(0);

  expect(await swordlakeJson<Counted>("quarantine", "replay", "game")).toEqual({
    replayed: 3,
    refused: 0,
    unknown: 0,
  });
  await waitFor("the repaired events are in the lake", async () => (await rows()).length === 3);
  expect((await rows()).map(([event]) => event)).toEqual([id(1), id(2), id(3)]);

  expect(await swordlakeJson<Counted>("quarantine", "replay", "game")).toEqual({
    replayed: 0,
    refused: 0,
    unknown: 0,
  });
  const again = await swordlake("quarantine", "repair", "game", ...places, "--set", "amount=7");
  expect(again.stdout).toContain("0 repaired, 0 still not fit, 3 replayed before");
  expect((await mine()).map(({ state }) => state)).toEqual(["replayed", "replayed", "replayed"]);
  expect(await swordlakeJson<Ledger>("ledger", "game")).toMatchObject({ closed: true });
  expect(await rows()).toHaveLength(3);
});
