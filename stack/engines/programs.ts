// Swordlake's own programs as processes of the stack: the API and the orchestrator.
import { join } from "node:path";
import axios from "axios";
import { addressesOf } from "../addresses.ts";
import { repository, type StackConfig } from "../config.ts";
import type { EngineProcess } from "../engine.ts";
import type { Instance } from "../instance.ts";
import { swordlakeVersion } from "../versions.ts";

/** Native and Compose alike: these two always run on this machine. */
export function programProcesses({
  instance,
  config,
}: {
  instance: Instance;
  config: StackConfig;
}): EngineProcess[] {
  const addresses = addressesOf(instance);
  const node = (...args: string[]) => ({ file: process.execPath, args, cwd: repository });
  return [
    {
      name: "api",
      engine: "api",
      version: swordlakeVersion,
      address: addresses.api,
      needs: ["kafka"],
      prepare: async () => {},
      command: async () => ({
        ...node("--import", "tsx", join(repository, "game-api/main.ts")),
        env: {
          SWORDLAKE_KAFKA: addresses.kafka,
          SWORDLAKE_API_PORT: String(instance.ports.api),
          SWORDLAKE_API_KEYS: `postgres://edge@${addresses.postgres.host}:${addresses.postgres.port}/swordlake`,
          PGPASSWORD: instance.secrets.edgePassword,
          SWORDLAKE_PIPELINES: config.pipelineRoots.join(":"),
        },
      }),
      async probe() {
        await axios.get(`${addresses.api}/ready`, { timeout: 5000 });
      },
    },
    {
      name: "orchestrator",
      engine: "orchestrator",
      version: swordlakeVersion,
      address: addresses.console,
      needs: ["kafka", "postgres", "jobmanager", "taskmanager", "gateway", "trino"],
      prepare: async () => {},
      command: async () => ({
        ...node(join(repository, "orchestrator/bin.js"), "run"),
        env: {
          STACK: instance.mode,
          SWORDLAKE_INSTANCE: instance.name,
          SWORDLAKE_HOME: config.home,
          SWORDLAKE_CACHE: config.cache,
          SWORDLAKE_PIPELINES: config.pipelineRoots.join(":"),
        },
      }),
      async probe() {
        await axios.get(`${addresses.console}/health`, { timeout: 5000 });
      },
    },
  ];
}
