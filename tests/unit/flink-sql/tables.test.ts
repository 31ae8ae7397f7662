// What is read from a CREATE TABLE: columns with types, key, partitions, options.
import { describe, expect, it } from "vitest";
import { declaredTable, holdsEvents, keepsLatest } from "../../../flink-sql/tables.ts";

const full = `-- One row per item; not (this).
CREATE TABLE IF NOT EXISTS lake.shelf.\`items\` (
  event_id STRING NOT NULL, -- kafka_offset is no column here
  price DECIMAL(12, 2) COMMENT 'a, (b)',
  at TIMESTAMP_LTZ( 6 ),
  tags MAP<STRING, INT>,
  \`primary\` INT,
  CONSTRAINT pk PRIMARY KEY (event_id, \`at\`) NOT ENFORCED
) COMMENT 'WITH' PARTITIONED BY (at, price) WITH ('write.upsert.enabled' = 'TRUE', 'it''s' = 'x=y');`;

describe("a declared table", () => {
  it("has its name, columns, key, partitions and options", () => {
    expect(declaredTable(full)).toEqual({
      name: "items",
      columns: [
        { name: "event_id", type: "STRING" },
        { name: "price", type: "DECIMAL(12, 2)" },
        { name: "at", type: "TIMESTAMP_LTZ(6)" },
        { name: "tags", type: "MAP<STRING, INT>" },
        { name: "primary", type: "INT" },
      ],
      key: ["event_id", "at"],
      partitionedBy: ["at", "price"],
      options: { "write.upsert.enabled": "TRUE", "it's": "x=y" },
    });
  });

  it.each([
    ["SELECT 1", undefined],
    ["CREATE TABLE t", undefined],
    ["", undefined],
    ["CREATE TABLE t (a INT PRIMARY KEY NOT ENFORCED)", ["a"]],
    ["CREATE TABLE t (a INT, PRIMARY KEY (a) NOT ENFORCED)", ["a"]],
    ["CREATE TABLE t (a INT) WITH ('PRIMARY' = 'KEY (a)')", []],
  ])("%s has the key %j", (sql, key) => {
    expect(declaredTable(sql)?.key).toEqual(key);
  });

  it("keeps the latest row of a key where it has one and upserts", () => {
    expect(keepsLatest(declaredTable(full)!)).toBe(true);
    expect(keepsLatest(declaredTable(full.replace("TRUE", "false"))!)).toBe(false);
    expect(keepsLatest(declaredTable("CREATE TABLE t (a INT) WITH ('write.upsert.enabled'='true')")!)).toBe(
      false,
    );
  });

  it("holds events where each row has the place of its record", () => {
    expect(holdsEvents(declaredTable(full)!)).toBe(false);
    expect(holdsEvents(declaredTable("CREATE TABLE t (kafka_partition INT, `kafka_offset` BIGINT)")!)).toBe(
      true,
    );
  });
});
