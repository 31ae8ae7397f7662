// Alerts of a pipeline: the one topic that carries them, the sinks by which jobs raise them, their columns.
import { type Column, toFlinkType } from "./columns.ts";
import type { Pipeline } from "./pipeline.ts";

/** Name of the topic with all alerts of a pipeline, beside the pipeline's own. */
export const alertTopic = "alerts";

/** Column that names the alert: the first of every sink, and a part of its key. */
export const alertColumn = "alert";

/** Every alert with the table by which a job raises it. */
export const alertNames = (pipeline: Pick<Pipeline, "alerts">): { alert: string; sink: string }[] =>
  Object.keys(pipeline.alerts).map((alert) => ({ alert, sink: `${alert}_alert` }));

/** What an alert says, as Flink's columns; empty for one that isn't declared. */
export const alertColumns = (
  pipeline: Pick<Pipeline, "alerts">,
  alert: string,
): Omit<Column, "requiredIn">[] =>
  Object.entries(pipeline.alerts[alert]?.fields.shape ?? {}).map(([name, type]) => ({
    name,
    type: toFlinkType(`${alert}.${name}`, type),
  }));

/** The temporary table `<alert>_alert`: a row whose key came before replaces it. */
export function alertSink(pipeline: Pipeline & { name: string }, alert: string): string {
  const quoted = (name: string) => `\`${name}\``;
  const columns = alertColumns(pipeline, alert).map(({ name, type }) => `${quoted(name)} ${type}`);
  const key = [alertColumn, ...(pipeline.alerts[alert]?.key ?? [])].map(quoted).join(", ");
  const options = [
    "'connector' = 'upsert-kafka'",
    `'topic' = '${pipeline.name}.${alertTopic}'`,
    "'properties.bootstrap.servers' = '${KAFKA}'",
    ...["key", "value"].flatMap((part) => [
      `'${part}.format' = 'json'`,
      `'${part}.json.timestamp-format.standard' = 'ISO-8601'`,
      `'${part}.json.encode.decimal-as-plain-number' = 'true'`,
    ]),
  ];
  return (
    `CREATE TEMPORARY TABLE ${alert}_alert (\n  ${quoted(alertColumn)} STRING,\n  ${columns.join(",\n  ")},\n` +
    `  PRIMARY KEY (${key}) NOT ENFORCED\n) WITH (\n  ${options.join(",\n  ")}\n)`
  );
}

/** What is wrong with a pipeline's alerts and settings, as sentences; empty when all is well. */
export function alertProblems(pipeline: Pipeline, identifier: RegExp): string[] {
  const alerts = Object.entries(pipeline.alerts ?? {}).flatMap(([name, { key, fields }]) => {
    if (!fields?.shape)
      return [`Alert '${name}' has no zod fields: declare it by alert("…", { key, fields })`];
    const known = Object.keys(fields.shape);
    const wrong = [name, ...known].filter((word) => !identifier.test(word));
    const problems = wrong.map(
      (word) => `Alert '${name}': '${word}' is no SQL identifier: use a-z, 0-9 and _, a letter first`,
    );
    if (known.includes(alertColumn))
      problems.push(
        `Field '${name}.${alertColumn}' has the name of a column that every alert has: rename it`,
      );
    if (key.length === 0)
      problems.push(`Alert '${name}' has no key: name the fields that tell one from another`);
    for (const field of key.filter((field) => !known.includes(field)))
      problems.push(`Alert '${name}' lacks '${field}', a part of its key: add the field`);
    try {
      if (problems.length === 0) alertColumns(pipeline, name);
    } catch (error) {
      problems.push((error as Error).message);
    }
    return problems;
  });
  const settings = Object.keys(pipeline.settings ?? {})
    .filter((name) => !/^[A-Z][A-Z0-9_]*$/.test(name))
    .map((name) => `Setting '${name}' can't stand in \${…}: use A-Z, 0-9 and _, a letter first`);
  return [...alerts, ...settings];
}
