// An API process of a test's own, in front of the test instance's Kafka.
import { once } from "node:events";
import axios from "axios";
import { execa } from "execa";
import getPort from "get-port";
import { repository } from "../../stack/config.ts";
import { waitFor } from "../../stack/wait.ts";
import { services } from "./services.ts";

export interface OwnApi {
  url: string;
  pid: number;
  /** All it has logged so far. */
  log: () => string;
  /** Asks it to end; resolves with its exit code. */
  stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/** Starts it and waits until it is ready. `env` wins over what the instance's own API has. */
export async function startApi(env: Record<string, string> = {}): Promise<OwnApi> {
  const { kafka } = await services();
  const port = await getPort({ host: "127.0.0.1" });
  const child = execa(process.execPath, ["--import", "tsx", "game-api/main.ts"], {
    cwd: repository,
    env: { SWORDLAKE_KAFKA: kafka, SWORDLAKE_API_PORT: String(port), ...env },
    reject: false,
    stdin: "ignore",
    all: true,
    buffer: false,
  });
  let log = "";
  child.all!.on("data", (chunk) => {
    log += chunk;
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(`the API at ${url} is ready`, async () => {
    if (child.exitCode !== null) throw new Error(`The API ended at its start:\n${log}`);
    return axios.get(`${url}/ready`, { timeout: 2000 }).then(
      () => true,
      () => false,
    );
  });
  return {
    url,
    pid: child.pid!,
    log: () => log,
    async stop(signal = "SIGTERM") {
      if (child.exitCode !== null) return child.exitCode;
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
      return child.exitCode;
    },
  };
}
