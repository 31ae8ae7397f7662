// What forgetting and retention ask of Trino: which columns, which rows, and nothing that an id could break out of.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { PipelineFolder } from "../../../flink-sql/folders.ts";
import { definePipeline, event, type Pipeline, topic } from "../../../flink-sql/pipeline.ts";
import { tokenize } from "../../../flink-sql/statements.ts";
import { isNewDay } from "../../../orchestrator/forget/keep-retained.ts";
import { cutoffOf, expiredRows } from "../../../orchestrator/forget/retain.ts";
import { eraseStatement, personColumns, rowsOf } from "../../../orchestrator/forget/sql.ts";
import { judgedRecords } from "../../../orchestrator/ledger/judge.ts";

const column = (name: string, type: string) => ({ name, type });
const visits = {
  name: "visits",
  columns: [column("user_id", "varchar"), column("event_time", "timestamp(6) with time zone")],
};
const log = { name: "log", columns: [column("record", "varbinary")] };
const quarantine = { name: "quarantine", columns: [column("payload", "varchar")] };

function pipeline(declared: Partial<Pipeline> = {}, fields: z.ZodRawShape = { user_id: z.string() }) {
  return {
    ...definePipeline({
      title: "P",
      topics: { t: topic({ key: Object.keys(fields)[0]!, events: { visit: event("V", fields) } }) },
      ...declared,
    }),
    name: "p",
    path: "p",
    tables: [{ name: "visits", path: "p/tables/visits.sql", text: "" }],
    jobs: [
      {
        name: "landing",
        path: "p/jobs/landing.sql",
        text: "INSERT INTO visits SELECT * FROM t WHERE event_type = 'visit'",
      },
    ],
    reports: [],
  } satisfies PipelineFolder;
}

describe("the columns that name a person", () => {
  test("are user_id, or what the pipeline says", () => {
    expect(personColumns(pipeline())).toEqual(["user_id"]);
    expect(personColumns(pipeline({ person: "member" }, { member: z.string() }))).toEqual(["member"]);
    expect(personColumns(pipeline({ person: ["a", "b"] }, { a: z.string(), b: z.string() }))).toEqual([
      "a",
      "b",
    ]);
  });

  test("are refused with the fields there are", () => {
    expect(() => personColumns(pipeline({}, { member: z.string() }))).toThrow(
      /'p' doesn't say which column names a person.*Add person: "…".*fields: member/,
    );
    expect(() => personColumns(pipeline({ person: "nobody" }))).toThrow(
      /person: 'nobody', which no event has/,
    );
  });
});

describe("a person's rows", () => {
  test("are found by the column's type", () => {
    expect(rowsOf(visits, ["user_id"], "a'b")).toBe(`"user_id" = 'a''b'`);
    const numbers = { name: "n", columns: [column("user_id", "bigint")] };
    expect(rowsOf(numbers, ["user_id"], "9223372036854775807")).toBe(
      `"user_id" = BIGINT '9223372036854775807'`,
    );
    expect(rowsOf(numbers, ["user_id"], "x")).toBe("FALSE");
    expect(rowsOf({ name: "sums", columns: [column("day", "date")] }, ["user_id"], "x")).toBeUndefined();
  });

  test("are never found or changed by an id that is read as SQL", () => {
    const shape = (id: string) =>
      [log, quarantine, visits].map((table) => {
        const condition = rowsOf(table, ["user_id"], id)!;
        const sql = eraseStatement(pipeline(), table.name, condition, { id, salt: "s" });
        return tokenize(sql).map(({ kind, text }) => (kind === "string" ? "'" : text));
      });
    const plain = shape("x");
    const unit = fc.oneof(
      fc.constantFrom("'", '"', ";", "--", "/*", "\\", "\\E", "${", "(", "$"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.string({ unit, minLength: 1, maxLength: 10 }), (id) => {
        expect(shape(id)).toEqual(plain);
      }),
      { numRuns: 50 },
    );
  });

  test("in the log lose their content and keep their place", () => {
    const sql = eraseStatement(pipeline(), "log", "TRUE", { id: "x", salt: "s" });
    expect(sql).toMatch(/^UPDATE lake\."p"\."log" SET record = /);
    expect(eraseStatement(pipeline(), "visits", "TRUE", { id: "x", salt: "s" })).toMatch(/^DELETE FROM/);
  });
});

describe("retention", () => {
  const now = new Date("2026-03-01T23:59:59Z");

  test("is due once a day begins, in UTC", () => {
    expect(isNewDay(new Date("2026-03-01T00:00:00Z"), now)).toBe(false);
    expect(isNewDay(new Date("2026-02-28T23:59:59Z"), now)).toBe(true);
    expect(isNewDay(new Date("2026-03-01T00:30:00+01:00"), now)).toBe(true);
  });

  test("keeps whole days", () => {
    expect(cutoffOf({ days: 1, by: "event_time" }, now)).toBe("2026-02-28");
    const found = expiredRows(
      pipeline({ retention: { visits: { days: 400, by: "event_time" } } }),
      [visits],
      now,
    );
    expect(found).toEqual([
      {
        table: "visits",
        cutoff: "2025-01-25",
        condition: `"event_time" < TIMESTAMP '2025-01-25 00:00:00 UTC'`,
      },
    ]);
  });

  test.each([
    [
      "the log",
      { log: { days: 1, by: "kafka_timestamp" } },
      /no table of the folder. Tables: visits; log and/,
    ],
    ["half a day", { visits: { days: 0.5, by: "event_time" } }, /days: 0.5: give a whole number/],
    ["no such column", { visits: { days: 1, by: "day" } }, /no column 'day'. Columns: user_id, event_time/],
    ["no time", { visits: { days: 1, by: "user_id" } }, /column 'user_id' has type varchar/],
  ])("is refused: %s", (_, retention, message) => {
    expect(() => expiredRows(pipeline({ retention }), [visits], now)).toThrow(message);
  });

  test("is judged by the ledger only from the day that was removed", () => {
    const bounds = [{ topic: "t", partition: 0, low: 0, upTo: 1 }];
    const declared = pipeline({ retention: { visits: { days: 1, by: "event_time" } } });
    expect(judgedRecords(declared, bounds)).not.toContain("TIMESTAMP '");
    expect(judgedRecords({ ...declared, keptSince: { visits: "2026-02-28" } }, bounds)).toContain(
      "'$.event_time')))\n      < TIMESTAMP '2026-02-28 00:00:00 UTC'",
    );
  });
});
