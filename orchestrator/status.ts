// One picture of the whole: engines, pipelines, jobs and tables as they are now.
import type { PipelineFolder } from "../flink-sql/folders.ts";
import type { Mode, Store } from "../stack/instance.ts";
import type { EngineState } from "../stack/stack.ts";
import type { Health } from "./console/api.ts";
import { declaredJobs, tablesOf } from "./deploy/reconcile.ts";
import type { Connection } from "./engines/connection.ts";
import { createFlink } from "./engines/flink.ts";
import { openStore } from "./engines/store.ts";
import { connectTrino } from "./engines/trino.ts";
import { readHealth } from "./watch/rows.ts";

export interface Status {
  mode: Mode;
  store: Store;
  urls: Record<string, string>;
  engines: EngineState[];
  pipelines: {
    name: string;
    health: Health;
    /** Why it isn't healthy, as a sentence; empty where it is. */
    why: string;
    /** Since when it is in that state. */
    since: string | null;
    jobs: { name: string; id: string | null; state: string }[];
    tables: { name: string; rows: number | null; snapshot: string | null }[];
  }[];
}

/** Rows and newest snapshot of every table; null where the lake doesn't have it or doesn't answer. */
async function tableStates(address: string, pipelines: PipelineFolder[]) {
  const lake = connectTrino(address);
  const one = async (schema: string, table: string) => {
    const query = `SELECT (SELECT count(*) FROM lake.${schema}.${table}),
      (SELECT max_by(snapshot_id, committed_at) FROM lake.${schema}."${table}$snapshots")`;
    const row = await lake.query(query).then(
      ({ rows }) => rows[0],
      () => undefined,
    );
    return { name: table, rows: row ? Number(row[0]) : null, snapshot: row?.[1] ? String(row[1]) : null };
  };
  return Promise.all(
    pipelines.map((pipeline) => Promise.all(tablesOf(pipeline).map((table) => one(pipeline.name, table)))),
  );
}

/** Older than this, the watch doesn't look any more. */
const freshMs = 30_000;

type Known = Pick<Status["pipelines"][number], "health" | "why" | "since">;

/** The watch's verdict on each pipeline; where it can't be had, why. */
async function verdicts({ postgres }: Connection): Promise<(pipeline: string) => Known> {
  const unknown = (why: string): Known => ({ health: "unknown", why, since: null });
  const cure = "'npx swordlake logs orchestrator' tells why.";
  try {
    const store = await openStore(postgres);
    try {
      const [rows, jobs] = await Promise.all([readHealth(store), store.jobs()]);
      return (pipeline) => {
        if (!jobs.some((job) => job.pipeline === pipeline))
          return { health: "stopped", why: "Not applied yet.", since: null };
        const row = rows.get(pipeline);
        if (!row) return unknown(`The orchestrator hasn't looked yet: ${cure}`);
        if (Date.now() - row.lookedAt.getTime() > freshMs)
          return unknown(`The orchestrator hasn't looked since ${row.lookedAt.toISOString()}: ${cure}`);
        return { health: row.health, why: row.why, since: row.since.toISOString() };
      };
    } finally {
      await store.close();
    }
  } catch {
    return () => unknown("Postgres doesn't answer.");
  }
}

/** Never throws for an engine that is away: that is what it is there to tell. */
export async function readStatus(
  connection: Connection,
  pipelines: PipelineFolder[],
  engines: Promise<EngineState[]>,
): Promise<Status> {
  const { addresses, mode, store } = connection;
  const [states, healthOf, live, tables] = await Promise.all([
    engines,
    verdicts(connection),
    createFlink(addresses.flink)
      .liveJobs()
      .catch(() => []),
    tableStates(addresses.trino, pipelines),
  ]);
  return {
    mode,
    store,
    urls: {
      api: addresses.api,
      docs: `${addresses.api}/docs`,
      console: addresses.console,
      flink: addresses.flink,
      gateway: addresses.gateway,
      trino: addresses.trino,
      kafka: addresses.kafka,
      postgres: `${addresses.postgres.host}:${addresses.postgres.port}`,
      [store]: addresses.store,
    },
    engines: states,
    pipelines: pipelines.map((pipeline, index) => ({
      name: pipeline.name,
      ...healthOf(pipeline.name),
      jobs: declaredJobs(pipeline).map((job) => {
        const running = live.find((candidate) => candidate.name === job.name);
        return { name: job.name, id: running?.id ?? null, state: running?.state ?? "NOT RUNNING" };
      }),
      tables: tables[index]!,
    })),
  };
}
