// The HTTP contenders as processes, all on the collector's core; idle ones take no time of it.
import { createConnection } from "node:net";
import getPort from "get-port";
import { repository } from "../../stack/config.ts";
import type { Instance } from "../../stack/instance.ts";
import { logFile } from "../../stack/instance.ts";
import { type Command, lastLines, runningPid, startProcess } from "../../stack/processes.ts";
import { waitFor } from "../../stack/wait.ts";
import { collectorCore, type Variant, variants } from "./config.ts";
import { flaskCommand } from "./flask.ts";
import { onCore } from "./pinned.ts";

export interface Server {
  pid: number;
  port: number;
}

export type ServerName = Variant | "flask";

/** The topic that each server writes to. */
export const topicOf = (name: ServerName | "performance") => `${name}.events`;

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    const answer = (does: boolean) => () => {
      socket.destroy();
      resolve(does);
    };
    socket.once("connect", answer(true)).once("error", answer(false));
  });

async function startServer(
  instance: Instance,
  name: string,
  port: number,
  command: Command,
): Promise<Server> {
  const pid = await startProcess(instance, name, onCore(collectorCore, command));
  const serves = async () => {
    if ((await runningPid(instance, name)) === undefined)
      throw new Error(`${name} ended at its start:\n${lastLines(logFile(instance, name))}`);
    return listens(port);
  };
  await waitFor(`${name} listens on port ${port}`, serves);
  return { pid, port };
}

/** Starts one variant of the API. */
export async function startCollector(instance: Instance, variant: Variant, kafka: string): Promise<Server> {
  const port = await getPort({ host: "127.0.0.1" });
  const args = ["--import", "tsx", "bench/ingest/collector.ts", variant, String(port), kafka];
  const command = { file: process.execPath, args, env: { NODE_ENV: "production" }, cwd: repository };
  return startServer(instance, `collector-${variant}`, port, command);
}

/** Starts all. The caller ends them with the instance's other processes. */
export async function startServers(
  instance: Instance,
  kafka: string,
  flaskEnvironment: string,
): Promise<Record<ServerName, Server>> {
  const servers = {} as Record<ServerName, Server>;
  for (const variant of variants) servers[variant] = await startCollector(instance, variant, kafka);
  const port = await getPort({ host: "127.0.0.1" });
  const flask = flaskCommand(flaskEnvironment, port, kafka, topicOf("flask"));
  servers.flask = await startServer(instance, "collector-flask", port, flask);
  return servers;
}
