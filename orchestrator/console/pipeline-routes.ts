// Routes of one pipeline: what it is made of, and its reports.
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Engines } from "../engines/engines.ts";
import { parseReports } from "../reports/header.ts";
import type { PipelinePage } from "./api.ts";
import type { Folders } from "./folders.ts";
import { lineageOf } from "./lineage.ts";
import { answerReport, chosenReport, csvOf, headOf, versionOf } from "./reports.ts";

export const pipelineParams = z.object({ pipeline: z.string().min(1).max(64) });
const reportParams = pipelineParams.extend({ report: z.string().min(1).max(80) });
const choices = z.record(z.string().max(64), z.string().max(1000));

export function pipelineRoutes(server: FastifyInstance, { lake }: Engines, folders: Folders): void {
  server.get("/api/pipelines/:pipeline", async (request): Promise<PipelinePage> => {
    const pipeline = await folders.named(pipelineParams.parse(request.params).pipeline);
    return {
      name: pipeline.name,
      title: pipeline.title,
      freshnessMs: pipeline.freshnessMs,
      lineage: lineageOf(pipeline),
      reports: parseReports(pipeline.reports).map(headOf),
    };
  });
  server.get("/api/pipelines/:pipeline/reports/:report", async (request, reply) => {
    const { pipeline: name, report } = reportParams.parse(request.params);
    const pipeline = await folders.named(name);
    const chosen = choices.parse(request.query);
    // While no table has a newer snapshot the page keeps what it has, and nothing is computed again.
    const { sql } = chosenReport(pipeline, report, chosen).chosen;
    const tag = `"${await versionOf(lake, sql)}"`;
    reply.header("etag", tag);
    if (request.headers["if-none-match"] === tag) return reply.code(304).send();
    return answerReport(lake, pipeline, report, chosen);
  });
  server.get("/api/pipelines/:pipeline/reports/:report/csv", async (request, reply) => {
    const { pipeline, report } = reportParams.parse(request.params);
    const text = await csvOf(lake, await folders.named(pipeline), report, choices.parse(request.query));
    return reply
      .type("text/csv; charset=utf-8")
      .header("content-disposition", `attachment; filename="${pipeline}-${report}.csv"`)
      .send(text);
  });
}
