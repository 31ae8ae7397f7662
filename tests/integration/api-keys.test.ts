// API keys from the command line to the edge, on real Postgres and Kafka.
import axios from "axios";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../orchestrator/engines/store.ts";
import { waitFor } from "../../stack/wait.ts";
import { type OwnApi, startApi } from "../support/api.ts";
import { swordlake, swordlakeJson } from "../support/cli.ts";
import { isolated, services } from "../support/services.ts";

let api: OwnApi;

beforeAll(async () => {
  const { postgres, connection } = await services();
  api = await startApi({
    SWORDLAKE_API_AUTH: "keys",
    SWORDLAKE_API_KEYS: `postgres://edge@${postgres.host}:${postgres.port}/swordlake`,
    PGPASSWORD: connection.instance!.secrets.edgePassword,
  });
});

afterAll(async () => {
  await api?.stop();
});

interface Made {
  id: string;
  token: string;
}

const create = (...args: string[]) => swordlakeJson<Made>("keys", "create", isolated("key"), ...args);
const send = (token: string) =>
  axios.post(
    `${api.url}/game/purchase_sword`,
    { user_id: "ada", sword_type: "katana", amount: 1 },
    { headers: { authorization: `Bearer ${token}` }, validateStatus: () => true },
  );
const becomes = (token: string, status: number) =>
  waitFor(`the API answers ${status}`, async () => (await send(token)).status === status, {
    timeoutMs: 5000,
  });

describe("an API key", () => {
  it("lets events in within seconds, and not after it was revoked", async () => {
    const { id, token } = await create("--scope", "ingest:game");
    await becomes(token, 202);
    expect((await swordlake("keys", "revoke", id)).exitCode).toBe(0);
    await becomes(token, 401);
    const again = await swordlake("keys", "revoke", id);
    expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining("already")]);
  });

  it("is known to the history, and to no log and no list by its secret", async () => {
    const { id, token } = await create();
    await becomes(token, 202);
    const list = await swordlake("keys", "list");
    expect(list.stdout).toContain(id);
    const secret = token.split("_")[2]!;
    const { postgres } = await services();
    const store = await openStore(postgres, "test");
    const { rows } = await store.transaction((client) =>
      client.query("SELECT action, detail::text FROM history WHERE subject = $1", [`key ${id}`]),
    );
    await store.close();
    expect(rows.map((row) => row.action)).toEqual(["create-key"]);
    for (const text of [list.stdout, rows[0].detail, api.log()]) expect(text).not.toContain(secret);
  });

  it("is followed by a successor while it still works", async () => {
    const { id, token } = await create("--rate", "1000");
    const next = await swordlakeJson<Made & { rate: number }>("keys", "rotate", id, "--overlap", "1h");
    expect(next.rate).toBe(1000);
    await becomes(next.token, 202);
    expect((await send(token)).status).toBe(202);
  });

  it.each([
    [["create", "x", "--scope", "all"], "--scope all is no scope"],
    [["create", "x", "--rate", "-1"], "--rate -1 is no rate"],
    [["create", "x", "--expires", "soon"], "--expires soon is no time"],
    [["revoke", "nobody"], "No API key has the id 'nobody'"],
  ])("is refused where it doesn't fit: %j", async (args, message) => {
    const ran = await swordlake("keys", ...args);
    expect([ran.exitCode, ran.stderr]).toEqual([1, expect.stringContaining(message)]);
  });
});

describe("the API's role in Postgres", () => {
  it("reads the keys and nothing else", async () => {
    const { postgres, connection } = await services();
    const pg = (await import("pg")).default;
    const client = new pg.Client({
      ...postgres,
      user: "edge",
      password: connection.instance!.secrets.edgePassword,
    });
    await client.connect();
    try {
      await expect(client.query("SELECT count(*) FROM api_keys")).resolves.toMatchObject({ rowCount: 1 });
      for (const forbidden of ["SELECT * FROM history", "SELECT * FROM jobs", "DELETE FROM api_keys"])
        await expect(client.query(forbidden)).rejects.toThrow(/permission denied/);
    } finally {
      await client.end();
    }
  });
});
