// SQL from the console's page: only what reads is passed on to Trino.
import { describe, expect, it } from "vitest";
import { readOnly } from "../../../orchestrator/console/read-only.ts";

const passed = (sql: string) => readOnly(sql);
const refused = (sql: string) =>
  "problem" in readOnly(sql) ? (readOnly(sql) as { problem: string }).problem : "passed";

describe("read-only SQL", () => {
  it.each([
    "SELECT 1",
    "select ';' AS x -- ; DROP TABLE t",
    "/* first */ WITH a AS (SELECT 1) SELECT * FROM a",
    "(SELECT 1) UNION (SELECT 2)",
    "VALUES 1, 2",
    "TABLE lake.s.t",
    "SHOW TABLES FROM lake.s",
    "DESCRIBE lake.s.t",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE VERBOSE SELECT 1",
    "EXPLAIN (TYPE DISTRIBUTED, FORMAT JSON) SELECT 1",
    "EXPLAIN (SELECT 1)",
  ])("passes %s", (sql) => {
    expect(passed(sql)).toEqual({ sql });
  });

  it("takes a last ; away, and what is behind it", () => {
    expect(passed("SELECT 1 ; -- done")).toEqual({ sql: "SELECT 1" });
  });

  it.each([
    "DELETE FROM lake.s.t",
    "delete from lake.s.t",
    "/* SELECT */ INSERT INTO t SELECT 1",
    "-- SELECT\nDROP TABLE t",
    "EXPLAIN ANALYZE DELETE FROM t",
    "EXPLAIN ANALYZE VERBOSE INSERT INTO t SELECT 1",
    "EXPLAIN (TYPE VALIDATE) DELETE FROM t",
    "CALL system.sync_partition_metadata('a', 'b', 'FULL')",
    "ALTER TABLE t EXECUTE optimize",
    "SET SESSION x = 1",
    "USE lake.s",
    "EXECUTE IMMEDIATE 'DROP TABLE t'",
    "PREPARE p FROM DELETE FROM t",
    "START TRANSACTION",
    "GRANT SELECT ON t TO u",
    '"SELECT" 1',
  ])("refuses %s", (sql) => {
    expect(refused(sql)).toMatch(/changes something or is unknown/);
  });

  it("refuses a second statement, nothing at all, and quotes that never close", () => {
    expect(refused("SELECT 1; DROP TABLE t")).toMatch(/'DROP' begins a second statement/);
    for (const sql of ["", "  ", ";", "-- nothing"]) expect(refused(sql)).toMatch(/There is no statement/);
    expect(refused("SELECT 'a")).toMatch(/never closed/);
  });
});
