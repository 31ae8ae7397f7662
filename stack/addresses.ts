// Where the engines of an instance listen: as the host sees them, and as they see each other.
import { join } from "node:path";
import type { Instance } from "./instance.ts";

export interface Addresses {
  kafka: string;
  flink: string;
  gateway: string;
  trino: string;
  postgres: { host: string; port: number };
  api: string;
  console: string;
  /** The store's own address: S3 endpoint, or the NameNode's. */
  store: string;
}

/** What statements and catalogs say: addresses as the engines themselves reach each other. */
export interface LakeAddresses {
  kafka: string;
  catalogJdbc: string;
  s3Endpoint: string;
  warehouse: string;
}

const loopback = "127.0.0.1";
const http = (port: number) => `http://${loopback}:${port}`;

/** Addresses for programs on this machine. */
export function addressesOf({ ports, store }: Instance): Addresses {
  return {
    kafka: `${loopback}:${ports.kafka}`,
    flink: http(ports.flink),
    gateway: http(ports.gateway),
    trino: http(ports.trino),
    postgres: { host: loopback, port: ports.postgres },
    api: http(ports.api),
    console: http(ports.console),
    store: store === "minio" ? http(ports.minio) : `hdfs://${loopback}:${ports.namenode}`,
  };
}

/** Addresses among the engines: loopback for local processes, service names within Compose. */
export function lakeAddressesOf({ mode, store, ports }: Instance): LakeAddresses {
  const inside = mode === "compose";
  const namenode = inside ? "hdfs://namenode:8020" : `hdfs://${loopback}:${ports.namenode}`;
  return {
    kafka: inside ? "kafka:19092" : `${loopback}:${ports.kafka}`,
    catalogJdbc: `jdbc:postgresql://${inside ? "postgres:5432" : `${loopback}:${ports.postgres}`}/catalog`,
    s3Endpoint: inside ? "http://minio:9000" : http(ports.minio),
    warehouse: store === "minio" ? "s3://lake/warehouse" : `${namenode}/lake`,
  };
}

/** Checkpoints and savepoints: one folder, the same path for the engines and for this machine. */
export const checkpointsFolder = (instance: Pick<Instance, "folder">) =>
  join(instance.folder, "data/checkpoints");
export const savepointsFolder = (instance: Pick<Instance, "folder">) =>
  join(instance.folder, "data/savepoints");
