// The API as processes in front of real Kafka: ready only when it can produce, figures of all workers
// in one, a dead worker replaced, and no request lost when it is told to stop under load.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { fileURLToPath } from "node:url";
import axios from "axios";
import getPort from "get-port";
import { afterEach, describe, expect, it } from "vitest";
import { services } from "../support/services.ts";

const main = fileURLToPath(new URL("../../game-api/main.ts", import.meta.url));
const canary = "slk_canarycanary_never-in-a-log";
const started: ChildProcess[] = [];

interface Api {
  child: ChildProcess;
  url: string;
  log(): string;
  exited: Promise<number | null>;
}

async function start(env: Record<string, string> = {}): Promise<Api> {
  const port = await getPort();
  const child = spawn(process.execPath, ["--import", "tsx", main], {
    env: {
      ...process.env,
      SWORDLAKE_KAFKA: (await services()).kafka,
      SWORDLAKE_API_PORT: String(port),
      ...env,
    },
  });
  started.push(child);
  let text = "";
  for (const stream of [child.stdout!, child.stderr!])
    stream.on("data", (chunk) => {
      text += chunk;
    });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  return { child, url: `http://127.0.0.1:${port}`, log: () => text, exited };
}

const ask = (url: string) => axios.get(url, { validateStatus: () => true, timeout: 6000 });
const isReady = async ({ url }: Api) => (await ask(`${url}/ready`).catch(() => undefined))?.status === 200;
const readyWithin = (api: Api) => expect.poll(() => isReady(api), { timeout: 40_000 }).toBe(true);
const workersOf = (api: Api) => [
  ...new Set([...api.log().matchAll(/"pid":(\d+)[^\n]*Server listening/g)].map(([, pid]) => Number(pid))),
];

/** Posts in a circle on connections that stay open, until the server takes no new ones. */
function load({ url }: Api, clients: number) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  const tally = { answered: 0, failed: [] as string[] };
  const body = JSON.stringify({ user_id: "edge", guild_name: "Nightwatch" });
  const headers = {
    "content-type": "application/json",
    "content-length": body.length,
    authorization: `Bearer ${canary}`,
  };
  const once = () =>
    new Promise<boolean>((resolve) => {
      const request = http.request(`${url}/game/join_guild`, { method: "POST", agent, headers }, (answer) => {
        answer.resume();
        answer.on("end", () => {
          if (answer.statusCode === 202) tally.answered += 1;
          else tally.failed.push(`status ${answer.statusCode}`);
          resolve(true);
        });
        answer.on("error", (error) => {
          tally.failed.push(error.message);
          resolve(false);
        });
      });
      request.on("error", (error: NodeJS.ErrnoException) => {
        // Refused before anything was sent: the client knows, and goes elsewhere.
        if (error.code !== "ECONNREFUSED") tally.failed.push(`${error.code} ${error.message}`);
        resolve(false);
      });
      request.end(body);
    });
  const circle = async () => {
    while (await once());
  };
  const done = Promise.all(Array.from({ length: clients }, circle)).then(() => agent.destroy());
  return { tally, done };
}

afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

describe("the API as processes", () => {
  it.each(["1", "2"])("told to stop under load lets no request fail: %s", async (processes) => {
    const api = await start({ SWORDLAKE_API_PROCESSES: processes });
    await readyWithin(api);
    const { tally, done } = load(api, 24);
    await expect.poll(() => tally.answered, { timeout: 30_000 }).toBeGreaterThan(500);
    api.child.kill("SIGTERM");
    expect(await api.exited).toBe(0);
    await done;
    expect(tally.failed).toEqual([]);
    expect(api.log()).toContain("drained");
    expect(api.log()).not.toContain(canary);
  });

  it("told to read the contracts again replaces its workers, and lets no request fail", {
    timeout: 240_000,
  }, async () => {
    const api = await start({ SWORDLAKE_API_PROCESSES: "2" });
    await readyWithin(api);
    await expect.poll(() => workersOf(api).length, { timeout: 20_000 }).toBe(2);
    const before = workersOf(api);
    const { tally, done } = load(api, 6);
    await expect.poll(() => tally.answered, { timeout: 30_000 }).toBeGreaterThan(200);
    api.child.kill("SIGHUP");
    const rolls = async () => (await ask(`${api.url}/health`)).data;
    await expect.poll(rolls, { timeout: 150_000 }).toEqual({ status: "ok", rolls: 1 });
    expect(workersOf(api)).toHaveLength(4);
    for (const pid of before) expect(() => process.kill(pid, 0)).toThrow();
    const then = tally.answered;
    await expect.poll(() => tally.answered, { timeout: 30_000 }).toBeGreaterThan(then + 200);
    api.child.kill("SIGTERM");
    expect(await api.exited).toBe(0);
    await done;
    expect(tally.failed).toEqual([]);
  });

  it("replaces a worker that died, and adds up the figures of all", async () => {
    const api = await start({ SWORDLAKE_API_PROCESSES: "2" });
    await readyWithin(api);
    await expect.poll(() => workersOf(api).length, { timeout: 20_000 }).toBe(2);
    const [victim] = workersOf(api);
    process.kill(victim!, "SIGKILL");
    await expect.poll(() => workersOf(api).length, { timeout: 30_000 }).toBe(3);
    expect(api.log()).toContain("worker died; starting another");
    await readyWithin(api);
    const { tally, done } = load(api, 8);
    await expect.poll(() => tally.answered, { timeout: 30_000 }).toBeGreaterThan(100);
    const counted = async () => {
      const { data } = await ask(`${api.url}/metrics`);
      return Number(
        /^swordlake_events_total\{.*event_type="join_guild",outcome="accepted".*\} (\d+)/m.exec(data)?.[1],
      );
    };
    const atLeast = tally.answered - 8;
    expect(await counted()).toBeGreaterThanOrEqual(atLeast);
    api.child.kill("SIGTERM");
    expect(await api.exited).toBe(0);
    await done;
    expect(tally.failed).toEqual([]);
  });

  it("is never ready without Kafka, answers 503, and stops when told", async () => {
    const api = await start({ SWORDLAKE_KAFKA: "127.0.0.1:1", SWORDLAKE_API_PROCESSES: "1" });
    await expect
      .poll(async () => (await ask(`${api.url}/health`).catch(() => undefined))?.status, { timeout: 20_000 })
      .toBe(200);
    const { status, data, headers } = await ask(`${api.url}/ready`);
    expect([status, data.code, headers["retry-after"]]).toEqual([503, "kafka_unavailable", "1"]);
    api.child.kill("SIGTERM");
    expect(await api.exited).toBe(0);
  });

  it.each([
    [
      "a port that is taken",
      async () => ({ SWORDLAKE_API_PORT: String(new URL((await services()).api).port) }),
      /EADDRINUSE/,
    ],
    [
      "an open door to the network",
      async () => ({ SWORDLAKE_API_HOST: "0.0.0.0" }),
      /SWORDLAKE_API_AUTH=keys/,
    ],
  ])("ends with 1 where it can't start: %s", async (_, env, said) => {
    const api = await start({ SWORDLAKE_API_PROCESSES: "2", ...(await env()) });
    expect(await api.exited).toBe(1);
    expect(api.log()).toMatch(said);
  });
});
