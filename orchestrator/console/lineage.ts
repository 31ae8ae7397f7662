// Where a pipeline's data comes from and goes to: topic, job, table or alert, report. Read from the folder. Pure.
import { alertNames } from "../../flink-sql/alerts.ts";
import { kafkaTopic, type PipelineFolder } from "../../flink-sql/folders.ts";
import { logJob, quarantineTopic } from "../../flink-sql/log.ts";
import { jobsOf } from "../../flink-sql/script.ts";
import { insertsOf } from "../../flink-sql/statements.ts";
import { tablesOf as tablesRead } from "../reports/as-of.ts";
import { parseReports } from "../reports/header.ts";
import type { Lineage, LineageNode, NodeKind } from "./api.ts";

const id = (kind: NodeKind, name: string) => `${kind}:${name}`;

/** First line of a file's comment, which says what it is. */
const sentenceOf = (sql: string) => /^--\s*(.+)$/m.exec(sql.split("\n", 1)[0] ?? "")?.[1]?.trim() ?? "";

/** Throws where a report's header is wrong. */
export function lineageOf(pipeline: PipelineFolder): Lineage {
  const node = (kind: NodeKind, name: string, title: string): LineageNode => ({
    id: id(kind, name),
    kind,
    name,
    title,
  });
  const sinks = new Map(alertNames(pipeline).map(({ alert, sink }) => [sink, alert]));
  const engine = { log: "Every record as it came", quarantine: "What was refused, with its reason" };
  const reports = parseReports(pipeline.reports);
  const topics = [
    ...Object.entries(pipeline.topics).map(([name, { events }]) =>
      node("topic", kafkaTopic(pipeline.name, name), `Events ${Object.keys(events).join(", ")}`),
    ),
    node("topic", kafkaTopic(pipeline.name, quarantineTopic), "What the API refused"),
  ];
  const jobs = jobsOf(pipeline).map(({ name }) => {
    const file = pipeline.jobs.find((job) => `${pipeline.name}/${job.name}` === name);
    return node("job", name, file ? sentenceOf(file.text) : "The engine's own: every record, every refusal");
  });
  const tables = [
    ...Object.entries(engine).map(([name, title]) => node("table", name, title)),
    ...pipeline.tables.map(({ name, text }) => node("table", name, sentenceOf(text))),
  ];
  const alerts = Object.entries(pipeline.alerts).map(([name, { description }]) =>
    node("alert", name, description),
  );
  const shown = reports.map(({ name, title }) => node("report", name, title));
  const edges: [string, string][] = [];
  for (const job of jobsOf(pipeline)) {
    const isLog = job.name === `${pipeline.name}/${logJob}`;
    for (const topic of Object.keys(job.groups))
      edges.push([id("topic", kafkaTopic(pipeline.name, topic)), id("job", job.name)]);
    if (isLog) {
      edges.push([id("topic", kafkaTopic(pipeline.name, quarantineTopic)), id("job", job.name)]);
      for (const table of Object.keys(engine)) edges.push([id("job", job.name), id("table", table)]);
    }
    const file = pipeline.jobs.find(({ name }) => `${pipeline.name}/${name}` === job.name);
    const written = [...new Set(file ? insertsOf(file.text).map(({ table }) => table) : [])];
    for (const table of written) {
      const alert = sinks.get(table);
      edges.push([id("job", job.name), alert ? id("alert", alert) : id("table", table)]);
    }
  }
  for (const report of reports)
    for (const table of tablesRead(report.sql)) {
      const [, schema, name = ""] = table.split(".");
      if (schema === pipeline.name) edges.push([id("table", name), id("report", report.name)]);
    }
  const nodes = [...topics, ...jobs, ...tables, ...alerts, ...shown];
  const known = new Set(nodes.map((one) => one.id));
  return { nodes, edges: edges.filter(([from, to]) => known.has(from) && known.has(to)) };
}
