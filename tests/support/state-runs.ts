// Runs of one job on the real Flink: to a savepoint, from one, or clean from the start; and the rows they wrote.
import { catalogStatements, type SourcedStatement } from "../../flink-sql/script.ts";
import { createFlink, type Flink } from "../../orchestrator/engines/flink.ts";
import { connectKafka, type KafkaAdmin } from "../../orchestrator/engines/kafka.ts";
import { compilePlan, executePlan, runStatements } from "../../orchestrator/state/compile.ts";
import { waitFor } from "../../stack/wait.ts";
import { writeRaw } from "./raw-kafka.ts";
import type { Services } from "./services.ts";
import { type JobSql, sourceStatements } from "./state-changes.ts";

/** A run's end: rows by table as they were written, or why there are none. */
export type Ran =
  | { outcome: "ran"; savepoint: string; changes: Record<string, Written[]> }
  | { outcome: "refused" | "failed"; reason: string };

export interface Written {
  isAdded: boolean;
  row: Record<string, unknown>;
}

export interface Started {
  sql: JobSql;
  /** Names its consumer group and its topics. */
  run: string;
  /** Runs it as this plan; without one as plain statements. */
  plan?: string;
  savepoint?: string;
  /** May leave state of the savepoint behind. */
  leavesState?: boolean;
  /** Reads what there is, then ends. */
  isBounded?: boolean;
}

export interface Bench {
  send(topic: "clicks" | "users", records: object[]): Promise<void>;
  compile(sql: JobSql, run: string): Promise<string>;
  /** The statements before the last, for what a plan does not say. */
  statements(sql: JobSql, run: string, isBounded?: boolean): SourcedStatement[];
  start(job: Started): Promise<Ran>;
  close(): Promise<void>;
}

const sessionSettings = {
  "table.optimizer.reuse-optimize-block-with-digest-enabled": "true",
  "table.local-time-zone": "UTC",
  "parallelism.default": "1",
};

/** Whether Flink says that it has no place for the state that it is given. */
const isOfSavepoint = (reason: string) => /Cannot map checkpoint\/savepoint state/.test(reason);

