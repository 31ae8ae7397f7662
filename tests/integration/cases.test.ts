// Every case of every pipeline, through the same job files on real Flink.
import { describe, expect, it } from "vitest";
import { loadCases } from "../../flink-sql/cases.ts";
import { loadPipelines } from "../../flink-sql/folders.ts";
import { runCase } from "../../orchestrator/cases.ts";
import { services } from "../support/services.ts";

const all = (await loadPipelines()).flatMap((pipeline) =>
  loadCases(pipeline).map((one) => ({ pipeline, one })),
);

describe("cases", () => {
  it.each(
    all.map(({ pipeline, one }) => [`${pipeline.name}/${one.name}`, pipeline, one] as const),
  )("%s", async (_name, pipeline, one) => {
    expect(await runCase((await services()).connection, pipeline, one)).toEqual([]);
  });

  it("tell row and column where a table differs", async () => {
    const { pipeline, one } = all.find(
      ({ pipeline, one }) => pipeline.name === "game" && Object.keys(one.expect).length > 0,
    )!;
    const [table] = Object.entries(one.expect).find(([, rows]) => rows.length > 0)!;
    const wrong = { ...one, expect: { [table]: [{ user_id: "nobody" }] } };
    const told = await runCase((await services()).connection, pipeline, wrong);
    expect(told[0]).toMatch(new RegExp(`^${table} row 0, column user_id: expected "nobody", found "`));
  });
});
