// Where the engines are: those of a local instance, or addresses of the user's own (STACK=external).
import { z } from "zod";
import type { SqlValues } from "../../flink-sql/script.ts";
import { type Addresses, addressesOf, checkpointsFolder, lakeAddressesOf } from "../../stack/addresses.ts";
import { inheritedEnv, type StackConfig } from "../../stack/config.ts";
import { type Instance, type Mode, readInstance, type Store } from "../../stack/instance.ts";

export interface Connection {
  mode: Mode;
  store: Store;
  instance: Instance | undefined;
  addresses: Addresses;
  sqlValues: SqlValues;
  postgres: { host: string; port: number; user: string; password: string; database: string };
  /** Folder in which Flink keeps retained checkpoints, as this machine sees it. */
  checkpoints: string;
}

const external = z.object({
  SWORDLAKE_KAFKA: z.string().min(1),
  SWORDLAKE_FLINK: z.url(),
  SWORDLAKE_GATEWAY: z.url(),
  SWORDLAKE_TRINO: z.url(),
  SWORDLAKE_POSTGRES: z.url({ protocol: /^postgres(ql)?$/ }),
  SWORDLAKE_CATALOG_JDBC: z.string().startsWith("jdbc:postgresql://"),
  SWORDLAKE_WAREHOUSE: z.string().regex(/^(s3|hdfs):\/\//, "s3://… or hdfs://…"),
  SWORDLAKE_S3_ENDPOINT: z.string().default(""),
  SWORDLAKE_CHECKPOINTS: z.string().min(1),
  SWORDLAKE_API: z.url().default("http://127.0.0.1:4000"),
  SWORDLAKE_CONSOLE: z.url().default("http://127.0.0.1:4001"),
});

function connectExternal(env: NodeJS.ProcessEnv): Connection {
  const parsed = external.safeParse(env);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((i) => `  ${i.path.join(".")}: ${i.message}`);
    throw new Error(`STACK=external needs the addresses of your engines:\n${lines.join("\n")}`);
  }
  const given = parsed.data;
  const postgres = new URL(given.SWORDLAKE_POSTGRES);
  const address = { host: postgres.hostname, port: Number(postgres.port || 5432) };
  return {
    mode: "external",
    store: given.SWORDLAKE_WAREHOUSE.startsWith("s3:") ? "minio" : "hdfs",
    instance: undefined,
    addresses: {
      kafka: given.SWORDLAKE_KAFKA,
      flink: given.SWORDLAKE_FLINK,
      gateway: given.SWORDLAKE_GATEWAY,
      trino: given.SWORDLAKE_TRINO,
      api: given.SWORDLAKE_API,
      console: given.SWORDLAKE_CONSOLE,
      store: given.SWORDLAKE_S3_ENDPOINT || given.SWORDLAKE_WAREHOUSE,
      postgres: address,
    },
    sqlValues: {
      KAFKA: given.SWORDLAKE_KAFKA,
      CATALOG_JDBC: given.SWORDLAKE_CATALOG_JDBC,
      WAREHOUSE: given.SWORDLAKE_WAREHOUSE,
      S3_ENDPOINT: given.SWORDLAKE_S3_ENDPOINT,
    },
    postgres: {
      ...address,
      user: decodeURIComponent(postgres.username),
      password: decodeURIComponent(postgres.password),
      database: postgres.pathname.slice(1),
    },
    checkpoints: given.SWORDLAKE_CHECKPOINTS,
  };
}

/** Addresses and credentials to work with. Throws, with the cure, where no stack was ever started. */
export function resolveConnection(config: StackConfig, env: NodeJS.ProcessEnv = inheritedEnv()): Connection {
  if (config.stack === "external") return connectExternal(env);
  const instance = readInstance(config);
  if (!instance)
    throw new Error(
      `No stack was started as instance '${config.instance}' in ${config.home}. Run 'make up' first.`,
    );
  const lake = lakeAddressesOf(instance);
  const addresses = addressesOf(instance);
  return {
    mode: instance.mode,
    store: instance.store,
    instance,
    addresses,
    sqlValues: {
      KAFKA: lake.kafka,
      CATALOG_JDBC: lake.catalogJdbc,
      WAREHOUSE: lake.warehouse,
      S3_ENDPOINT: lake.s3Endpoint,
    },
    postgres: {
      ...addresses.postgres,
      user: "swordlake",
      password: instance.secrets.orchestratorPassword,
      database: "swordlake",
    },
    checkpoints: checkpointsFolder(instance),
  };
}
