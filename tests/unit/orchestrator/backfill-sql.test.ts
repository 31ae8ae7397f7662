// What a batch asks of the engines: which tables it fills, how staged rows move, and that a second time adds nothing.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { PipelineFolder } from "../../../flink-sql/folders.ts";
import { definePipeline, event, topic } from "../../../flink-sql/pipeline.ts";
import { dayOf } from "../../../orchestrator/backfill/rows.ts";
import { moves, quarantineMove } from "../../../orchestrator/backfill/sql.ts";
import { filledTables, stagingTable } from "../../../orchestrator/staging/tables.ts";

const sku = z.string();
const place = "event_id STRING, event_time TIMESTAMP_LTZ(6), kafka_partition INT, kafka_offset BIGINT";
const table = (name: string, columns: string) => ({
  name,
  path: `/p/${name}.sql`,
  text: `CREATE TABLE ${name} ${columns}`,
});

const shelf: PipelineFolder = {
  ...definePipeline({
    title: "Shelf",
    topics: { items: topic({ key: "sku", events: { item: event("i", { sku }) } }) },
  }),
  name: "shelf",
  path: "/p",
  tables: [
    table("every", `(${place}, sku STRING) PARTITIONED BY (sku)`),
    table(
      "latest",
      `(${place}, sku STRING, PRIMARY KEY (sku) NOT ENFORCED) WITH ('write.upsert.enabled'='true')`,
    ),
    table("counts", "(sku STRING, n BIGINT)"),
  ],
  jobs: [],
  reports: [],
};

describe("a batch", () => {
  it("fills tables of events, and leaves counts to their own jobs", () => {
    expect(filledTables(shelf).map(({ name }) => name)).toEqual(["every", "latest"]);
  });

  it("stages without a key where rows are only added, so that no row costs a delete", () => {
    const [, latest] = filledTables(shelf);
    expect(stagingTable(latest!, false)).not.toMatch(/PRIMARY KEY|upsert/);
    expect(stagingTable(latest!, true)).toMatch(
      /PRIMARY KEY \(`sku`\) NOT ENFORCED\) WITH .*'write.upsert.enabled' = 'true'/,
    );
  });

  it("adds rows whose event_id isn't there, without a place", () => {
    const [, every] = moves(shelf);
    expect(every!.move).toBe(
      "INSERT INTO lake.shelf.every (event_id, event_time, kafka_partition, kafka_offset, sku) " +
        "SELECT s.event_id, s.event_time, NULL, NULL, s.sku FROM lake.shelf__backfill.every AS s " +
        "WHERE NOT EXISTS (SELECT 1 FROM lake.shelf.every AS t WHERE t.event_id = s.event_id)",
    );
  });

  it("takes the last row of a key, unless the lake's is of a later time", () => {
    const [latest] = moves(shelf);
    expect(latest!.move).toContain("PARTITION BY sku ORDER BY kafka_offset DESC");
    expect(latest!.move).toContain(
      "WHEN MATCHED AND NOT s.is_known AND t.event_id <> s.event_id AND s.event_time >= t.event_time THEN UPDATE SET event_id = s.event_id",
    );
    expect(latest!.move).not.toContain("sku = s.sku,");
    expect(latest!.clean).toBeUndefined();
  });

  it("weighs an event once: what a table that only grows has is known, and such tables are filled last", () => {
    const [latest, every] = moves(shelf);
    expect([latest!.table, every!.table]).toEqual(["latest", "every"]);
    expect(latest!.move).toContain(
      "EXISTS (SELECT 1 FROM lake.shelf.every AS a WHERE a.event_id = r.event_id) AS is_known",
    );
  });

  it("keeps a line of a file once in the quarantine", () => {
    expect(quarantineMove("shelf")).toMatch(
      /NOT EXISTS .*t\.source_file = s\.source_file AND t\.source_line = s\.source_line/,
    );
  });

  it.each([
    [{ batchDate: "day" }, { day: "2026-02-03" }, "2026-05-05T00:00:00.000Z", "2026-02-03"],
    [{ batchDate: "at" }, { at: "2026-02-03T23:30:00-02:00" }, undefined, "2026-02-04"],
    [{ batchDate: "day" }, {}, "2026-05-05T23:59:59.999Z", "2026-05-05"],
    [{}, { day: "2026-02-03" }, undefined, undefined],
    [{ batchDate: "day" }, { day: "soon" }, undefined, undefined],
  ])("%j: the day of %j at %s is %s", (pipeline, fields, at, day) => {
    expect(dayOf(pipeline, fields, at)).toBe(day);
  });
});
