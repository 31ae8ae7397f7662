// Looking at compose mode: the state of each container, and its log.
import { execa } from "execa";
import { addressesOf } from "./addresses.ts";
import { containersOf, dockerEnv, engineOfService } from "./compose-containers.ts";
import type { EngineName } from "./engine.ts";
import type { Instance } from "./instance.ts";

export interface ContainerState {
  name: EngineName;
  version: string;
  address: string;
  pid: number | null;
  running: boolean;
  /** By its health check. */
  healthy: boolean;
}

/** One state per container of an engine; those that ended too. Throws where Docker doesn't answer. */
export async function composeEngineStates(instance: Instance): Promise<ContainerState[]> {
  const at = addressesOf(instance);
  const addresses: Partial<Record<EngineName, string>> = {
    postgres: `${at.postgres.host}:${at.postgres.port}`,
    kafka: at.kafka,
    minio: at.store,
    hdfs: at.store,
    jobmanager: at.flink,
    taskmanager: at.flink,
    gateway: at.gateway,
    trino: at.trino,
  };
  return (await containersOf(instance)).flatMap(({ service, version, pid, running, healthy }) => {
    const name = engineOfService[service];
    return name ? [{ name, version, address: addresses[name] ?? "", pid, running, healthy }] : [];
  });
}

/** Prints an engine's log to this process's output; with `follow`, until it is interrupted. */
export async function composeLogs(
  instance: Instance,
  engine: EngineName,
  { follow = false, lines = 100 }: { follow?: boolean; lines?: number } = {},
): Promise<void> {
  const containers = (await containersOf(instance)).filter((c) => engineOfService[c.service] === engine);
  if (containers.length === 0)
    throw new Error(`Instance '${instance.name}' has no container of ${engine}. Run 'make up' first.`);
  const how = ["--tail", String(lines), ...(follow ? ["--follow"] : [])];
  const show = containers.map(({ id }) =>
    execa("docker", ["logs", ...how, id], {
      stdio: "inherit",
      reject: false,
      env: dockerEnv(),
      extendEnv: false,
    }),
  );
  await Promise.all(show);
}
