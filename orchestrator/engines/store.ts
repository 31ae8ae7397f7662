// The orchestrator's memory in Postgres: what should run, and what was done. The one home of pg here.
import { userInfo } from "node:os";
import { fileURLToPath } from "node:url";
import pg from "pg";
import Postgrator from "postgrator";
import type { Job } from "../../flink-sql/script.ts";

export interface RecordedJob {
  name: string;
  pipeline: string;
  sqlHash: string;
  definition: Pick<Job, "settings" | "statements" | "groups">;
  desired: "running" | "stopped";
  flinkJobId: string | null;
  restorePath: string | null;
  /** The compiled plan it runs from; absent where it was submitted as plain statements. */
  plan?: string | undefined;
  /** Flink's id of a run that was asked for and isn't known to have come to be. */
  askedJobId?: string | undefined;
  /** Whether the restore may leave state behind that no step of the plan takes. */
  leavesState?: boolean | undefined;
}

/** What a transaction's work may do. */
export interface Transaction extends Pick<pg.PoolClient, "query"> {
  addHistory: Store["addHistory"];
}

export interface Store {
  jobs(): Promise<RecordedJob[]>;
  /** Writes the intent down; done before Flink is asked. */
  saveJob(job: RecordedJob): Promise<void>;
  addHistory(action: string, subject: string, detail: object): Promise<void>;
  /** Runs `work` in one transaction: all of it, or nothing. */
  transaction<T>(work: (client: Transaction) => Promise<T>): Promise<T>;
  /**
   * Runs `work` while no other orchestrator may act; with `of`, while no other may act on that alone.
   * Undefined where another holds the lease.
   */
  withLease<T>(work: () => Promise<T>, wait: boolean, of?: string): Promise<T | undefined>;
  close(): Promise<void>;
}

/** Any number that no other program takes for an advisory lock in this database. */
const leaseKey = 7_270_401;

const callerName = () => (process.getuid ? userInfo().username : "unknown");

/** Connects and brings the schema up to date; `who` acts, as the history tells. Throws where Postgres doesn't answer. */
export async function openStore(connection: pg.PoolConfig, who = callerName()): Promise<Store> {
  const pool = new pg.Pool({ max: 10, connectionTimeoutMillis: 10_000, ...connection });
  pool.on("error", () => {}); // an idle connection was lost; the next query opens another
  await migrate(pool);
  /** A connection that is lost while it is held: its next query says so, and the process goes on. */
  const connect = async () => {
    const client = await pool.connect();
    if (client.listenerCount("error") === 0) client.on("error", () => {});
    return client;
  };
  const historyIn =
    (client: Pick<pg.PoolClient, "query">): Store["addHistory"] =>
    async (action, subject, detail) => {
      await client.query("INSERT INTO history (who, action, subject, detail) VALUES ($1, $2, $3, $4)", [
        who,
        action,
        subject,
        detail,
      ]);
    };
  return {
    async jobs() {
      const { rows } = await pool.query("SELECT * FROM jobs ORDER BY name");
      return rows.map((row) => ({
        name: row.name,
        pipeline: row.pipeline,
        sqlHash: row.sql_hash,
        definition: row.definition,
        desired: row.desired,
        flinkJobId: row.flink_job_id,
        restorePath: row.restore_path,
        plan: row.plan ?? undefined,
        leavesState: row.leaves_state || undefined,
        askedJobId: row.asked_job_id ?? undefined,
      }));
    },
    async saveJob(job) {
      await pool.query(
        `INSERT INTO jobs
           (name, pipeline, sql_hash, definition, desired, flink_job_id, restore_path, plan, leaves_state, asked_job_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (name) DO UPDATE SET sql_hash = $3, definition = $4, desired = $5, flink_job_id = $6,
           restore_path = $7, plan = $8, leaves_state = $9, asked_job_id = $10, updated_at = now()`,
        [
          job.name,
          job.pipeline,
          job.sqlHash,
          job.definition,
          job.desired,
          job.flinkJobId,
          job.restorePath,
          job.plan ?? null,
          job.leavesState ?? false,
          job.askedJobId ?? null,
        ],
      );
    },
    addHistory: historyIn(pool),
    async transaction(work) {
      const client = await connect();
      try {
        await client.query("BEGIN");
        const result = await work({ query: client.query.bind(client), addHistory: historyIn(client) });
        await client.query("COMMIT");
        return result;
      } catch (error) {
        await client.query("ROLLBACK").catch(() => undefined); // a lost connection has rolled back
        throw error;
      } finally {
        client.release();
      }
    },
    async withLease(work, wait, of) {
      const client = await connect();
      // Two numbers never meet one: leases of one subject leave the orchestrator's own alone.
      const [lock, keys] = of === undefined ? ["($1)", [leaseKey]] : ["($1, hashtext($2))", [leaseKey, of]];
      try {
        const call = `${wait ? "pg_advisory_lock" : "pg_try_advisory_lock"}${lock}`;
        const { rows } = await client.query(`SELECT ${call} AS held`, keys);
        if (!wait && !rows[0].held) return undefined;
        try {
          return await work();
        } finally {
          await client.query(`SELECT pg_advisory_unlock${lock}`, keys);
        }
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  };
}

/**
 * The API reads the keys, and nothing else, as role `edge`; it may be made after the table was, or never. Looked for first:
 * Postgres may evaluate both sides of AND, and asking for a privilege of a role that isn't there is an error.
 */
const grantToEdge = `DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'edge') THEN
    RETURN;
  END IF;
  IF NOT (
    has_table_privilege('edge', 'api_keys', 'SELECT') AND EXISTS (
      SELECT FROM pg_database, aclexplode(datacl) AS acl
      WHERE datname = current_database() AND acl.grantee = 'edge'::regrole AND acl.privilege_type = 'CONNECT')
  ) THEN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO edge', current_database());
    GRANT SELECT ON api_keys TO edge;
  END IF;
END $$`;

async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [leaseKey + 1]);
    const postgrator = new Postgrator({
      migrationPattern: fileURLToPath(new URL("migrations/*.sql", import.meta.url)),
      driver: "pg",
      schemaTable: "schema_version",
      execQuery: (query) => client.query(query),
    });
    await postgrator.migrate();
    await client.query(grantToEdge);
  } finally {
    await client.query("SELECT pg_advisory_unlock($1)", [leaseKey + 1]);
    client.release();
  }
}
