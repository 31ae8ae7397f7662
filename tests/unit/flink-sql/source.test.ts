import { describe, expect, it } from "vitest";
import { z } from "zod";
import { envelopeColumns } from "../../../flink-sql/columns.ts";
import type { PipelineFolder } from "../../../flink-sql/folders.ts";
import { logStatements, logTable, quarantineTable } from "../../../flink-sql/log.ts";
import { decimal, definePipeline, event, id64, topic } from "../../../flink-sql/pipeline.ts";
import { eventsView, problemExpression, rawTable, recordsTable } from "../../../flink-sql/source.ts";
import { splitStatements } from "../../../flink-sql/statements.ts";

const bank = topic({
  key: "account",
  events: {
    paid: event("Money goes", { account: z.string(), amount: decimal(10, 2), note: z.string().optional() }),
    opened: event("An account", {
      account: z.string(),
      limit: decimal(12, 2).optional(),
      owner: id64(),
      vip: z.boolean().default(false),
    }),
  },
});
const logins = topic({ key: "account", events: { login: event("A login", { account: z.string() }) } });
const pipeline: PipelineFolder = {
  ...definePipeline({ title: "Bank", topics: { money: bank, logins } }),
  name: "bank",
  path: "/bank",
  tables: [],
  jobs: [],
  reports: [],
};
const lines = (sql: string) => sql.split("\n").map((line) => line.trim().replace(/,$/, ""));

describe("recordsTable", () => {
  const sql = recordsTable(pipeline, "money", bank, "bank/landing");

  it("has the envelope, every field once, and a record's place in Kafka", () => {
    const columns = lines(sql).slice(1, lines(sql).indexOf(") WITH ("));
    expect(columns).toEqual([
      ...envelopeColumns.map(({ name, type }) => `${name} ${type}`),
      "`account` STRING",
      "`amount` DECIMAL(10, 2)",
      "`note` STRING",
      "`limit` STRING", // optional: read as text, so that a wrong type is told from an absent value
      "`owner` BIGINT",
      "`vip` BOOLEAN",
      "kafka_partition INT NOT NULL METADATA FROM 'partition' VIRTUAL",
      "kafka_offset BIGINT NOT NULL METADATA FROM 'offset' VIRTUAL",
      "kafka_timestamp TIMESTAMP_LTZ(3) NOT NULL METADATA FROM 'timestamp' VIRTUAL",
      "arrived AS PROCTIME()",
    ]);
  });

  it("reads its topic from the start, as its own group, without stopping at a bad record", () => {
    expect(lines(sql)).toEqual(
      expect.arrayContaining([
        "CREATE TEMPORARY TABLE money_records (",
        "'topic' = 'bank.money'",
        "'properties.bootstrap.servers' = '${KAFKA}'",
        "'properties.group.id' = 'bank/landing'",
        "'scan.startup.mode' = 'earliest-offset'",
        "'json.ignore-parse-errors' = 'true'",
      ]),
    );
  });
});

describe("problemExpression", () => {
  it("names each envelope field, each required field in its events, and each wrong type", () => {
    expect(lines(problemExpression(bank))).toEqual([
      "CASE",
      "WHEN event_id IS NULL THEN 'event_id'",
      "WHEN event_type IS NULL THEN 'event_type'",
      "WHEN event_time IS NULL THEN 'event_time'",
      "WHEN received_at IS NULL THEN 'received_at'",
      "WHEN event_type NOT IN ('paid', 'opened') THEN 'event_type'",
      "WHEN `account` IS NULL THEN 'account'",
      "WHEN event_type IN ('paid') AND `amount` IS NULL THEN 'amount'",
      "WHEN `limit` IS NOT NULL AND TRY_CAST(`limit` AS DECIMAL(12, 2)) IS NULL THEN 'limit'",
      "WHEN event_type IN ('opened') AND `owner` IS NULL THEN 'owner'",
      "WHEN event_type IN ('opened') AND `vip` IS NULL THEN 'vip'",
      "END",
    ]);
  });
});

describe("eventsView", () => {
  const sql = eventsView("money", bank);

  it("gives valid events, each event_id once, in the types declared", () => {
    expect(lines(sql)[0]).toBe("CREATE TEMPORARY VIEW money AS");
    expect(lines(sql)[2]).toBe(
      "event_id, event_type, event_time, received_at, host, user_agent, accept, " +
        "`account`, `amount`, `note`, TRY_CAST(`limit` AS DECIMAL(12, 2)) AS `limit`, `owner`, `vip`, " +
        "kafka_partition, kafka_offset",
    );
    expect(sql).toContain("ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY arrived) AS copy");
    expect(sql).toContain(`FROM money_records\n  WHERE ${problemExpression(bank)} IS NULL`);
    expect(sql.endsWith("WHERE copy = 1")).toBe(true);
  });
});

describe("the log job", () => {
  const statements = logStatements(pipeline, "bank/log");
  const set = `${statements.at(-1)}`;

  it("reads each topic as bytes and as records, each as a group of its own", () => {
    expect(statements.slice(0, -1)).toEqual([
      rawTable(pipeline, "money", "bank/log.raw"),
      recordsTable(pipeline, "money", bank, "bank/log.records"),
      rawTable(pipeline, "logins", "bank/log.raw"),
      recordsTable(pipeline, "logins", logins, "bank/log.records"),
      rawTable(pipeline, "quarantine", "bank/log.quarantine"),
    ]);
    expect(lines(`${statements[0]}`)).toEqual(expect.arrayContaining(["record BYTES", "'format' = 'raw'"]));
  });

  it("puts every record of every topic into the log, unchanged", () => {
    for (const name of ["money", "logins"])
      expect(set).toContain(
        `SELECT '${name}', kafka_partition, kafka_offset, kafka_timestamp, record\nFROM ${name}_raw`,
      );
    expect(set.match(/INSERT INTO \w+/g)).toEqual(["INSERT INTO log", "INSERT INTO quarantine"]);
  });

  it("puts what is no JSON, and what is no event, of every topic into the quarantine", () => {
    const quarantine = set.slice(set.indexOf("INSERT INTO quarantine"));
    for (const [name, declared] of Object.entries(pipeline.topics)) {
      expect(quarantine).toContain(
        `FROM ${name}_raw\nWHERE record IS NULL OR DECODE(record, 'UTF-8') IS NOT JSON OBJECT`,
      );
      expect(quarantine).toContain(`${problemExpression(declared)} AS field_path FROM ${name}_records`);
    }
    expect(quarantine.match(/UNION ALL/g)).toHaveLength(4);
    expect(quarantine).toContain("FROM quarantine_raw");
  });

  it("is one statement, also for those who cut text into statements", () => {
    expect(splitStatements(`${set};`).map((statement) => statement.text)).toEqual([set]);
  });

  it("changes with the contract only", () => {
    const other = { ...pipeline, jobs: [{ name: "x", path: "/x.sql", text: "SELECT 1" }], title: "Other" };
    expect(logStatements(other, "bank/log")).toEqual(statements);
  });

  it("writes tables that keep a record's place", () => {
    for (const table of [logTable, quarantineTable])
      for (const column of ["topic", "kafka_partition", "kafka_offset", "kafka_timestamp"])
        expect(table).toMatch(new RegExp(`^  ${column} `, "m"));
  });
});
