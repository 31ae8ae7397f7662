import { describe, expect, it } from "vitest";
import { z } from "zod";
import { loadPipelines, type PipelineFolder } from "../../../flink-sql/folders.ts";
import { definePipeline, event, topic } from "../../../flink-sql/pipeline.ts";
import { render } from "../../../flink-sql/render.ts";
import { catalogStatements, jobsOf, tableStatements } from "../../../flink-sql/script.ts";
import { insertsOf } from "../../../flink-sql/statements.ts";

const [game] = (await loadPipelines()).filter((pipeline) => pipeline.name === "game");
if (!game) throw new Error("the pipeline 'game' is gone");
const values = {
  KAFKA: "kafka:1",
  CATALOG_JDBC: "jdbc:postgresql://p/c",
  WAREHOUSE: "s3://l/w",
  S3_ENDPOINT: "http://s:1",
};

/** A pipeline with two topics and the given SQL files. */
const clicks = topic({ key: "u", events: { clicked: event("C", { u: z.string() }) } });
const logins = topic({ key: "u", events: { logged_in: event("L", { u: z.string() }) } });
const web = (jobs: Record<string, string>, tables: Record<string, string> = {}): PipelineFolder => {
  const files = (kind: string, texts: Record<string, string>) =>
    Object.entries(texts).map(([name, text]) => ({ name, path: `/web/${kind}/${name}.sql`, text }));
  return {
    ...definePipeline({ title: "Web", topics: { clicks, logins }, freshnessMs: 500, parallelism: 3 }),
    name: "web",
    path: "/web",
    tables: files("tables", tables),
    jobs: files("jobs", jobs),
    reports: [],
  };
};

describe("jobsOf", () => {
  const jobs = jobsOf(game);

  it("gives the game its log job and its landing job", () => {
    expect(jobs.map((job) => job.name)).toEqual(["game/log", "game/landing"]);
    expect(jobs.map((job) => job.groups)).toEqual([
      { events: ["game/log.raw", "game/log.records"] },
      { events: ["game/landing"] },
    ]);
  });

  it("sets name, parallelism, checkpoints and memory of each", () => {
    for (const job of jobsOf(web({ a: "INSERT INTO x SELECT u FROM clicks" })))
      expect(job.settings).toMatchObject({
        "pipeline.name": job.name,
        "parallelism.default": "3",
        "execution.checkpointing.interval": "500 ms",
        "table.exec.state.ttl": "86400000 ms",
      });
  });

  it("ends each with the one statement that starts it, and says where each statement is from", () => {
    for (const job of jobs) {
      const last = job.statements.at(-1);
      expect(insertsOf(`${last?.text}`).length).toBeGreaterThan(0);
      for (const { text } of job.statements.slice(0, -1)) expect(text).toMatch(/^CREATE TEMPORARY /);
    }
    expect(jobs[1]?.statements.at(-1)?.source).toBe(`${game.path}/jobs/landing.sql:2`);
  });

  it("takes the game's events: each into one table, but those the job says it filters", () => {
    const inserts = insertsOf(`${jobs[1]?.statements.at(-1)?.text}`);
    const taken = inserts.flatMap((insert) => insert.literals).sort();
    const declared = Object.keys(game.topics.events?.events ?? {});
    expect(taken).toEqual(declared.filter((type) => type !== "default").sort());
    const tables = game.tables.map((table) => table.name).sort();
    expect(inserts.map((insert) => insert.table).sort()).toEqual(tables);
  });

  it("needs no value beside those of every pipeline, and no secret", () => {
    for (const job of jobs)
      for (const { text } of [...tableStatements(game), ...job.statements])
        expect(render(text, values)).not.toContain("${");
  });

  it("names as groups the topics that a job reads, not those it only speaks of", () => {
    const groups = (sql: string) => jobsOf(web({ a: sql }))[1]?.groups;
    const both = { clicks: ["web/a"], logins: ["web/a"] };
    expect(groups("INSERT INTO x SELECT u FROM clicks")).toEqual({ clicks: ["web/a"] });
    expect(groups("INSERT INTO x SELECT u FROM `logins`")).toEqual({ logins: ["web/a"] });
    expect(groups("INSERT INTO x SELECT u FROM clicks_records UNION ALL SELECT u FROM logins")).toEqual(both);
    expect(groups("-- not logins\nINSERT INTO x SELECT 'logins' FROM clicks /* logins */")).toEqual({
      clicks: ["web/a"],
    });
  });

  it("names file and line of SQL that can't be cut", () => {
    expect(() => jobsOf(web({ a: "INSERT INTO x\nSELECT 'u FROM clicks;" }))).toThrow(
      "/web/jobs/a.sql:2: a ' is opened and never closed",
    );
    expect(() => tableStatements(web({}, { t: "\n\nCREATE /* TABLE t;" }))).toThrow(
      "/web/tables/t.sql:3: a comment is opened by /* and never closed",
    );
  });
});

describe("tableStatements", () => {
  it("makes the engine's three tables, then the folder's own", () => {
    const statements = tableStatements(
      web({}, { t: "-- One row.\nCREATE TABLE t (a INT);\nCREATE TABLE u (a INT);" }),
    );
    expect(statements.map(({ text, source }) => [text.split(" (")[0], source])).toEqual([
      ["CREATE TABLE IF NOT EXISTS log", "the engine's own tables"],
      ["CREATE TABLE IF NOT EXISTS quarantine", "the engine's own tables"],
      ["CREATE TABLE IF NOT EXISTS filtered", "the engine's own tables"],
      ["CREATE TABLE t", "/web/tables/t.sql:2"],
      ["CREATE TABLE u", "/web/tables/t.sql:3"],
    ]);
  });
});

describe("catalogStatements", () => {
  it.each(["minio", "hdfs"] as const)("hold no secret and no address, with %s", (store) => {
    const text = catalogStatements("web", store)
      .map((statement) => statement.text)
      .join(";\n");
    expect(text).not.toMatch(/password|secret|access[-_.]key(?!.*path-style)/i);
    expect(text).not.toMatch(/:\/\//);
    expect(text).toContain("'warehouse' = '${WAREHOUSE}'");
    expect(text.includes("s3.endpoint")).toBe(store === "minio");
    expect(render(text, values)).toContain("CREATE DATABASE IF NOT EXISTS web;\nUSE web");
  });
});
