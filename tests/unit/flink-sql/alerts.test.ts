// Alerts of a contract: their sinks, their columns, and what may be wrong with them.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { alertColumns, alertSink } from "../../../flink-sql/alerts.ts";
import { contractProblems, type PipelineFolder } from "../../../flink-sql/folders.ts";
import { alert, definePipeline, event, id64, topic } from "../../../flink-sql/pipeline.ts";
import { jobsOf } from "../../../flink-sql/script.ts";
import { reconcile } from "../../../orchestrator/deploy/reconcile.ts";

const fields = { ship: id64(), since: z.iso.datetime({ offset: true }), days: z.int32() };
const declare = (alerts: Record<string, ReturnType<typeof alert>>, settings: Record<string, string> = {}) =>
  definePipeline({
    title: "Port",
    topics: { calls: topic({ key: "ship", events: { moored: event("Moors", { ship: id64() }) } }) },
    alerts,
    settings,
  });
const overdue = alert("A ship stays too long", { key: ["ship", "since"], fields });
const folder = (jobs: Record<string, string>, settings = {}): PipelineFolder => ({
  ...declare({ overdue }, settings),
  name: "port",
  path: "port",
  tables: [],
  reports: [],
  jobs: Object.entries(jobs).map(([name, text]) => ({ name, path: `port/jobs/${name}.sql`, text })),
});

describe("an alert's sink", () => {
  it("is keyed by the alert's name and key, in the one topic of the pipeline", () => {
    const ddl = alertSink(folder({}), "overdue");
    expect(ddl).toContain("CREATE TEMPORARY TABLE overdue_alert (\n  `alert` STRING,\n  `ship` BIGINT,");
    expect(ddl).toContain("PRIMARY KEY (`alert`, `ship`, `since`) NOT ENFORCED");
    expect(ddl).toContain("'topic' = 'port.alerts'");
    expect(alertColumns(folder({}), "overdue").map(({ type }) => type)).toEqual([
      "BIGINT",
      "TIMESTAMP_LTZ(3)",
      "INT",
    ]);
  });

  it("is known to the jobs that name it, and changes no other job", () => {
    const raises = "INSERT INTO overdue_alert SELECT 'overdue', ship, event_time, 1 FROM calls";
    const jobs = jobsOf(folder({ raise: raises, land: "INSERT INTO t SELECT ship FROM calls" }));
    const sinks = jobs.map(({ statements }) => statements.filter(({ text }) => /upsert-kafka/.test(text)));
    expect(sinks.map((found) => found.length)).toEqual([0, 1, 0]);
  });

  it("has its topic made", () => {
    const topics = (pipeline: PipelineFolder) =>
      reconcile([pipeline], [], { topics: [], tables: [], jobs: [] }).flatMap((action) =>
        action.kind === "create-topic" ? [action.topic] : [],
      );
    expect(topics(folder({}))).toContain("port.alerts");
    expect(topics({ ...folder({}), alerts: {} })).not.toContain("port.alerts");
  });
});

describe("settings", () => {
  it("stand in the literals of a job, and leave the engine's own names", () => {
    const job =
      "INSERT INTO t SELECT ship FROM calls WHERE CAST('${DAYS_MAX}' AS INT) > 1 AND '${KAFKA}' = ''";
    const [, landing] = jobsOf(folder({ land: job }, { DAYS_MAX: "3" }));
    expect(landing!.statements.at(-1)!.text).toContain("CAST('3' AS INT) > 1 AND '${KAFKA}' = ''");
  });
});

describe("mistakes", () => {
  const problems = (alerts: Record<string, ReturnType<typeof alert>>, settings = {}) =>
    contractProblems("port", declare(alerts, settings));

  it("are named, all at once", () => {
    expect(problems({ overdue })).toEqual([]);
    const wrong = {
      Late: alert("…", { key: [], fields }),
      gone: alert("…", { key: ["harbour"], fields: { alert: z.string() } }),
      odd: alert("…", { key: ["at"], fields: { at: z.object({}) } }),
    };
    expect(problems(wrong, { daysMax: "3" })).toEqual([
      "Alert 'Late': 'Late' is no SQL identifier: use a-z, 0-9 and _, a letter first",
      "Alert 'Late' has no key: name the fields that tell one from another",
      "Field 'gone.alert' has the name of a column that every alert has: rename it",
      "Alert 'gone' lacks 'harbour', a part of its key: add the field",
      expect.stringContaining("Field 'odd.at' is a zod 'object', which has no column type"),
      "Setting 'daysMax' can't stand in ${…}: use A-Z, 0-9 and _, a letter first",
    ]);
  });
});
