// The live counts' state must outlive every pause: read from the plan that Flink makes of the job.
import { describe, expect, it } from "vitest";
import { loadPipelines } from "../../flink-sql/folders.ts";
import { render } from "../../flink-sql/render.ts";
import { jobsOf, tableStatements } from "../../flink-sql/script.ts";
import { withoutSink } from "../../flink-sql/statements.ts";
import { openSession } from "../../orchestrator/engines/gateway.ts";
import { services } from "../support/services.ts";

describe("ads/active", () => {
  it("keeps its counts for ever, and event ids for as long as the pipeline says", async () => {
    const { connection } = await services();
    const pipeline = (await loadPipelines()).find(({ name }) => name === "ads")!;
    const job = jobsOf(pipeline).find(({ name }) => name === "ads/active")!;
    const session = await openSession(connection.addresses.gateway, job.settings);
    try {
      const run = (text: string) => session.execute(render(text, connection.sqlValues));
      for (const { text } of tableStatements(pipeline)) await run(withoutSink(text));
      for (const { text } of job.statements.slice(0, -1)) await run(text);
      const starts = job.statements.at(-1)!.text.replace(/^EXECUTE\s+/, "EXPLAIN ");
      const plan = (await run(starts)).rows
        .flat()
        .join("\n")
        .split(/^== .* ==$/m)[2]!;
      const counts = plan.split("\n").filter((line) => line.includes("GlobalGroupAggregate("));
      expect(counts).toHaveLength(2);
      for (const line of counts) expect(line).toContain("STATE_TTL options:[0 ms]");
      expect(job.settings["table.exec.state.ttl"]).toBe(`${pipeline.deduplicationMs} ms`);
    } finally {
      await session.close();
    }
  });
});
