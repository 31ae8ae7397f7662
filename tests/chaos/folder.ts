// The pipeline that chaos changes: a copy in a temporary folder, of which a changed version, one that fails and a job
// more can be written.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const pipelineName = "club";
const original = fileURLToPath(new URL(`../support/pipelines/${pipelineName}`, import.meta.url));

export interface Folder {
  /** To give as SWORDLAKE_PIPELINES. */
  root: string;
  /** Gives the landing job its other sound version. */
  change(): void;
  /** Gives the landing job a version that the planner takes and that fails with the first visit. */
  spoil(): void;
  /** Brings the last sound version back. */
  restore(): void;
  /** Adds a job of its own, with its table. */
  addJob(): void;
}

/** Replaces what must be there: a copy that was changed in vain would test nothing. */
function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`${original} has no '${from}' any more: chaos changes it.`);
  return text.replace(from, to);
}

export function makeFolder(parent: string): Folder {
  const root = join(parent, "pipelines");
  const folder = join(root, pipelineName);
  mkdirSync(root, { recursive: true });
  cpSync(original, folder, { recursive: true });
  const contract = join(folder, "pipeline.ts");
  writeFileSync(
    contract,
    replaced(readFileSync(contract, "utf8"), "  title:", "  freshnessMs: 2000,\n  title:"),
  );
  const landing = join(folder, "jobs/landing.sql");
  const first = readFileSync(landing, "utf8");
  const columns = "event_time, member_id, room,";
  const second = replaced(first, columns, "event_time, member_id, UPPER(room),");
  const failing = replaced(first, columns, "event_time, CAST(CAST(member_id AS INT) AS STRING), room,");
  let sound = first;
  const write = (text: string) => writeFileSync(landing, text);
  return {
    root,
    change() {
      sound = sound === first ? second : first;
      write(sound);
    },
    spoil: () => write(failing),
    restore: () => write(sound),
    addJob() {
      const table = readFileSync(join(folder, "tables/visits.sql"), "utf8");
      writeFileSync(
        join(folder, "tables/arrivals.sql"),
        replaced(table, "TABLE IF NOT EXISTS visits", "TABLE IF NOT EXISTS arrivals"),
      );
      writeFileSync(
        join(folder, "jobs/arrivals.sql"),
        "-- Visits once more, by a job of their own.\nINSERT INTO arrivals\n" +
          "SELECT event_id, event_time, member_id, room, kafka_partition, kafka_offset\nFROM desk\n" +
          "WHERE event_type = 'visit';\n",
      );
    },
  };
}
