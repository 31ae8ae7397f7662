// The clients of all engines, opened together and closed together.
import {
  type Loaded,
  loadPipelines,
  type PipelineFolder,
  pipelinesRoot,
  readPipelines,
} from "../../flink-sql/folders.ts";
import { readStackConfig, type StackConfig } from "../../stack/config.ts";
import { type Connection, resolveConnection } from "./connection.ts";
import { createFlink, type Flink } from "./flink.ts";
import { connectKafka, type KafkaAdmin } from "./kafka.ts";
import { openStore, type Store } from "./store.ts";
import { connectTrino, type Lake } from "./trino.ts";

export interface Engines {
  config: StackConfig;
  connection: Connection;
  flink: Flink;
  kafka: KafkaAdmin;
  store: Store;
  lake: Lake;
}

const unreachable = (what: string, address: string) => (cause: Error) => {
  throw new Error(
    `${what} doesn't answer at ${address}: ${cause.message}. ` +
      `'npx swordlake status' shows what runs; 'make up' starts what doesn't.`,
    { cause },
  );
};

/** Connects to the running stack. Throws, naming the engine and its address, where one is away. */
export async function connectEngines(config: StackConfig): Promise<Engines> {
  const connection = resolveConnection(config);
  const { addresses, postgres } = connection;
  const [kafka, store] = await Promise.all([
    connectKafka(addresses.kafka).catch(unreachable("Kafka", addresses.kafka)),
    openStore(postgres).catch(unreachable("Postgres", `${postgres.host}:${postgres.port}`)),
  ]);
  return {
    config,
    connection,
    kafka,
    store,
    flink: createFlink(addresses.flink),
    lake: connectTrino(addresses.trino),
  };
}

/** Connects, works, and closes whatever happens. */
export async function withEngines<T>(work: (engines: Engines) => Promise<T>): Promise<T> {
  const engines = await connectEngines(readStackConfig());
  try {
    return await work(engines);
  } finally {
    await Promise.allSettled([engines.kafka.close(), engines.store.close()]);
  }
}

/** Those pipelines with what is wrong in their folders. */
export const readablePipelines = (config: StackConfig): Promise<Loaded> =>
  readPipelines([pipelinesRoot, ...config.pipelineRoots]);

/** The pipelines of the checkout and of SWORDLAKE_PIPELINES. */
export const declaredPipelines = (config: StackConfig): Promise<PipelineFolder[]> =>
  loadPipelines([pipelinesRoot, ...config.pipelineRoots]);

/** Those of them that were applied: jobs of theirs are recorded, running or not. */
export async function appliedPipelines({ config, store }: Engines): Promise<PipelineFolder[]> {
  const [pipelines, jobs] = await Promise.all([declaredPipelines(config), store.jobs()]);
  const applied = new Set(jobs.map((job) => job.pipeline));
  return pipelines.filter(({ name }) => applied.has(name));
}

/** One pipeline by name. Throws, with the known names, where there is none. */
export function pipelineNamed(pipelines: PipelineFolder[], name: string): PipelineFolder {
  const found = pipelines.find((pipeline) => pipeline.name === name);
  if (found) return found;
  const known = pipelines.map((pipeline) => pipeline.name).join(", ") || "none";
  throw new Error(
    `No pipeline is named '${name}'. Known: ${known}. A pipeline is a folder under flink-sql/.`,
  );
}
