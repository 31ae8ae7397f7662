// Routes of one pipeline: what it is made of, and its reports.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Engines } from "../engines/engines.ts";
import { parseReports } from "../reports/header.ts";
import { pagePolicy } from "../reports/page.ts";
import { pageDays, pagesFolder } from "../reports/scheduled.ts";
import type { PipelinePage } from "./api.ts";
import { errors } from "./errors.ts";
import type { Folders } from "./folders.ts";
import { lineageOf } from "./lineage.ts";
import { answerReport, chosenReport, csvOf, headOf, versionOf } from "./reports.ts";

export const pipelineParams = z.object({ pipeline: z.string().min(1).max(64) });
const reportParams = pipelineParams.extend({ report: z.string().min(1).max(80) });
const pageParams = pipelineParams.extend({ day: z.iso.date() });
const choices = z.record(z.string().max(64), z.string().max(1000));

export function pipelineRoutes(server: FastifyInstance, { config, lake }: Engines, folders: Folders): void {
  server.get("/api/pipelines/:pipeline", async (request): Promise<PipelinePage> => {
    const pipeline = await folders.named(pipelineParams.parse(request.params).pipeline);
    return {
      name: pipeline.name,
      title: pipeline.title,
      freshnessMs: pipeline.freshnessMs,
      lineage: lineageOf(pipeline),
      reports: parseReports(pipeline.reports).map(headOf),
      pages: pageDays(pagesFolder(config, pipeline.name)),
    };
  });
  server.get("/api/pipelines/:pipeline/pages/:day", async (request, reply) => {
    const { pipeline, day } = pageParams.parse(request.params);
    const { name } = await folders.named(pipeline);
    const folder = pagesFolder(config, name);
    if (!pageDays(folder).includes(day))
      throw errors.NotFound(
        `Of ${day} there is no page of '${name}': its schedule writes none, or it has gone.`,
      );
    // The page has a style sheet of its own, which its policy admits by its hash.
    reply.header("content-security-policy", `${pagePolicy}; frame-ancestors 'none'`);
    return reply.type("text/html; charset=utf-8").send(await readFile(join(folder, `${day}.html`)));
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
