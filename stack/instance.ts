// One running copy of the stack: its folder, ports, secrets. Everything it writes is in that folder.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import getPort, { clearLockedPorts } from "get-port";
import { type PortName, portNames, type StackConfig } from "./config.ts";

export type Mode = "native" | "compose" | "external";
export type Store = "minio" | "hdfs";
export type Ports = Record<PortName, number>;

export interface Secrets {
  postgresPassword: string;
  catalogPassword: string;
  orchestratorPassword: string;
  /** Of the API, which may read the keys and nothing else. */
  edgePassword: string;
  s3AccessKey: string;
  s3SecretKey: string;
}

export interface Instance {
  name: string;
  /** Everything of this instance: data/, logs/, conf/, run/. */
  folder: string;
  mode: Mode;
  store: Store;
  ports: Ports;
  secrets: Secrets;
}

const defaultPorts: Ports = {
  api: 4000,
  console: 4001,
  kafka: 9092,
  kafka_controller: 9093,
  flink: 8081,
  flink_rpc: 6123,
  gateway: 8083,
  trino: 8080,
  postgres: 5432,
  minio: 9000,
  minio_console: 9001,
  namenode: 8020,
  namenode_http: 9870,
  datanode: 9866,
  datanode_ipc: 9867,
  datanode_http: 9864,
};

export const instanceFolder = (config: StackConfig) => join(config.home, config.instance);
export const logFile = (instance: Instance, engine: string) => join(instance.folder, "logs", `${engine}.log`);

/** Writes a file that only its owner may read, in one step: a reader never sees half of it. */
export function writePrivate(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** The instance as the last `up` left it; undefined where there never was one. */
export function readInstance(config: StackConfig): Instance | undefined {
  const folder = instanceFolder(config);
  const file = join(folder, "instance.json");
  if (!existsSync(file)) return undefined;
  const kept = JSON.parse(readFileSync(file, "utf8")) as Omit<Instance, "name" | "folder" | "secrets">;
  const secrets = JSON.parse(readFileSync(join(folder, "secrets.json"), "utf8")) as Secrets;
  return { ...kept, name: config.instance, folder, secrets };
}

async function choosePorts(config: StackConfig, kept: Ports | undefined, inUse: Set<number>): Promise<Ports> {
  const chosen = {} as Ports;
  const taken = new Set<number>();
  const isPinned = (name: PortName) => config.pinnedPorts[name] !== undefined;
  clearLockedPorts(); // get-port holds back what it gave a moment ago: this instance's own ports
  for (const name of [...portNames].sort((a, b) => Number(isPinned(b)) - Number(isPinned(a)))) {
    const pinned = config.pinnedPorts[name];
    const wanted = pinned ?? kept?.[name] ?? defaultPorts[name];
    const free = inUse.has(wanted)
      ? wanted
      : await getPort({ port: wanted, host: "127.0.0.1", exclude: [...taken] });
    if (pinned && free !== pinned) {
      const variable = `SWORDLAKE_${name.toUpperCase()}_PORT`;
      throw new Error(
        `Port ${pinned} is in use, and ${variable}=${pinned} asks for it. ` +
          `End what listens there (ss -ltnp 'sport = :${pinned}' names it), or unset ${variable} to take a free one.`,
      );
    }
    chosen[name] = free;
    taken.add(free);
  }
  return chosen;
}

function newSecrets(): Secrets {
  const secret = () => randomBytes(24).toString("base64url");
  return {
    postgresPassword: secret(),
    catalogPassword: secret(),
    orchestratorPassword: secret(),
    edgePassword: secret(),
    s3AccessKey: `lake${randomBytes(8).toString("hex")}`,
    s3SecretKey: secret(),
  };
}

/**
 * The instance to start: kept data, secrets and ports where there are some, else new ones.
 * `inUse` are ports that the instance's own running processes hold. Throws where a pinned port
 * is taken, or where mode or store differ from those the data was made with.
 */
export async function openInstance(config: StackConfig, mode: Mode, inUse: Set<number>): Promise<Instance> {
  const kept = readInstance(config);
  const folder = instanceFolder(config);
  if (kept && config.store && kept.store !== config.store) {
    throw new Error(
      `Instance '${config.instance}' keeps its lake in ${kept.store}, and STORE=${config.store} asks for another. ` +
        `Run 'make clean' to drop its data, or choose another SWORDLAKE_INSTANCE.`,
    );
  }
  if (kept && kept.mode !== mode) {
    throw new Error(
      `Instance '${config.instance}' was made with STACK=${kept.mode}, and STACK=${mode} can't read its data. ` +
        `Run 'make clean' to drop it, or choose another SWORDLAKE_INSTANCE.`,
    );
  }
  const store = kept?.store ?? config.store ?? "minio";
  const ports = await choosePorts(config, kept?.ports, inUse);
  // An instance made by an earlier version lacks the secrets that came later.
  const secrets = { ...newSecrets(), ...kept?.secrets };
  for (const part of ["", "data", "logs", "conf", "run"]) mkdirSync(join(folder, part), { recursive: true });
  writePrivate(join(folder, "secrets.json"), `${JSON.stringify(secrets, null, 2)}\n`);
  writePrivate(join(folder, "instance.json"), `${JSON.stringify({ mode, store, ports }, null, 2)}\n`);
  return { name: config.instance, folder, mode, store, ports, secrets };
}