/** At most `limit` at once; the others wait for their turn. */
function limited(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/** What a topic of changes holds, in order. */
async function readChanges(kafka: KafkaAdmin, topic: string): Promise<Written[]> {
  const [end] = await kafka.offsets(topic);
  const reader = await kafka.reader(`${topic}.reader`, [topic]);
  const found: Written[] = [];
  try {
    await waitFor(`all of ${topic} is read`, async () => {
      for (const { value } of await reader.next()) {
        const { op, before, after } = JSON.parse(value ?? "{}");
        found.push({ isAdded: op === "c", row: op === "c" ? after : before });
      }
      return found.length >= (end?.high ?? 0);
    });
  } finally {
    await reader.close();
  }
  return found;
}

/** Waits until a run has read all there is in the topics, or has ended. Returns how it ended; undefined where it goes on. */
async function finished(
  flink: Flink,
  kafka: KafkaAdmin,
  id: string,
  group: string,
  topics: string[] | undefined,
): Promise<string | undefined> {
  let state = "";
  await waitFor(
    `run ${group} has read everything`,
    async () => {
      state = await flink.state(id);
      if (["FAILED", "FINISHED", "CANCELED"].includes(state)) return true;
      if (!topics) return false;
      const left = await Promise.all(
        topics.map(async (topic) => {
          const [end] = await kafka.offsets(topic);
          return (await kafka.committed(group, topic, [0])).get(0) !== end?.high;
        }),
      );
      return !left.includes(true);
    },
    { intervalMs: 500, timeoutMs: 240_000 },
  );
  return ["FAILED", "FINISHED"].includes(state) ? state : undefined;
}

/** Topics and jobs under `name`, `jobsMax` of them at a time. */
export async function openBench({ connection }: Services, name: string, jobsMax: number): Promise<Bench> {
  const kafka = await connectKafka(connection.addresses.kafka);
  const flink = createFlink(connection.addresses.flink);
  const turn = limited(jobsMax);
  const topicOf = (topic: string) => `${name}.${topic}`;
  const outTopic = (run: string, table: string) => `${name}.${run}.${table}`;
  // Two sessions that make one database at a time don't agree.
  await runStatements(connection, {}, catalogStatements(name, connection.store));
  await Promise.all(["clicks", "users"].map((topic) => kafka.createTopic(topicOf(topic), 1, 3_600_000)));
  const inputs = (sql: JobSql) =>
    ["clicks", "users"].filter((topic) =>
      sql.inserts.some((insert) => new RegExp(`\\b${topic}`).test(insert)),
    );

  const statements = (sql: JobSql, run: string, isBounded = false): SourcedStatement[] => {
    const sources = sourceStatements(topicOf, connection.sqlValues.KAFKA, isBounded)
      .map((text) => text.replace("GROUP", `${name}.${run}`))
      .map((text) => (sql.sources ?? []).reduce((changed, [from, to]) => changed.replace(from, to), text));
    const sinks = Object.entries(sql.outs).map(
      ([table, { columns }]) =>
        `CREATE TEMPORARY TABLE ${table} (${columns}) WITH ('connector' = 'kafka', 'topic' = '${outTopic(run, table)}', ` +
        `'properties.bootstrap.servers' = '${connection.sqlValues.KAFKA}', 'format' = 'debezium-json')`,
    );
    const last = `EXECUTE STATEMENT SET BEGIN\n${sql.inserts.map((insert) => `${insert};`).join("\n")}\nEND`;
    return [...sources, ...sinks, last].map((text) => ({ text, source: run }));
  };
  const jobOf = (sql: JobSql, run: string, isBounded?: boolean) => ({
    name: `${name}/${run}`,
    pipeline: name,
    settings: {
      ...sessionSettings,
      ...sql.settings,
      "pipeline.name": `${name}/${run}`,
      "execution.checkpointing.interval": "700 ms",
      "restart-strategy.type": "none",
    },
    statements: statements(sql, run, isBounded),
  });

  async function startNow({ sql, run, plan, savepoint, leavesState, isBounded }: Started): Promise<Ran> {
    const job = jobOf(sql, run, isBounded);
    const restore = {
      ...(savepoint ? { "execution.state-recovery.path": savepoint } : {}),
      ...(leavesState ? { "execution.state-recovery.ignore-unclaimed-state": "true" } : {}),
    };
    await Promise.all(
      Object.keys(sql.outs).map((table) => kafka.createTopic(outTopic(run, table), 1, 3_600_000)),
    );
    let id: string | undefined;
    try {
      id = plan
        ? await executePlan(connection, job, plan, restore)
        : await runStatements(connection, { ...job.settings, ...restore }, job.statements);
    } catch (error) {
      const reason = (error as Error).message;
      if (!savepoint) throw error;
      return { outcome: isOfSavepoint(reason) ? "refused" : "failed", reason };
    }
    if (!id) throw new Error(`Run ${run} started no job.`);
    const topics = isBounded ? undefined : inputs(sql).map(topicOf);
    const end = await finished(flink, kafka, id, `${name}.${run}`, topics);
    if (end === "FAILED") {
      const reason = await flink.failure(id);
      return { outcome: isOfSavepoint(reason) ? "refused" : "failed", reason };
    }
    const isLast = savepoint !== undefined || end !== undefined;
    const path = isLast ? "" : await flink.stopWithSavepoint(id);
    if (isLast && !end) await flink.cancel(id);
    const read = Object.keys(sql.outs).map(async (table) => [
      table,
      await readChanges(kafka, outTopic(run, table)),
    ]);
    return { outcome: "ran", savepoint: path, changes: Object.fromEntries(await Promise.all(read)) };
  }

  return {
    async send(topic, records) {
      await writeRaw(
        connection.addresses.kafka,
        topicOf(topic),
        records.map((record) => JSON.stringify(record)),
      );
    },
    compile: (sql, run) => turn(() => compilePlan(connection, jobOf(sql, run))),
    statements: (sql, run, isBounded) => statements(sql, run, isBounded),
    start: (job) => turn(() => startNow(job)),
    close: () => kafka.close(),
  };
}
