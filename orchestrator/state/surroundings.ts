// What a compiled plan doesn't say of its job: options of the tables it reads, and settings that change its meaning.
import type { Job } from "../../flink-sql/script.ts";
import { declaredTable } from "../../flink-sql/tables.ts";
import type { Surroundings } from "./meaning.ts";

/** In the steps of a plan already, or without any say in what a row is. */
const settingsInPlan = [
  "table.exec.state.ttl",
  "table.optimizer.reuse-optimize-block-with-digest-enabled",
  "table.exec.mini-batch.enabled",
  "table.exec.mini-batch.allow-latency",
  "table.exec.mini-batch.size",
];

const set = /^SET\s+'([^']+)'\s*=\s*'((?:[^']|'')*)'/i;

/** Reads them from a job's settings and statements. */
export function surroundingsOf({ settings, statements }: Pick<Job, "settings" | "statements">): Surroundings {
  const sources: Record<string, string> = {};
  const functions: string[] = [];
  const all = { ...settings };
  for (const { text } of statements) {
    const table = /^CREATE\s+(TEMPORARY\s+)?TABLE\b/i.test(text) ? declaredTable(text) : undefined;
    if (table) {
      // The group names the reader in Kafka: what it reads is the same.
      const { "properties.group.id": _reader, ...options } = table.options;
      sources[table.name] = JSON.stringify(Object.entries(options).sort());
    }
    if (/^CREATE\b[^(]*\bFUNCTION\b/i.test(text)) functions.push(text);
    const [, name, value] = set.exec(text) ?? [];
    if (name && value !== undefined) all[name] = value;
  }
  const meaningful = Object.entries(all)
    .filter(([name]) => name.startsWith("table.") && !settingsInPlan.includes(name))
    .sort();
  return { sources, setting: JSON.stringify([meaningful, functions]) };
}
