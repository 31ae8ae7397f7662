// The one seam through which tests reach services: the instance that stack.ts started.
import { type Connection, resolveConnection } from "../../orchestrator/engines/connection.ts";
import { readStackConfig } from "../../stack/config.ts";

export interface Services {
  connection: Connection;
  kafka: string;
  flink: string;
  gateway: string;
  trino: string;
  api: string;
  postgres: Connection["postgres"];
}

/** Addresses of the running engines. Throws where the stack isn't up: a test never skips. */
export async function services(): Promise<Services> {
  const connection = resolveConnection(readStackConfig());
  const { kafka, flink, gateway, trino, api } = connection.addresses;
  return { connection, kafka, flink, gateway, trino, api, postgres: connection.postgres };
}

/** A name no other test uses: from the test's own, and this run. */
export function isolated(name: string): string {
  return `t_${name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .slice(0, 40)}_${Date.now().toString(36)}`;
}
