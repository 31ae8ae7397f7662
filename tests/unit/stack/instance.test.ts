import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { readStackConfig } from "../../../stack/config.ts";
import { type Instance, instanceFolder, openInstance, readInstance } from "../../../stack/instance.ts";

const folder = mkdtempSync(join(tmpdir(), "instance-"));
afterAll(() => rmSync(folder, { recursive: true }));

const servers: Server[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done)))));

/** Listens on a port of this machine; on any free one for 0. A port that is taken already will do as well. */
async function hold(port = 0): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(port));
    server.listen(port, "127.0.0.1", () => {
      servers.push(server);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

async function freePort(): Promise<number> {
  const port = await hold();
  await new Promise((done) => servers.pop()?.close(done));
  return port;
}

let homes = 0;
const fresh = () => ({ SWORDLAKE_HOME: join(folder, `home${homes++}`) });
const open = (env: NodeJS.ProcessEnv, inUse: number[] = [], mode: Instance["mode"] = "native") =>
  openInstance(readStackConfig(env), mode, new Set(inUse));

describe("openInstance", () => {
  it("makes an instance, and gives the same one when opened again", async () => {
    const env = fresh();
    expect(readInstance(readStackConfig(env))).toBeUndefined();
    const made = await open(env);
    expect(made).toMatchObject({ name: "default", mode: "native", store: "minio" });
    expect(new Set(Object.values(made.ports)).size).toBe(Object.keys(made.ports).length);
    expect(await open(env)).toEqual(made);
    expect(readInstance(readStackConfig(env))).toEqual(made);
  });

  it("keeps secrets for the owner alone, long and different from instance to instance", async () => {
    const env = fresh();
    const { folder: home, secrets } = await open(env);
    for (const file of ["secrets.json", "instance.json"])
      expect(statSync(join(home, file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(join(home, "secrets.json"), "utf8"))).toEqual(secrets);
    expect(readFileSync(join(home, "instance.json"), "utf8")).not.toContain(secrets.s3SecretKey);
    const others = (await open({ ...env, SWORDLAKE_INSTANCE: "other" })).secrets;
    const all = [...Object.values(secrets), ...Object.values(others)];
    expect(new Set(all).size).toBe(all.length);
    for (const secret of all) expect(secret.length).toBeGreaterThanOrEqual(20);
  });

  it("refuses a pinned port in use: names port, variable and cure, and leaves nothing behind", async () => {
    const port = await hold();
    const env = { ...fresh(), SWORDLAKE_TRINO_PORT: String(port) };
    await expect(open(env)).rejects.toThrow(
      `Port ${port} is in use, and SWORDLAKE_TRINO_PORT=${port} asks for it. ` +
        `End what listens there (ss -ltnp 'sport = :${port}' names it), or unset SWORDLAKE_TRINO_PORT to take a free one.`,
    );
    expect(readInstance(readStackConfig(env))).toBeUndefined();
  });

  it("takes a pinned port that the instance itself holds", async () => {
    const port = await hold();
    const { ports } = await open({ ...fresh(), SWORDLAKE_TRINO_PORT: String(port) }, [port]);
    expect(ports.trino).toBe(port);
  });

  it("lets a pin win over the port that another engine had", async () => {
    const env = fresh();
    const port = String(await freePort());
    await open({ ...env, SWORDLAKE_API_PORT: port });
    const { ports } = await open({ ...env, SWORDLAKE_TRINO_PORT: port });
    expect(ports.trino).toBe(Number(port));
    expect(ports.api).not.toBe(Number(port));
  });

  it("takes another free port for a default that is taken, and keeps it", async () => {
    const env = fresh();
    await hold(4001);
    const { ports } = await open(env);
    expect(ports.console).not.toBe(4001);
    await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
    expect((await open(env)).ports).toEqual(ports);
  });

  it("moves on from a kept port that someone else took meanwhile", async () => {
    const env = fresh();
    const pinned = await freePort();
    expect((await open({ ...env, SWORDLAKE_API_PORT: String(pinned) })).ports.api).toBe(pinned);
    expect((await open(env)).ports.api).toBe(pinned);
    await hold(pinned);
    const moved = (await open(env)).ports.api;
    expect(moved).not.toBe(pinned);
    expect(readInstance(readStackConfig(env))?.ports.api).toBe(moved);
  });

  it("gives instances side by side ports of their own", async () => {
    const env = fresh();
    const first = await open({ ...env, SWORDLAKE_INSTANCE: "first" });
    await Promise.all(Object.values(first.ports).map(hold));
    const second = await open({ ...env, SWORDLAKE_INSTANCE: "second" });
    const shared = Object.values(second.ports).filter((port) => Object.values(first.ports).includes(port));
    expect(shared).toEqual([]);
    expect(second.folder).toBe(instanceFolder(readStackConfig({ ...env, SWORDLAKE_INSTANCE: "second" })));
  });

  it("refuses another store than its data is in, with the cure; without STORE it goes on with its own", async () => {
    const env = fresh();
    await open({ ...env, STORE: "hdfs" });
    expect((await open(env)).store).toBe("hdfs");
    await expect(open({ ...env, STORE: "minio" })).rejects.toThrow(
      "Instance 'default' keeps its lake in hdfs, and STORE=minio asks for another. Run 'make clean' to drop its data, or choose another SWORDLAKE_INSTANCE.",
    );
  });

  it("refuses another mode than its data was made in, with the cure", async () => {
    const env = fresh();
    await open(env);
    await expect(open(env, [], "compose")).rejects.toThrow(
      "Instance 'default' was made with STACK=native, and STACK=compose can't read its data. Run 'make clean' to drop it",
    );
  });
});
